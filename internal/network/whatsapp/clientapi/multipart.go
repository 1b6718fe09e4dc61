package clientapi

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
)

// multipart is a body in parts, written anew with those that are passed on. Their headers are not
// copied: another parser may read another name in them than was checked.
func (c *call) multipart(boundary string) (kind string, body []byte, err error) {
	unreadable := graph.NewError(graph.CodeInvalidParameter, "The body cannot be read as multipart/form-data.")
	if boundary == "" {
		return "", nil, unreadable
	}
	parts := multipart.NewReader(bytes.NewReader(c.Body), boundary)
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	seen := map[string]bool{}
	for count := 0; ; count++ {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil || count == maxMembers {
			return "", nil, unreadable
		}
		name := part.FormName()
		if parameter.IsCredential(name) {
			continue
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return "", nil, unreadable
		}
		if seen[name] && !isList(name) {
			return "", nil, errTwice()
		}
		seen[name] = true
		if err := c.checkField(name, string(content)); err != nil {
			return "", nil, err
		}
		into, err := form.CreatePart(graph.PartHeader(name, part.FileName(), part.Header.Get("Content-Type")))
		if err == nil {
			_, err = into.Write(content)
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
