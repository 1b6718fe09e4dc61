package graph

import (
	"testing"
	"time"
)

// The table is Meta's: code, HTTP status and what a sender does.
func TestCatalogue(t *testing.T) {
	tests := []struct {
		code, status int
		class        Class
	}{
		{0, 401, StopTenant},
		{1, 400, Backoff},
		{2, 503, Backoff},
		{3, 500, Never},
		{4, 400, Backoff},
		{10, 403, StopTenant},
		{33, 400, Never},
		{100, 400, Never},
		{190, 401, StopTenant},
		{200, 403, StopTenant},
		{250, 403, StopTenant},
		{299, 403, StopTenant},
		{368, 403, StopTenant},
		{80007, 400, Backoff},
		{130429, 400, Backoff},
		{130472, 400, Never},
		{130497, 403, Never},
		{131000, 500, Backoff},
		{131005, 403, Never},
		{131008, 400, Never},
		{131009, 400, Never},
		{131016, 500, Backoff},
		{131021, 400, Never},
		{131026, 400, Never},
		{131031, 403, StopTenant},
		{131036, 400, Never},
		{131037, 400, Never},
		{131042, 400, StopTenant},
		{131044, 400, Never},
		{131045, 500, Never},
		{131047, 400, Never},
		{131048, 400, Wait},
		{131049, 400, Wait},
		{131050, 400, Never},
		{131051, 400, Never},
		{131052, 400, Never},
		{131053, 400, Never},
		{131055, 405, Never},
		{131056, 400, PairBackoff},
		{131057, 500, Backoff},
		{131059, 400, Never},
		{131061, 400, Never},
		{131062, 400, Never},
		{131064, 400, Never},
		{132000, 400, Never},
		{132001, 404, Never},
		{132005, 400, Never},
		{132007, 400, Never},
		{132012, 400, Never},
		{132015, 400, Never},
		{132016, 400, Never},
		{132018, 400, Never},
		{132068, 400, Never},
		{132069, 400, Never},
		{133000, 500, Backoff},
		{133004, 503, Backoff},
		{133005, 400, Never},
		{133006, 400, Never},
		{133008, 400, Never},
		{133009, 400, Never},
		{133010, 400, StopTenant},
		{133015, 400, Wait},
		{133016, 400, Wait},
		{134011, 400, Never},
		{134100, 400, Never},
		{134101, 400, Wait},
		{134102, 500, Never},
		{135000, 400, Never},
		{139100, 400, Never},
		{139101, 400, Never},
		{139102, 400, Never},
		{139103, 400, Backoff},
		{551, 400, Never},
		{613, 400, Backoff},
		{1200, 400, Backoff},
	}
	seen := map[int]bool{}
	for _, tc := range tests {
		seen[tc.code] = true
		info, ok := LookupCode(tc.code)
		if !ok {
			t.Errorf("%d is missing", tc.code)
			continue
		}
		if info.HTTPStatus != tc.status || info.Class != tc.class || info.Title == "" {
			t.Errorf(
				"%d: got %d %s %q, want %d %s and a title", tc.code, info.HTTPStatus, info.Class, info.Title, tc.status,
				tc.class,
			)
		}
	}
	for code := range catalogue() {
		if !seen[code] {
			t.Errorf("%d is in the catalogue and not in this table", code)
		}
	}
	if _, ok := LookupCode(424242); ok {
		t.Error("424242 is no code of Meta's")
	}
}

func TestClassOfSubcodesAndUnknownCodes(t *testing.T) {
	tests := map[string]struct {
		err  Error
		want Class
	}{
		"Messenger window":         {Error{Code: 10, Subcode: 2018278, HTTPStatus: 400}, Never},
		"Messenger window, older":  {Error{Code: 10, Subcode: 2018065, HTTPStatus: 400}, Never},
		"Instagram window":         {Error{Code: 10, Subcode: 2534022, HTTPStatus: 400}, Never},
		"page restricted":          {Error{Code: 10, Subcode: 1893063, HTTPStatus: 400}, StopTenant},
		"permission alone":         {Error{Code: 10, HTTPStatus: 403}, StopTenant},
		"unknown, server's fault":  {Error{Code: 999999, HTTPStatus: 502}, Backoff},
		"unknown, too many":        {Error{Code: 999999, HTTPStatus: 429}, Backoff},
		"unknown, unauthorized":    {Error{Code: 999999, HTTPStatus: 401}, StopTenant},
		"unknown, caller's fault":  {Error{Code: 999999, HTTPStatus: 400}, Never},
		"by webhook, no HTTP code": {Error{Code: 131049}, Wait},
	}
	for name, tc := range tests {
		if got := tc.err.Class(); got != tc.want {
			t.Errorf("%s: got %s, want %s", name, got, tc.want)
		}
	}
}

func TestWait(t *testing.T) {
	if got := NewError(131049, "").Wait(); got != 24*time.Hour {
		t.Errorf("131049: got %s, want 24h", got)
	}
	if got := NewError(133016, "").Wait(); got != 72*time.Hour {
		t.Errorf("133016: got %s, want 72h", got)
	}
	if got := ThroughputReached(3 * time.Second).Wait(); got != 3*time.Second {
		t.Errorf("130429: got %s, want 3s", got)
	}
}

func TestRetryDelay(t *testing.T) {
	tests := []struct {
		class Class
		n     int
		want  time.Duration
	}{
		{Backoff, 0, time.Second},
		{Backoff, 1, 2 * time.Second},
		{Backoff, 3, 8 * time.Second},
		{Backoff, 20, 5 * time.Minute},
		{PairBackoff, 0, time.Second},
		{PairBackoff, 1, 4 * time.Second},
		{PairBackoff, 2, 16 * time.Second},
		{PairBackoff, 60, 5 * time.Minute},
		{Backoff, 1_000_000_000, 5 * time.Minute},
	}
	for _, tc := range tests {
		if got := RetryDelay(tc.class, tc.n, 5*time.Minute); got != tc.want {
			t.Errorf("%s after %d tries: got %s, want %s", tc.class, tc.n, got, tc.want)
		}
	}
}
