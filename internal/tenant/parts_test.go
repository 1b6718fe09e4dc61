package tenant_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// TestCredentialsThatAreMissingAreTheLastOnes: key by key, and only for the same number.
func TestCredentialsThatAreMissingAreTheLastOnes(t *testing.T) {
	const name = "acme-credentials"
	served := &config.Document{Channels: []config.Channel{
		{ID: "1", AccessToken: "old", AppSecrets: []string{"old-app", "older-app"}, VerifyToken: "old-verify"},
	}}
	tests := map[string]struct {
		served *config.Document
		secret map[string]string
		want   string
	}{
		"all there":                       {served, map[string]string{"accessToken": "a", "appSecret": "b", "verifyToken": "c"}, "a [b] c"},
		"rotating":                        {served, map[string]string{"accessToken": "a", "appSecret": "b", "appSecretPrevious": "d", "verifyToken": "c"}, "a [b d] c"},
		"no Secret":                       {served, nil, "old [old-app older-app] old-verify"},
		"no Secret, none before":          {nil, nil, ""},
		"one key, none before":            {nil, map[string]string{"accessToken": "a", "verifyToken": "c"}, ""},
		"no access token":                 {served, map[string]string{"appSecret": "b", "verifyToken": "c"}, "old [b] c"},
		"no app secret, the last revoked": {served, map[string]string{"accessToken": "a", "verifyToken": "c"}, "a [old-app] c"},
	}
	for title, tc := range tests {
		t.Run(title, func(t *testing.T) {
			account := &v1alpha1.BusinessAccount{}
			account.Spec.Channels = []v1alpha1.Channel{{Name: "main", PhoneNumberID: "1", CredentialsSecretName: name}}
			secrets := tenant.Secrets{}
			if tc.secret != nil {
				secrets[name] = map[string][]byte{}
				for key, value := range tc.secret {
					secrets[name][key] = []byte(value)
				}
			}
			got := ""
			for _, c := range tenant.Compile(
				tenant.Sources{Account: account, Plan: plan(), Secrets: secrets, Served: tc.served},
			).Document.Channels {
				got = fmt.Sprintf("%s %v %s", c.AccessToken, c.AppSecrets, c.VerifyToken)
			}
			if got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// TestP15ADocumentIsCutToFit: what is new waits, what is revoked is gone, and a smaller budget is
// there in any case.
func TestP15ADocumentIsCutToFit(t *testing.T) {
	large := func(name string) config.Template {
		return config.Template{Definition: template.Definition{
			Name: name, Components: []template.Component{{Text: strings.Repeat("x", 600_000)}},
		}}
	}
	small := config.Template{Definition: template.Definition{Name: "small"}}
	token := func(name string) config.APIToken { return config.APIToken{Name: name, SHA256: name} }
	before := &config.Document{
		Templates: []config.Template{small}, APITokens: []config.APIToken{token("kept"), token("revoked")},
	}
	tests := map[string]struct {
		templates []config.Template
		served    *config.Document
		want      string
		reason    string
	}{
		"fits":                 {[]config.Template{small, large("a")}, before, "small a kept new", ""},
		"too much that is new": {[]config.Template{small, large("a"), large("b")}, before, "small kept", "ConfigTooLarge"},
		"too much that is old": {[]config.Template{large("a"), large("b")}, &config.Document{Templates: []config.Template{large("a"), large("b")}}, "kept new", "ConfigTooLarge"},
		"nothing before":       {[]config.Template{large("a"), large("b")}, nil, "", "ConfigTooLarge"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			document := config.Document{
				Templates: tc.templates, APITokens: []config.APIToken{token("kept"), token("new")},
				Budget: &config.Budget{Action: "Block"},
			}
			fitting, err := tenant.Fit(document, tc.served)
			if err != nil || len(fitting.Bytes) == 0 || len(fitting.Bytes) > tenant.MaxConfigBytes {
				t.Fatalf("got %d bytes, %v", len(fitting.Bytes), err)
			}
			var got []string
			for _, name := range []string{"small", "a", "b", "kept", "new", "revoked"} {
				if strings.Contains(string(fitting.Bytes), `"name":"`+name+`"`) {
					got = append(got, name)
				}
			}
			reason := ""
			if fitting.TooLarge != nil {
				reason = fitting.TooLarge.Reason
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, " ")); diff != "" || reason != tc.reason {
				t.Errorf("got the reason %q, want %q; the parts: %s", reason, tc.reason, diff)
			}
			if !strings.Contains(string(fitting.Bytes), `"action":"Block"`) {
				t.Error("the budget is gone")
			}
		})
	}
}
