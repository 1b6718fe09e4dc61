package served

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/gatewaytest"
	"github.com/guichet-dev/guichet/internal/template"
)

func parse(t *testing.T, change func(*config.Document)) (*Tenant, error) {
	t.Helper()
	return Parse(gatewaytest.Encoded(t, change), http.DefaultTransport)
}

func TestBadDocumentIsRefusedWithTheFieldThatMustChange(t *testing.T) {
	tests := map[string]struct {
		change func(*config.Document)
		want   string
	}{
		"format": {
			func(d *config.Document) { d.Format = 7 },
			"format is 7 and this gateway knows 1 to 6: upgrade the gateway or the operator",
		},
		"no format": {
			func(d *config.Document) { d.Format = 0 },
			"format is 0 and this gateway knows 1 to 6: upgrade the gateway or the operator",
		},
		"channel plan": {
			func(d *config.Document) { d.Channels[1].PlanName = "nowhere" }, "channels[1]: planName is none of plans",
		},
		"plan twice": {func(d *config.Document) {
			d.Plans = []config.ChannelPlan{{Name: "whatsapp", Plan: d.Plan}}
		}, "plans[0].name must be there, stand once and not be that of the account's plan"},
		"other currency": {func(d *config.Document) {
			d.Plans = []config.ChannelPlan{{Name: "euro", Plan: d.Plan}}
			d.Plans[0].Plan.Currency = "EUR"
		}, `plan "euro" is in EUR, and the account's plan in USD`},
		"uid":          {func(d *config.Document) { d.Account.UID = "" }, "account.uid is missing"},
		"no zone":      {func(d *config.Document) { d.Account.TimeZone = "" }, "account.timeZone is missing"},
		"unknown zone": {func(d *config.Document) { d.Account.TimeZone = "Mars/Olympus" }, "account.timeZone is no known IANA time zone"},
		"plan":         {func(d *config.Document) { d.Plan.Currency = "XXX" }, `plan "whatsapp": `},
		"no channel":   {func(d *config.Document) { d.Channels = nil }, "channels is missing"},
		"network": {
			func(d *config.Document) { d.Channels[1].Type = "Pigeon" },
			`channels[1].type must be "WhatsApp" or "Messenger" or "Instagram"`,
		},
		"ad account": {
			func(d *config.Document) { d.Channels[1].AdAccountID = "9" },
			"channels[1].adAccountID must be empty: the network has no advertising",
		},
		"same channel": {func(d *config.Document) { d.Channels[1].ID = d.Channels[0].ID }, "channels[1].id must be there and stand once"},
		"base URL":     {func(d *config.Document) { d.Channels[0].BaseURL = "graph" }, "channels[0]: base URL"},
		"no token":     {func(d *config.Document) { d.APITokens = nil }, "apiTokens is missing"},
		"token":        {func(d *config.Document) { d.APITokens[0].SHA256 = "abc" }, "apiTokens[0].sha256 must be 64 hexadecimal digits"},
		"consent":      {func(d *config.Document) { d.Consent.Policy = "Ask" }, "consent.policy must be PriorContact, OptIn or None"},
		"budget":       {func(d *config.Document) { d.Budget = &config.Budget{Limit: gatewaytest.USD("1"), Action: "Hope"} }, "budget.action must be Block or Warn"},
		"doubt":        {func(d *config.Document) { d.Doubt.Resolution = "Ask" }, "doubt.resolution must be Fail or Resend"},
		"callback":     {func(d *config.Document) { d.Callback.URL = "ftp://x" }, "callback.url must be an absolute URL"},
		"country": {func(d *config.Document) {
			d.Account.InternationalAuthentication = &config.InternationalAuthentication{
				Start: gatewaytest.Noon, BusinessCountry: "XX",
			}
		}, "account.internationalAuthentication.businessCountry"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := parse(t, tc.change)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Fatalf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestADocumentWithoutAChannelIsTaken(t *testing.T) {
	served, err := parse(t, func(d *config.Document) { d.Channels = []config.Channel{} })
	if err != nil {
		t.Fatalf("an account whose numbers others hold must be able to let them go: %v", err)
	}
	if len(served.channels) != 0 || len(served.AppSecrets()) != 0 {
		t.Fatalf("%d channels and %d app secrets are served, want none", len(served.channels), len(served.AppSecrets()))
	}
}

// A template that this gateway cannot send is left out: refusing the document would keep whatever
// else it restricts from taking effect.
func TestATemplateThatCannotBeSentLeavesTheRestServed(t *testing.T) {
	tests := map[string]struct {
		spoil func(*config.Template)
		want  string
	}{
		"definition": {func(d *config.Template) { d.Components = nil }, "templates[0] (parcel_ready, en_US): "},
		"category":   {func(d *config.Template) { d.BilledCategory = "gifts" }, "templates[0] (parcel_ready, en_US): category"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var whole int
			served, err := parse(t, func(d *config.Document) {
				whole = len(d.Templates)
				tc.spoil(&d.Templates[0])
				d.Budget = &config.Budget{Limit: gatewaytest.USD("0"), Action: "Block"}
			})
			if err != nil {
				t.Fatalf("the budget did not arrive: %v", err)
			}
			if len(served.templates) != whole-1 || served.templates[templateKey{"", "parcel_ready", "en_US"}] != nil {
				t.Errorf("%d templates of %d are served, want all but one", len(served.templates), whole)
			}
			if len(served.LeftOut) != 1 || !strings.HasPrefix(served.LeftOut[0], tc.want) {
				t.Errorf("got %q, want the reason %q", served.LeftOut, tc.want)
			}
		})
	}
}

func TestWithoutATokenNobodyIsLetIn(t *testing.T) {
	served, err := parse(t, func(d *config.Document) { d.APITokens = []config.APIToken{} })
	if err != nil {
		t.Fatalf("the last token must be revocable: %v", err)
	}
	for _, token := range []string{"", " ", gatewaytest.APIKey, "0"} {
		if name, ok := served.Authenticate(token); ok {
			t.Errorf("%q is let in as %q", token, name)
		}
	}
}

func TestErrorOfADocumentHoldsNoSecret(t *testing.T) {
	for _, document := range []string{
		`{"format":1,"account":{"uid":"canary"}} canary`, `{"format":"canary"}`, `{"budget":{"limit":{"amount":"canary","currency":"USD"}}}`, `canary`, ``, `{"apiTokens":["canary"]}`,
	} {
		_, err := Parse([]byte(document), http.DefaultTransport)
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: got %v, want an error without the value", document, err)
		}
	}
}

func TestTimeToLiveFollowsTheTemplate(t *testing.T) {
	seconds := func(n int) *int { return &n }
	tests := map[string]struct {
		category string
		ttl      *int
		want     time.Duration
	}{
		"utility":                        {template.CategoryUtility, nil, 30 * 24 * time.Hour},
		"utility with its own":           {template.CategoryUtility, seconds(3600), time.Hour},
		"authentication":                 {template.CategoryAuthentication, nil, 10 * time.Minute},
		"authentication with its own":    {template.CategoryAuthentication, seconds(30), 30 * time.Second},
		"authentication without a limit": {template.CategoryAuthentication, seconds(-1), 30 * 24 * time.Hour},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := templateTTL(
				&config.Template{Definition: template.Definition{Category: tc.category, MessageSendTTLSeconds: tc.ttl}},
			)
			if got != tc.want {
				t.Fatalf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestTemplateIsBilledUnderTheUpstreamsCategory(t *testing.T) {
	tests := map[string]struct {
		billed string
		want   conversation.Category
	}{
		"as defined":               {"utility", conversation.Utility},
		"the upstream changed it":  {"marketing", conversation.Marketing},
		"the upstream has not yet": {"", conversation.Utility},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := parse(t, func(d *config.Document) { d.Templates[0].BilledCategory = tc.billed })
			if err != nil {
				t.Fatal(err)
			}
			if category := got.templates[templateKey{"", "parcel_ready", "en_US"}].Billed; category != tc.want {
				t.Fatalf("got %s, want %s", category, tc.want)
			}
		})
	}
}

// Two channels that name no business account have nothing in common: each app secret is its own.
func TestAppSecretOfAChannelWithoutABusinessAccountSpeaksForItAlone(t *testing.T) {
	served, err := parse(t, func(d *config.Document) {
		d.Channels[0].BusinessAccountID, d.Channels[0].AppSecrets = "", []string{"first"}
		d.Channels[1].BusinessAccountID, d.Channels[1].AppSecrets = "", []string{"second"}
	})
	if err != nil {
		t.Fatal(err)
	}
	first, second := served.Channel(served.Channels[0].ID), served.Channel(served.Channels[1].ID)
	for secret, want := range map[string][2]bool{"first": {true, false}, "second": {false, true}} {
		if got := [2]bool{first.Trusts(secret), second.Trusts(secret)}; got != want {
			t.Errorf("%q speaks for %v, want %v", secret, got, want)
		}
	}
}

func TestAppSecretSpeaksOnlyForTheNumbersOfItsBusinessAccount(t *testing.T) {
	served, err := parse(t, func(d *config.Document) {
		d.Channels[0].AppSecrets = []string{"new", "old"}
		d.Channels[1].BusinessAccountID, d.Channels[1].AppSecrets = "another", []string{"other"}
	})
	if err != nil {
		t.Fatal(err)
	}
	first, second := served.channels[gatewaytest.PhoneID], served.channels[gatewaytest.SecondPhone]
	for secret, want := range map[string][2]bool{
		"new": {true, false}, "old": {true, false}, "other": {false, true}, "": {false, false},
	} {
		if got := [2]bool{first.Trusts(secret), second.Trusts(secret)}; got != want {
			t.Errorf("%q speaks for %v, want %v", secret, got, want)
		}
	}
}
