package reporting

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/report"
)

// Handler serves the report, and statements, to whoever presents the token. An operator that has
// seen the figures, see report.Report for its ETag, pays a 304.
func (rep *Reporter) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+report.Path, rep.authenticated(rep.serveReport))
	mux.HandleFunc("GET "+report.StatementPath, rep.authenticated(rep.serveStatement))
	return mux
}

// authenticated serves whoever presents the report's token.
func (rep *Reporter) authenticated(serve http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		given, found := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		hash, want := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(rep.Keys.Current().ReportToken))
		if !found || subtle.ConstantTimeCompare(hash[:], want[:]) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "Present the report's bearer token.", http.StatusUnauthorized)
			return
		}
		serve(w, r)
	}
}

func (rep *Reporter) serveReport(w http.ResponseWriter, r *http.Request) {
	published, err := publishedRecord(r.URL.Query())
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	current, err := rep.report(r.Context(), rep.Store.Now(), published.Sequence)
	if err != nil {
		if durable.WorthLogging(err) {
			rep.Log.Error("Report failed", "error", err)
		}
		http.Error(w, "The figures cannot be read now.", http.StatusServiceUnavailable)
		return
	}
	tag, err := reportTag(current, published)
	if err != nil {
		rep.Log.Error("Report failed", "error", err)
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
	header.Set("Content-Type", "application/json; charset=UTF-8")
	if err := json.NewEncoder(w).Encode(current); err != nil { // the operator has gone; it asks again
		rep.Log.Debug("Report not read to its end", "error", err)
	}
}

// publishedRecord reads which record of the ledger the operator has published last; the zero value
// if it has published none.
func publishedRecord(query url.Values) (report.LedgerRecord, error) {
	text := query.Get(report.QueryPublishedSequence)
	if text == "" {
		return report.LedgerRecord{}, nil
	}
	sequence, err := strconv.ParseInt(text, 10, 64)
	if err != nil || sequence <= 0 {
		return report.LedgerRecord{}, errors.New(report.QueryPublishedSequence + " must be a whole number from 1")
	}
	return report.LedgerRecord{Sequence: sequence, Hash: query.Get(report.QueryPublishedHash)}, nil
}

// reportTag is a strong ETag of what a report says. That what was published is still there says
// nothing new.
func reportTag(r report.Report, published report.LedgerRecord) (string, error) {
	r.AsOf = time.Time{}
	if r.Ledger.Published != nil && *r.Ledger.Published == published {
		r.Ledger.Published = nil
	}
	content, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encode the report: %w", err)
	}
	sum := sha256.Sum256(content)
	return `"` + hex.EncodeToString(sum[:16]) + `"`, nil
}
