package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/guichet-dev/guichet/internal/network"
)

// Form is a request's multipart/form-data: its fields, and the file behind them, whose bytes have
// not been read yet.
type Form struct {
	// Fields are those that stand before the file, as a form in parts of their own.
	Fields []byte
	// Part is the name of the file's part; empty if there is none.
	Part string

	body  *pacedReader
	parts *multipart.Reader
	file  *multipart.Part
}

// headerRoom is how many bytes may be read beyond the fields until the file begins: the header of
// its part, and what the reader holds ready.
const headerRoom = 16 << 10

// ReadForm reads the fields of a request, up to the first file. Those beyond the limit, in bytes,
// are left out, so that whoever reads them can tell that they are too many. It is false for a
// request that is no form in parts.
func ReadForm(w http.ResponseWriter, r *http.Request, limit int64) (form *Form, ok bool, err error) {
	whole := r.Body
	body := &pacedReader{ReadCloser: http.MaxBytesReader(w, whole, maxResumed)}
	head := &bounded{from: body, left: limit + headerRoom}
	r.Body = io.NopCloser(head)
	parts, err := r.MultipartReader()
	if err != nil {
		r.Body = whole
		return nil, false, nil //nolint:nilerr // it is something else
	}
	form = &Form{body: body, parts: parts}
	var fields bytes.Buffer
	to := multipart.NewWriter(&fields)
	for int64(fields.Len()) <= limit {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, true, unreadable(err)
		}
		if part.FileName() != "" {
			form.Part, form.file, head.left = part.FormName(), part, -1
			break
		}
		if err := copyPart(to, part, limit); err != nil {
			return nil, true, err
		}
	}
	if err := to.Close(); err != nil {
		return nil, true, err
	}
	form.Fields = fields.Bytes()
	return form, true, nil
}

// copyPart copies a field, of which more than the limit is not needed.
func copyPart(to *multipart.Writer, part *multipart.Part, limit int64) error {
	into, err := to.CreatePart(part.Header)
	if err != nil {
		return err
	}
	if _, err := io.Copy(into, io.LimitReader(part, limit+1)); err != nil {
		return unreadable(err)
	}
	return nil
}

// bounded is a reader that ends after a number of bytes; a negative one is no bound.
type bounded struct {
	from io.Reader
	left int64
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return b.from.Read(p)
	}
	if b.left == 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// Store stores the file of a form at the upstream while it arrives, and returns its id there and
// the hash of its bytes.
func (m *Media) Store(
	w http.ResponseWriter, r *http.Request, upstream network.FileUpstream, kind string, form *Form,
) (id string, digest []byte, err error) {
	digest, err = m.readFile(w, r, form, func(ctx context.Context, file network.Part) (err error) {
		id, err = upstream.StoreFile(ctx, kind, file)
		return err
	})
	return id, digest, err
}

// Digest reads the file of a form, and returns the hash of its bytes.
func (m *Media) Digest(w http.ResponseWriter, r *http.Request, form *Form) (digest []byte, err error) {
	return m.readFile(w, r, form, func(_ context.Context, file network.Part) error {
		_, err := io.Copy(io.Discard, file.Content)
		return err
	})
}

// readFile reads the file of a form to its end, behind which nothing may stand: it would be a field
// that was not looked at.
func (m *Media) readFile(
	w http.ResponseWriter, r *http.Request, form *Form, read func(context.Context, network.Part) error,
) (digest []byte, err error) {
	hash := sha256.New()
	err = m.carry(w, r, form.body, func(ctx context.Context) error {
		err := read(ctx, network.Part{
			Name: form.Part, Filename: form.file.FileName(), ContentType: form.file.Header.Get("Content-Type"),
			Content: io.TeeReader(readable{form.file}, hash),
		})
		if err != nil {
			return err
		}
		switch _, err := form.parts.NextRawPart(); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return unreadable(err)
		}
		return network.Refuse(network.Malformed, "A form has one file, and all fields must stand before it.")
	})
	return hash.Sum(nil), err
}
