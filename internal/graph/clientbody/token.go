package clientbody

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph/parameter"
)

// Token is the access token in a request's body, which clients of the Graph API may send as a
// member of a JSON object, as a field of a form, or as a part. It is empty if there is none. The
// body may be cut off: what stands before its end is found.
func Token(contentType string, body []byte) string {
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = ""
	}
	text := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case kind == "multipart/form-data":
		return tokenInParts(body, parameters["boundary"])
	case bytes.HasPrefix(text, []byte("{")):
		return tokenInObject(text)
	case IsMultipart(body):
		boundary, _ := boundaryOf(body)
		return tokenInParts(body, boundary)
	}
	return tokenInForm(text)
}

func tokenInObject(text []byte) string {
	members := json.NewDecoder(bytes.NewReader(text))
	if _, err := members.Token(); err != nil { // the brace
		return ""
	}
	for members.More() {
		name, err := members.Token()
		if err != nil {
			return ""
		}
		var value json.RawMessage
		if err := members.Decode(&value); err != nil {
			return ""
		}
		if name != parameter.Token {
			continue
		}
		var token string
		_ = json.Unmarshal(value, &token) // what is no text is no token
		return token
	}
	return ""
}

func tokenInForm(text []byte) string {
	for pair := range strings.SplitSeq(strings.TrimSpace(string(text)), "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name != parameter.Token {
			continue
		}
		token, err := url.QueryUnescape(value)
		if err != nil {
			return ""
		}
		return token
	}
	return ""
}

func tokenInParts(body []byte, boundary string) string {
	if boundary == "" || len(boundary) > maxBoundary {
		return ""
	}
	parts := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxFields {
		part, err := parts.NextRawPart()
		if err != nil {
			return ""
		}
		if part.FormName() != parameter.Token || part.FileName() != "" {
			continue
		}
		token, err := io.ReadAll(part)
		if err != nil {
			return ""
		}
		return string(token)
	}
	return ""
}
