package graph

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

// The table is Meta's: code, HTTP status and what a sender does.
func TestCatalogue(t *testing.T) {
	tests := []struct {
		code, status int
		class        network.Class
	}{
		{0, 401, network.StopTenant},
		{1, 400, network.Backoff},
		{2, 503, network.Backoff},
		{3, 500, network.Never},
		{4, 400, network.Backoff},
		{10, 403, network.StopTenant},
		{32, 400, network.Backoff},
		{33, 400, network.Never},
		{100, 400, network.Never},
		{190, 401, network.StopTenant},
		{200, 403, network.StopTenant},
		{250, 403, network.StopTenant},
		{299, 403, network.StopTenant},
		{368, 403, network.StopTenant},
		{80007, 400, network.Backoff},
		{130429, 400, network.Backoff},
		{130472, 400, network.Never},
		{130497, 403, network.Never},
		{131000, 500, network.Backoff},
		{131005, 403, network.Never},
		{131008, 400, network.Never},
		{131009, 400, network.Never},
		{131016, 500, network.Backoff},
		{131021, 400, network.Never},
		{131026, 400, network.Never},
		{131031, 403, network.StopTenant},
		{131036, 400, network.Never},
		{131037, 400, network.Never},
		{131042, 400, network.StopTenant},
		{131044, 400, network.Never},
		{131045, 500, network.Never},
		{131047, 400, network.Never},
		{131048, 400, network.Wait},
		{131049, 400, network.Wait},
		{131050, 400, network.Never},
		{131051, 400, network.Never},
		{131052, 400, network.Never},
		{131053, 400, network.Never},
		{131055, 405, network.Never},
		{131056, 400, network.PairBackoff},
		{131057, 500, network.Backoff},
		{131059, 400, network.Never},
		{131061, 400, network.Never},
		{131062, 400, network.Never},
		{131064, 400, network.Never},
		{132000, 400, network.Never},
		{132001, 404, network.Never},
		{132005, 400, network.Never},
		{132007, 400, network.Never},
		{132012, 400, network.Never},
		{132015, 400, network.Never},
		{132016, 400, network.Never},
		{132018, 400, network.Never},
		{132068, 400, network.Never},
		{132069, 400, network.Never},
		{133000, 500, network.Backoff},
		{133004, 503, network.Backoff},
		{133005, 400, network.Never},
		{133006, 400, network.Never},
		{133008, 400, network.Never},
		{133009, 400, network.Never},
		{133010, 400, network.StopTenant},
		{133015, 400, network.Wait},
		{133016, 400, network.Wait},
		{134011, 400, network.Never},
		{134100, 400, network.Never},
		{134101, 400, network.Wait},
		{134102, 500, network.Never},
		{135000, 400, network.Never},
		{139100, 400, network.Never},
		{139101, 400, network.Never},
		{139102, 400, network.Never},
		{139103, 400, network.Backoff},
		{551, 400, network.Never},
		{613, 400, network.Backoff},
		{1200, 400, network.Backoff},
		{2200, 400, network.Never},
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
		want network.Class
	}{
		"Messenger window":         {Error{Code: 10, Subcode: 2018278, HTTPStatus: 400}, network.Never},
		"Messenger window, older":  {Error{Code: 10, Subcode: 2018065, HTTPStatus: 400}, network.Never},
		"Instagram window":         {Error{Code: 10, Subcode: 2534022, HTTPStatus: 400}, network.Never},
		"page restricted":          {Error{Code: 10, Subcode: 1893063, HTTPStatus: 400}, network.StopTenant},
		"restricted, newer":        {Error{Code: 10, Subcode: 2534122, HTTPStatus: 400}, network.StopTenant},
		"restricted portfolio":     {Error{Code: 10, Subcode: 2534029, HTTPStatus: 400}, network.StopTenant},
		"another app's thread":     {Error{Code: 10, Subcode: 2018300, HTTPStatus: 400}, network.Never},
		"receives nothing":         {Error{Code: 10, Subcode: 2018108, HTTPStatus: 400}, network.Never},
		"unavailable, as 200":      {Error{Code: 200, Subcode: 1545041, HTTPStatus: 400}, network.Never},
		"unavailable":              {Error{Code: 551, Subcode: 1545041, HTTPStatus: 400}, network.Never},
		"nobody":                   {Error{Code: 100, Subcode: 2018001, HTTPStatus: 400}, network.Never},
		"temporary":                {Error{Code: 1200, Subcode: 2018024, HTTPStatus: 400}, network.Backoff},
		"the call's rate":          {Error{Code: 613, HTTPStatus: 400}, network.Backoff},
		"the app's rate":           {Error{Code: 4, HTTPStatus: 400}, network.Backoff},
		"the page's rate":          {Error{Code: 32, HTTPStatus: 400}, network.Backoff},
		"no permission":            {Error{Code: 200, HTTPStatus: 403}, network.StopTenant},
		"a token's subcode":        {Error{Code: 190, Subcode: 463, HTTPStatus: 400}, network.StopTenant},
		"permission alone":         {Error{Code: 10, HTTPStatus: 403}, network.StopTenant},
		"unknown, server's fault":  {Error{Code: 999999, HTTPStatus: 502}, network.Backoff},
		"unknown, too many":        {Error{Code: 999999, HTTPStatus: 429}, network.Backoff},
		"unknown, unauthorized":    {Error{Code: 999999, HTTPStatus: 401}, network.StopTenant},
		"unknown, caller's fault":  {Error{Code: 999999, HTTPStatus: 400}, network.Never},
		"by webhook, no HTTP code": {Error{Code: 131049}, network.Wait},
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
	asked := Error{Code: 130429, RetryAfter: 3 * time.Second}
	if got := asked.Wait(); got != 3*time.Second {
		t.Errorf("130429: got %s, want 3s", got)
	}
}
