package messenger

import (
	"net/http"

	"github.com/guichet-dev/guichet/internal/graph/clientbody"
)

// content is a request's body as it is passed on: as JSON, without credentials.
func (a *ask) content() (kind string, body []byte, err error) {
	if len(a.Body) == 0 || a.Method == http.MethodGet {
		return "", nil, nil
	}
	rules := &clientbody.Rules{MaxBytes: maxBody, Others: []string{"method"}}
	body, _, err = rules.Read(a.Body)
	return "application/json", body, err
}
