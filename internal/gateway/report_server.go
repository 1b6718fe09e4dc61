package gateway

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/report"
)

// reportHandler serves the report to whoever presents the token. Its ETag covers everything but AsOf, so an operator that has seen the figures pays a 304.
func (g *Gateway) reportHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+report.Path, func(w http.ResponseWriter, r *http.Request) {
		given, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		hash, want := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(g.keys.current().reportToken))
		if !found || subtle.ConstantTimeCompare(hash[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "Present the report's bearer token.", http.StatusUnauthorized)
			return
		}
		g.serveReport(w, r)
	})
	return mux
}

func (g *Gateway) serveReport(w http.ResponseWriter, r *http.Request) {
	current, err := g.report(r.Context(), g.now())
	if err != nil {
		if worthLogging(err) {
			g.log.Error("Report failed", "error", err)
		}
		http.Error(w, "The figures cannot be read now.", http.StatusServiceUnavailable)
		return
	}
	tag, err := reportTag(current)
	if err != nil {
		g.log.Error("Report failed", "error", err)
		http.Error(w, "The figures cannot be written.", http.StatusInternalServerError)
		return
	}
	header := w.Header()
	header.Set("ETag", tag)
	header.Set("Cache-Control", "private, no-cache")
	header.Set("Date", current.AsOf.UTC().Format(http.TimeFormat))
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_ = writeJSON(w, current) // the operator has gone; it asks again
}

// reportTag is a strong ETag of what a report says.
func reportTag(r report.Report) (string, error) {
	r.AsOf = time.Time{}
	content, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode the report: %w", err)
	}
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:16]) + `"`, nil
}
