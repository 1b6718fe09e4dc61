package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
)

// ErrCut says that an answer that has begun must not look complete: whoever serves it ends the
// connection.
var ErrCut = errors.New("the answer was cut off")

// errDigest says that the bytes of a file are not those that the upstream has described.
var errDigest = errors.New("the file's bytes are not what its digest says")

// Download answers with the bytes of the file that an address of the gateway's stands for. Ranges
// and conditions are the upstream's to answer.
func (m *Media) Download(w http.ResponseWriter, r *http.Request, t *served.Tenant, text string) error {
	ref, err := m.open(text)
	if err != nil {
		return gone()
	}
	c := t.Channel(ref.Channel)
	if c == nil {
		return gone()
	}
	upstream, ok := c.Upstream.(network.MediaUpstream)
	if !ok {
		return gone()
	}
	done, err := m.take()
	if err != nil {
		return err
	}
	defer done()
	written, err := m.download(w, r, upstream, ref)
	m.metrics.TransferredBytes.WithLabelValues(telemetry.DirectionDown).Add(float64(written))
	m.metrics.Transfers.WithLabelValues(telemetry.DirectionDown, resultOf(err)).Inc()
	if errors.Is(err, errDigest) {
		m.log.Error("A file was cut off: its bytes are not what its digest says", "channel", c.Name)
	}
	return err
}

func (m *Media) download(
	w http.ResponseWriter, r *http.Request, upstream network.MediaUpstream, ref reference,
) (written int64, err error) {
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	source, err := upstream.Fetch(ctx, ref.URL, r.Header)
	if err != nil {
		return 0, err
	}
	defer func() { _ = source.Body.Close() }() // what is left of it is not wanted
	switch source.StatusCode {
	case http.StatusOK, http.StatusPartialContent, http.StatusNotModified, http.StatusRequestedRangeNotSatisfiable:
	case http.StatusNotFound, http.StatusGone:
		return 0, gone()
	default:
		return 0, network.Refuse(network.Silent, "The upstream did not give the file. Try again later.")
	}
	copyHeader(w.Header(), source.Header)
	w.WriteHeader(source.StatusCode)
	if r.Method == http.MethodHead {
		return 0, nil
	}
	stalled := time.AfterFunc(grace, cancel)
	stalled.Stop()
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Time{}) // nothing more is read; how slow the client may be is its pace
	from := pacedReader{ReadCloser: source.Body, pace: pace{until: func(at time.Time) {
		if stalled.Stop(); !at.IsZero() {
			stalled.Reset(time.Until(at))
		}
	}}}
	to := pacedWriter{Writer: w, pace: pace{until: func(at time.Time) { _ = connection.SetWriteDeadline(at) }}}
	check := newDigest(ref.SHA256, source.StatusCode)
	if err := copyChecked(&to, &from, check); err != nil {
		return to.pace.moved.Load(), errors.Join(ErrCut, err)
	}
	return to.pace.moved.Load(), nil
}

// pacedWriter is a writer at a least rate.
type pacedWriter struct {
	io.Writer
	pace pace
}

// Write implements io.Writer.
func (w *pacedWriter) Write(p []byte) (int, error) {
	return w.pace.move(func() (int, error) { return w.Writer.Write(p) })
}

// copyChecked copies piece by piece. The last piece waits until the digest is known to be right, so
// that nobody gets all bytes of a file that is not what was described.
func copyChecked(to io.Writer, from io.Reader, check *digest) error {
	held, next := make([]byte, 0, piece), make([]byte, piece)
	for {
		n, err := fill(from, next)
		if n > 0 {
			check.add(next[:n])
			if _, err := to.Write(held); err != nil {
				return err
			}
			held, next = next[:n], held[:cap(held)]
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if !check.right() {
		return errDigest
	}
	_, err := to.Write(held)
	return err
}

// fill reads until p is full or an error. Unlike io.ReadFull it leaves io.ErrUnexpectedEOF to a
// connection that was cut off.
func fill(from io.Reader, p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = from.Read(p[n:])
		n += more
	}
	return n, err
}

// digest checks the bytes of a file; one without an expectation finds everything right.
type digest struct {
	of   hash.Hash
	want []byte
}

// newDigest reads a digest as the upstream writes it: in hexadecimal where it describes a file, in
// base64 in webhooks. A part of a file has no digest.
func newDigest(text string, status int) *digest {
	if status != http.StatusOK {
		return &digest{}
	}
	for _, decode := range []func(string) ([]byte, error){
		hex.DecodeString, base64.StdEncoding.DecodeString, base64.RawURLEncoding.DecodeString,
	} {
		if want, err := decode(text); err == nil && len(want) == sha256.Size {
			return &digest{of: sha256.New(), want: want}
		}
	}
	return &digest{}
}

func (d *digest) add(p []byte) {
	if d.of != nil {
		d.of.Write(p)
	}
}

func (d *digest) right() bool { return d.of == nil || bytes.Equal(d.of.Sum(nil), d.want) }

// copyHeader copies what belongs to the file. A browser that is shown it must not run it.
func copyHeader(to, from http.Header) {
	for _, name := range []string{
		"Content-Type", "Content-Length", "Content-Range", "Content-Disposition", "Accept-Ranges", "Etag",
		"Last-Modified",
	} {
		if value := from.Get(name); value != "" {
			to.Set(name, value)
		}
	}
	to.Set("X-Content-Type-Options", "nosniff")
	to.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	to.Set("Cache-Control", "private, no-store")
}

// gone is the refusal of an address that stands for nothing, or not any more.
func gone() error {
	return network.Refuse(network.NoSuchPath,
		"This address of a file is not known, or its five minutes are over. Read the media id again for a new one.")
}

func isUnknown(err error) bool {
	refusal, ok := errors.AsType[*network.Refusal](err)
	return ok && refusal.Reason == network.UnknownObject
}

// resultOf is what came of a transfer, as a label.
func resultOf(err error) string {
	refusal, refused := errors.AsType[*network.Refusal](err)
	switch {
	case err == nil:
		return telemetry.ResultDelivered
	case errors.Is(err, errDigest):
		return telemetry.ResultCorrupt
	case errors.Is(err, ErrCut), refused && refusal.Reason == network.TooSlow:
		return telemetry.ResultCut
	default:
		return telemetry.ResultFailed
	}
}
