package whatsapp

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/graph"
)

func TestRefusalShape(t *testing.T) {
	closed := time.Date(2026, 10, 5, 10, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		err  *graph.Error
		want string
	}{
		"window closed": {
			OutsideWindow(closed),
			`{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_data":{"messaging_product":"whatsapp","details":"The service window closed at 2026-10-05T10:00:00Z. Send an approved template, or wait for the customer to write."}}}`,
		},
		"no window": {
			OutsideWindow(time.Time{}),
			`{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_data":{"messaging_product":"whatsapp","details":"No service window: the customer has not written to this number. Send an approved template instead."}}}`,
		},
		"budget": {
			BudgetExhausted("0.0130 USD", "0.0042 USD"),
			`{"error":{"message":"(#131042) Business eligibility payment issue","type":"OAuthException","code":131042,"error_data":{"messaging_product":"whatsapp","details":"The account's budget does not cover this message: it can cost 0.0130 USD and 0.0042 USD is left. Raise the budget or wait for the next period."}}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := json.Marshal(tc.err)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRefusalCodes(t *testing.T) {
	tests := []struct {
		err          *graph.Error
		code, status int
	}{
		{OutsideWindow(time.Time{}), 131047, 400},
		{InvalidToken(), 190, 401},
		{UnknownPhoneNumberID(), 33, 400},
		{ThroughputReached(time.Second), 130429, 400},
		{BudgetExhausted("1 USD", "0 USD"), 131042, 400},
		{TemplateNotFound(), 132001, 404},
		{TemplatePaused(), 132015, 400},
		{TemplateDisabled(), 132016, 400},
		{MarketingStopped(), 131050, 400},
		{MethodNotAllowed(), 131055, 405},
		{Unavailable(time.Second), 131016, 503},
	}
	for _, tc := range tests {
		if tc.err.Code != tc.code || tc.err.HTTPStatus != tc.status || tc.err.Details == "" {
			t.Errorf(
				"got %d with %d and %q, want %d with %d and a sentence", tc.err.Code, tc.err.HTTPStatus, tc.err.Details,
				tc.code, tc.status,
			)
		}
	}
}
