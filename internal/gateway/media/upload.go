package media

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
)

const (
	// answerTime is how long the upstream may take for what has arrived of an upload.
	answerTime = time.Minute
	// maxResumed bounds one part of an upload in several, in bytes.
	maxResumed = 100 << 20
)

// Upload stores a file of the business's at the upstream: the request's multipart/form-data is
// passed on as it arrives.
func (m *Media) Upload(w http.ResponseWriter, r *http.Request, c *served.Channel) error {
	return m.upload(w, r, c, func(ctx context.Context, upstream network.MediaUpstream) (*network.Answer, error) {
		parts, err := r.MultipartReader()
		if err != nil {
			return nil, network.Refuse(network.Malformed,
				"The body must be multipart/form-data with messaging_product, type and file.")
		}
		return upstream.Upload(ctx, network.Upload{Query: r.URL.Query(), Next: func() (network.Part, error) {
			part, err := parts.NextRawPart()
			if errors.Is(err, io.EOF) {
				return network.Part{}, io.EOF
			}
			if err != nil {
				return network.Part{}, unreadable(err)
			}
			return network.Part{
				Name: part.FormName(), Filename: part.FileName(), ContentType: part.Header.Get("Content-Type"),
				Content: readable{part},
			}, nil
		}})
	})
}

// Resume passes on a part of an upload that was begun before under the session's name. The body is
// the file's bytes.
func (m *Media) Resume(w http.ResponseWriter, r *http.Request, c *served.Channel, session string) error {
	return m.upload(w, r, c, func(ctx context.Context, upstream network.MediaUpstream) (*network.Answer, error) {
		part := network.ResumedUpload{Session: session}
		if r.Method == http.MethodPost {
			if r.ContentLength > maxResumed {
				return nil, tooLarge()
			}
			part.Offset, part.Length = offset(r.Header), r.ContentLength
			part.Content = readable{http.MaxBytesReader(w, r.Body, maxResumed)}
		}
		return upstream.Resume(ctx, part)
	})
}

// offset is where the bytes of a part begin.
func offset(header http.Header) string {
	text := header.Get("file_offset") // sent as file_offset, which the server makes File_offset
	for _, r := range text {
		if r < '0' || r > '9' {
			return "0"
		}
	}
	if text == "" || len(text) > 18 {
		return "0"
	}
	return text
}

// upload runs an upload, and answers with the upstream's answer.
func (m *Media) upload(
	w http.ResponseWriter, r *http.Request, c *served.Channel,
	pass func(context.Context, network.MediaUpstream) (*network.Answer, error),
) error {
	upstream, ok := c.Upstream.(network.MediaUpstream)
	if !ok {
		return network.Refuse(network.NoMedia, "")
	}
	var answer *network.Answer
	err := m.carry(w, r, &pacedReader{ReadCloser: r.Body}, func(ctx context.Context) (err error) {
		answer, err = pass(ctx, upstream)
		return err
	})
	if err != nil {
		return err
	}
	answer.Write(w)
	return nil
}

// carry runs what reads a request's body and passes it on, in its place and at its pace.
func (m *Media) carry(
	w http.ResponseWriter, r *http.Request, body *pacedReader, pass func(context.Context) error,
) error {
	done, err := m.take()
	if err != nil {
		w.Header().Set("Connection", "close") // the file is not waited for
		return err
	}
	defer done()
	// The server ends the request's own context when a read fails, which would hide why.
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	defer cancel(nil)
	stalled := time.AfterFunc(answerTime, func() { cancel(errStalled()) })
	defer stalled.Stop()
	connection := http.NewResponseController(w)
	body.pace.until = func(at time.Time) {
		_ = connection.SetReadDeadline(at) // where that is not possible, the server's time-out holds
		if stalled.Stop(); at.IsZero() {   // from now on the upstream is waited for
			stalled.Reset(answerTime)
		}
	}
	r.Body = body
	err = pass(ctx)
	over := time.Now().Add(answerTime)
	_ = connection.SetReadDeadline(over)
	_ = connection.SetWriteDeadline(over)
	m.metrics.TransferredBytes.WithLabelValues(telemetry.DirectionUp).Add(float64(body.pace.moved.Load()))
	m.metrics.Transfers.WithLabelValues(telemetry.DirectionUp, resultOf(err)).Inc()
	if err != nil {
		w.Header().Set("Connection", "close") // what is left of the file is not waited for
	}
	return err
}

func errStalled() error {
	return network.Refuse(network.Silent, "The upstream did not take the file in time. Try again later.")
}

func tooLarge() error {
	return network.Refuse(network.TooLarge, "A part of an upload may have 100 MiB at most.")
}

// readable gives the errors of a client's connection in words for the client.
type readable struct{ io.Reader }

// Read implements io.Reader.
func (r readable) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = unreadable(err)
	}
	return n, err
}

func unreadable(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return network.Refuse(network.TooSlow, "The file arrived too slowly: at least 16 KiB a second are needed.")
	}
	if _, tooMuch := errors.AsType[*http.MaxBytesError](err); tooMuch {
		return tooLarge()
	}
	return network.Refuse(network.Malformed, "The body could not be read to its end as what it says that it is.")
}
