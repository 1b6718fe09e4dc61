package pages

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
)

// Bounds of a request.
const (
	maxRequest = 26 << 20
	maxParams  = 200
)

// params are what a request gives, in its query and its body of whichever form. Values of forms
// are JSON where they can be read so, and strings otherwise.
type params struct {
	values map[string]json.RawMessage
	// body is the request as it came, without files.
	body []byte
	// file is the upload of a multipart body.
	file     []byte
	fileType string
}

func (p params) get(name string) json.RawMessage {
	if value := p.values[name]; string(value) != "null" {
		return value
	}
	return nil
}

func (p params) has(name string) bool { return p.get(name) != nil }

// text is a parameter as a string; numbers are read as they are written.
func (p params) text(name string) string {
	value := p.get(name)
	var text string
	if json.Unmarshal(value, &text) == nil {
		return text
	}
	return string(value)
}

// into reads an object or a list. A string may hold it: some clients encode twice.
func (p params) into(name string, target any) bool {
	value := p.get(name)
	if value == nil {
		return false
	}
	var text string
	if json.Unmarshal(value, &text) == nil {
		value = json.RawMessage(text)
	}
	return json.Unmarshal(value, target) == nil
}

// token is the request's, in the order in which the Graph API looks for it.
func (p params) token(r *http.Request) string {
	if token := p.text("access_token"); token != "" {
		return token
	}
	return tokenOf(r)
}

// tokenOf is the token outside of the body.
func tokenOf(r *http.Request) string {
	if token := r.URL.Query().Get("access_token"); token != "" {
		return token
	}
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// proves tells whether a proof, if there is one, is that of the token under the app's secret.
func proves(p *page, token, proof string) bool {
	if proof == "" || p.AppSecret == "" {
		return true
	}
	mac := hmac.New(sha256.New, []byte(p.AppSecret))
	mac.Write([]byte(token))
	return hmac.Equal([]byte(proof), []byte(hex.EncodeToString(mac.Sum(nil))))
}

func readParams(w http.ResponseWriter, r *http.Request) (params, *graph.Error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return params{}, invalid("The body could not be read, or is larger than 26 MB.")
	}
	given := params{values: map[string]json.RawMessage{}, body: body}
	given.form(r.URL.Query())
	kind, details, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case len(body) == 0:
	case kind == "application/x-www-form-urlencoded":
		err = given.urlEncoded(body)
	case kind == "multipart/form-data":
		err = given.multipart(body, details["boundary"])
	default:
		err = given.json(body)
	}
	if err != nil {
		return params{}, invalid("The body is not understood: " + err.Error())
	}
	return given, nil
}

func (p *params) json(body []byte) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return errors.New("it is no JSON object")
	}
	maps.Copy(p.values, object)
	return nil
}

func (p *params) urlEncoded(body []byte) error {
	values, err := url.ParseQuery(string(body))
	if err != nil {
		return err
	}
	p.form(values)
	return nil
}

// form takes values that are JSON, or strings. Quotes of JavaScript's kind stand in Meta's own
// samples.
func (p *params) form(values url.Values) {
	for name, list := range values {
		p.values[name] = formValue(list[0])
	}
}

func formValue(text string) json.RawMessage {
	trimmed := strings.TrimSpace(text)
	if strings.HasPrefix(trimmed, "{") || strings.HasPrefix(trimmed, "[") {
		for _, candidate := range []string{
			trimmed, strings.ReplaceAll(trimmed, "'", `"`), quoteNames(strings.ReplaceAll(trimmed, "'", `"`)),
		} {
			if json.Valid([]byte(candidate)) {
				return json.RawMessage(candidate)
			}
		}
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return nil
	}
	return quoted
}

// quoteNames writes {id:"1"} as {"id":"1"}.
func quoteNames(text string) string {
	var out strings.Builder
	inside, start := false, -1
	for i, c := range text {
		switch {
		case c == '"':
			inside = !inside
		case !inside && start < 0 && (c == '_' || c >= 'a' && c <= 'z'):
			start = i
		}
		if start >= 0 {
			if c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
				continue
			}
			word := text[start:i]
			start = -1
			if c == ':' {
				word = `"` + word + `"`
			}
			out.WriteString(word)
		}
		out.WriteRune(c)
	}
	return out.String()
}

func (p *params) multipart(body []byte, boundary string) error {
	reader := multipart.NewReader(bytes.NewReader(body), boundary)
	p.body = nil
	for range maxParams {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return errors.New("its parts cannot be read")
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		if part.FileName() != "" {
			p.file, p.fileType = content, part.Header.Get("Content-Type")
			continue
		}
		p.values[part.FormName()] = formValue(string(content))
	}
	return errors.New("it has too many parts")
}
