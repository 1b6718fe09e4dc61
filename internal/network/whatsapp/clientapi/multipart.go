package clientapi

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/textproto"

	"github.com/guichet-dev/guichet/internal/graph"
)

// multipart is a body in parts, written anew with those that are passed on.
func (c *call) multipart(boundary string) (kind string, body []byte, err error) {
	unreadable := graph.NewError(graph.CodeInvalidParameter, "The body cannot be read as multipart/form-data.")
	if boundary == "" {
		return "", nil, unreadable
	}
	parts := multipart.NewReader(bytes.NewReader(c.Body), boundary)
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	for count := 0; ; count++ {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || count == maxMembers {
			return "", nil, unreadable
		}
		name := part.FormName()
		if isCredential(name) {
			continue
		}
		if err := c.checkField(name); err != nil {
			return "", nil, err
		}
		header := textproto.MIMEHeader{}
		for _, known := range []string{"Content-Disposition", "Content-Type"} {
			if value := part.Header.Get(known); value != "" {
				header.Set(known, value)
			}
		}
		into, err := form.CreatePart(header)
		if err == nil {
			_, err = io.Copy(into, part)
		}
		if err != nil {
			return "", nil, unreadable
		}
	}
	if err := form.Close(); err != nil {
		return "", nil, unreadable
	}
	return form.FormDataContentType(), out.Bytes(), nil
}
