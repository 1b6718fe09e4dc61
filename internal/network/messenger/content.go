package messenger

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network"
)

// fieldFile is the part of a form that holds a file.
const fieldFile = "filedata"

// content is a request's body as it is passed on: as JSON, without credentials, or for a file as a
// form that is made anew.
func (a *ask) content(r rule) (kind string, body []byte, err error) {
	if len(a.Body) == 0 || a.Method == http.MethodGet {
		return "", nil, nil
	}
	kind, parameters, err := mime.ParseMediaType(a.ContentType)
	if err == nil && kind == "multipart/form-data" && r.file {
		return formOf(a.Body, parameters["boundary"])
	}
	rules := &clientbody.Rules{MaxBytes: maxBody, Others: []string{"method"}}
	body, _, err = rules.Read(a.Body)
	return "application/json", body, err
}

// formOf copies the message and the file of a form. The message must make the upload one that can
// be sent: what is uploaded for one message has no id.
func formOf(body []byte, boundary string) (kind string, form []byte, err error) {
	unreadable := network.Refuse(network.Malformed, "The multipart form cannot be read. Check its boundary.")
	var out bytes.Buffer
	to := multipart.NewWriter(&out)
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	files, messages := 0, 0
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", nil, unreadable
		}
		name := part.FormName()
		switch {
		case name == fieldFile:
			files++
			into, err := to.CreatePart(
				graph.PartHeader(fieldFile, orName(part.FileName()), part.Header.Get("Content-Type")),
			)
			if err == nil {
				_, err = io.Copy(into, part)
			}
			if err != nil {
				return "", nil, unreadable
			}
		case name == memberMessage:
			messages++
			value, err := io.ReadAll(io.LimitReader(part, maxBody))
			if err == nil {
				err = to.WriteField(memberMessage, string(value))
			}
			if err != nil {
				return "", nil, unreadable
			}
		case parameter.IsControl(name):
			return "", nil, network.Refuse(network.Malformed, "The parameters method, ids and batch are not taken.")
		}
	}
	if files != 1 || messages != 1 {
		return "", nil, network.Refuse(network.Malformed, "The form must have message and filedata, each once.")
	}
	if err := to.Close(); err != nil {
		return "", nil, unreadable
	}
	return to.FormDataContentType(), out.Bytes(), nil
}

// orName is a file's name; one without is no file to the upstream.
func orName(name string) string {
	if name == "" {
		return "file"
	}
	return name
}
