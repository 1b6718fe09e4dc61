package network

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestSecretOfOneChannelCoversAnother(t *testing.T) {
	tests := map[string]struct {
		scope      Scope
		own, other string
		want       bool
	}{
		"the same account":    {OwnAccount, "102", "102", true},
		"another account":     {OwnAccount, "102", "103", false},
		"no account":          {OwnAccount, "", "", false},
		"one without account": {OwnAccount, "", "102", false},
		"pages":               {OwnChannel, "", "", false},
		"pages of one app":    {OwnChannel, "102", "102", false},
	}
	for name, tc := range tests {
		if got := tc.scope.Covers(tc.own, tc.other); got != tc.want {
			t.Errorf("%s: got %t, want %t", name, got, tc.want)
		}
	}
}

// spoken is an Error of no network.
type spoken struct{ words string }

func (s spoken) Error() string                       { return s.words }
func (spoken) Number() int                           { return 7 }
func (spoken) Status() int                           { return http.StatusBadRequest }
func (spoken) Class() Class                          { return Never }
func (spoken) Wait() time.Duration                   { return 0 }
func (spoken) Cause() Cause                          { return OtherCause }
func (spoken) HidesOutcome() bool                    { return false }
func (spoken) ShowsWorkingChannel(int) bool          { return false }
func (spoken) Write(w http.ResponseWriter, _ string) { w.WriteHeader(http.StatusBadRequest) }

type speaker struct{}

func (speaker) Refuse(r *Refusal) Error { return spoken{string(r.Reason) + " of " + r.Details} }
func (speaker) KnowsCode(int) bool      { return false }
func (speaker) CauseOf(int) Cause       { return OtherCause }

func TestInWords(t *testing.T) {
	tests := map[string]struct {
		err  error
		want string
	}{
		"an error":               {spoken{"no"}, "no"},
		"an error, wrapped":      {fmt.Errorf("send: %w", spoken{"no"}), "no"},
		"a refusal":              {Refuse(InvalidValue, "to"), "invalid value of to"},
		"a refusal, wrapped":     {fmt.Errorf("send: %w", Refuse(Busy, "")), "busy of "},
		"an error of the inside": {errors.New("disk"), ""},
		"none":                   {nil, ""},
	}
	for name, tc := range tests {
		got, ok := InWords(speaker{}, tc.err)
		if ok != (tc.want != "") || ok && got.Error() != tc.want {
			t.Errorf("%s: got %v, want %q", name, got, tc.want)
		}
	}
}
