package simulator

import (
	"net/http"
	"strconv"
)

// Headers between the page and the simulator. Browsers report every answer from 400 on as an error
// of the page that asked. To this page a refusal is an answer like any other, so it asks with
// AskedByPage, and gets 200 and the status in StatusForPage.
const (
	AskedByPage   = "Guichet-Page"
	StatusForPage = "Guichet-Status"
)

// quietly serves the page's requests with the status in a header.
func quietly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(AskedByPage) != "" {
			r.Header.Del(AskedByPage)
			w = &quietWriter{w}
		}
		next.ServeHTTP(w, r)
	})
}

type quietWriter struct{ http.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (w *quietWriter) WriteHeader(status int) {
	if status >= http.StatusBadRequest {
		w.Header().Set(StatusForPage, strconv.Itoa(status))
		status = http.StatusOK
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController flush.
func (w *quietWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
