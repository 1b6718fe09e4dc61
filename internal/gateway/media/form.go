package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"

	"github.com/guichet-dev/guichet/internal/network"
)

// Form is a request's multipart/form-data with a file, whose bytes have not been read yet.
type Form struct {
	// Part is the name of the file's part; empty if there is none.
	Part string

	body   *pacedReader
	head   *bounded
	parts  *multipart.Reader
	file   *multipart.Part
	fields []field
	// room is how many bytes of further fields are kept.
	room int64
}

type field struct {
	header textproto.MIMEHeader
	value  []byte
}

// headerRoom is how many bytes may be read beyond the fields, before and behind the file: the
// headers of parts, and what the reader holds ready.
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
	form = &Form{body: body, head: head, parts: parts, room: limit}
	if form.file, err = form.readFields(); err != nil {
		return nil, true, err
	}
	if form.file != nil {
		form.Part, head.left = form.file.FormName(), -1
	}
	return form, true, nil
}

// readFields reads fields up to a file or the end.
func (f *Form) readFields() (file *multipart.Part, err error) {
	for f.room >= 0 {
		part, err := f.parts.NextRawPart()
		switch {
		case errors.Is(err, io.EOF):
			return nil, nil
		case err != nil:
			return nil, unreadable(err)
		case part.FileName() != "":
			return part, nil
		}
		value, err := io.ReadAll(io.LimitReader(part, f.room+1))
		if err != nil {
			return nil, unreadable(err)
		}
		f.fields = append(f.fields, field{part.Header, value})
		f.room -= int64(len(value)) + headerCost
	}
	return nil, nil
}

// headerCost is what a field takes of the room for fields beside its value, in bytes, so that there
// are not too many.
const headerCost = 32

// Fields are the fields that have been read so far, as a form in parts of their own.
func (f *Form) Fields() []byte {
	var out bytes.Buffer
	to := multipart.NewWriter(&out)
	for _, field := range f.fields {
		if into, err := to.CreatePart(field.header); err == nil { // a buffer takes everything
			_, _ = into.Write(field.value)
		}
	}
	_ = to.Close()
	return out.Bytes()
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

// readFile reads the file of a form, and the fields behind it.
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
		form.head.left = max(form.room, 0) + headerRoom
		another, err := form.readFields()
		if err == nil && another != nil {
			err = network.Refuse(network.Malformed, "A form has one file.")
		}
		return err
	})
	return hash.Sum(nil), err
}
