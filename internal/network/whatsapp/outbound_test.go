package whatsapp

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

func TestParse(t *testing.T) {
	country := func(code string) market.Country {
		parsed, err := market.ParseCountry(code)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	mine := "job=42"
	const month = 30 * 24 * time.Hour
	tests := map[string]struct {
		body string
		want network.Outbound
	}{
		"text": {
			`{"messaging_product":"whatsapp","to":"+33 (0)6 12 34 56 78","text":{"body":"hi"}}`,
			network.Outbound{
				To: "33612345678", Recipient: "33612345678", Country: country("FR"), Type: "text",
				Form: conversation.FreeForm, TTL: month,
			},
		},
		"template to a user id": {
			`{"messaging_product":"whatsapp","recipient":"BR.77","type":"template","template":{"name":"a","language":{"code":"en"}},"biz_opaque_callback_data":"job=42"}`,
			network.Outbound{
				To: "BR.77", Recipient: "BR.77", Country: country("BR"), Type: "template", Form: conversation.Templated,
				TTL: month, Template: &template.Send{Name: "a", Language: "en"}, CallbackData: &mine,
			},
		},
		"reaction": {
			`{"messaging_product":"whatsapp","to":"33612345678","type":"reaction","reaction":{"message_id":"wamid.1","emoji":""}}`,
			network.Outbound{
				To: "33612345678", Recipient: "33612345678", Country: country("FR"), Type: "reaction",
				Form: conversation.Reaction, TTL: month,
			},
		},
		"Direct Send": {
			`{"messaging_product":"whatsapp","to":"33612345678","category":"utility","text":{"body":"hi"}}`,
			network.Outbound{
				To: "33612345678", Recipient: "33612345678", Country: country("FR"), Type: "text",
				Form: conversation.Direct, Category: conversation.Utility, TTL: month,
			},
		},
		"Direct Send of a one-time password": {
			`{"messaging_product":"whatsapp","to":"33612345678","category":"authentication","text":{"body":"1234"}}`,
			network.Outbound{
				To: "33612345678", Recipient: "33612345678", Country: country("FR"), Type: "text",
				Form: conversation.Direct, Category: conversation.Authentication, TTL: 10 * time.Minute,
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Network{}.Parse([]byte(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Content = json.RawMessage(tc.body)
			got.Answer = nil
			if diff := cmp.Diff(&tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseNotice(t *testing.T) {
	got, err := Network{}.Parse([]byte(`{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1","text":{"body":"hi"}}`))
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"messaging_product":"whatsapp","status":"read","message_id":"wamid.1"}`; string(got.Notice) != want {
		t.Errorf("got %s, want %s", got.Notice, want)
	}
	answer, err := json.Marshal(got.Answer(""))
	if err != nil || string(answer) != `{"success":true}` {
		t.Errorf("the answer is %s, %v", answer, err)
	}
}

func TestUnservableRecipients(t *testing.T) {
	for name, body := range map[string]string{
		"of no country": `{"messaging_product":"whatsapp","recipient":"QQ.77","text":{"body":"hi"}}`,
	} {
		got, err := Network{}.Parse([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if refusal, ok := network.AsError(got.Unservable); !ok || refusal.Number() != 131009 {
			t.Errorf("%s: got %v, want 131009", name, got.Unservable)
		}
	}
}

// What goes to a group is of the group's categories, and the group's id is sent as it came,
// whatever it looks like. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
func TestMessagesToGroups(t *testing.T) {
	const head = `{"messaging_product":"whatsapp","recipient_type":"group","to":"33612345678",`
	n := Network{}
	out, err := n.Parse([]byte(head + `"text":{"body":"hi"}}`))
	if err != nil || out.Unservable != nil || !out.Group || out.To != "@group/33612345678" ||
		out.Recipient != "33612345678" {
		t.Fatalf("got %+v, %v", out, err)
	}
	sent, err := n.Encode(out.Content, "g:1", unknown)
	if want := `{"biz_opaque_callback_data":"g:1",` + head[1:] + `"text":{"body":"hi"}}`; err != nil || string(sent) != want {
		t.Errorf("got %s, %v; want %s", sent, err, want)
	}
	for category, want := range map[conversation.Category]conversation.Category{
		conversation.None: conversation.GroupService, conversation.Utility: conversation.GroupUtility,
		conversation.Marketing: conversation.GroupMarketing,
	} {
		if got, err := n.Categorize(out, category, false); err != nil || got != want {
			t.Errorf("%v: got %v, %v; want %v", category, got, err, want)
		}
	}
	if got, err := n.Categorize(
		&network.Outbound{Group: true, Form: conversation.Reaction}, conversation.None, false,
	); err != nil || got != conversation.None {
		t.Errorf("a reaction: got %v, %v", got, err)
	}
}

func TestOneTimePasswordsGoToNumbersOnly(t *testing.T) {
	n := Network{}
	for to, want := range map[identity.Address]int{"33612345678": 0, "FR.77": 131062, "FR.ENT.77": 131062} {
		_, err := n.Categorize(&network.Outbound{To: to}, conversation.Authentication, false)
		refusal, refused := network.AsError(err)
		if refused != (want != 0) || refused && refusal.Number() != want {
			t.Errorf("to %s: got %v, want %d", to, err, want)
		}
		if got, err := n.Categorize(
			&network.Outbound{To: to}, conversation.Marketing, false,
		); err != nil || got != conversation.Marketing {
			t.Errorf("marketing to %s: got %v, %v", to, got, err)
		}
	}
}

// What the client quotes by our id is quoted by the network's, and nothing else is touched.
func TestEncodeWritesNumbersAndQuotedMessagesForTheNetwork(t *testing.T) {
	const own, foreign = "wamid.R3VpAAAA", "wamid.HBgM"
	known := func(id string) (string, error) {
		if id == own {
			return "wamid.UP", nil
		}
		return "", nil
	}
	tests := map[string]struct{ content, want string }{
		"digits":                     {`{"to":"33612345601"}`, `{"biz_opaque_callback_data":"g:1","to":"+33612345601"}`},
		"as from abroad":             {`{"to":"+33 612 345 603"}`, `{"biz_opaque_callback_data":"g:1","to":"+33 612 345 603"}`},
		"with a trunk zero":          {`{"to":"+33 (0)612 345 604"}`, `{"biz_opaque_callback_data":"g:1","to":"+33612345604"}`},
		"quotes ours":                {`{"context":{"message_id":"` + own + `"},"a": 1}`, `{"biz_opaque_callback_data":"g:1","context":{"message_id":"wamid.UP"},"a": 1}`},
		"quotes ours, forgotten":     {`{"context":{"message_id":"` + own + `x"}}`, `{"biz_opaque_callback_data":"g:1","context":{"message_id":"` + own + `x"}}`},
		"quotes the customer's":      {`{"context":{"message_id":"` + foreign + `"}}`, `{"biz_opaque_callback_data":"g:1","context":{"message_id":"` + foreign + `"}}`},
		"reacts to ours":             {`{"reaction":{"message_id":"` + own + `","emoji":"x"}}`, `{"biz_opaque_callback_data":"g:1","reaction":{"message_id":"wamid.UP","emoji":"x"}}`},
		"pins ours":                  {`{"pin":{"type":"pin","message_id":"` + own + `","expiration_days":4}}`, `{"biz_opaque_callback_data":"g:1","pin":{"type":"pin","message_id":"wamid.UP","expiration_days":4}}`},
		"a reaction of another type": {`{"reaction":7}`, `{"biz_opaque_callback_data":"g:1","reaction":7}`},
	}
	for name, tc := range tests {
		got, err := Network{}.Encode([]byte(tc.content), "g:1", known)
		if err != nil || string(got) != tc.want {
			t.Errorf("%s:\ngot  %s, %v\nwant %s", name, got, err, tc.want)
		}
	}
	if _, err := (Network{}).Encode([]byte(`7`), "g:1", known); !errors.Is(err, network.ErrUnreadable) {
		t.Errorf("got %v for what is no request", err)
	}
	lost := errors.New("the store is gone")
	failing := func(string) (string, error) { return "", lost }
	if _, err := (Network{}).Encode([]byte(`{"context":{"message_id":"`+own+`"}}`), "g:1", failing); !errors.Is(err, lost) {
		t.Errorf("got %v, want the store's error", err)
	}
}

func TestParseAddress(t *testing.T) {
	for text, want := range map[string]identity.Address{
		"+33 (0)6 12 34 56 78": "33612345678", "BR.77": "BR.77", "US.ENT.1": "US.ENT.1",
		"0612345678": "", "ana": "", "": "", "QQ.1": "",
	} {
		got, err := Network{}.ParseAddress(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
}

func TestRefuse(t *testing.T) {
	mismatch := &template.Mismatch{Kind: template.WrongCount, Details: "body has 1 parameter and needs 2."}
	tests := map[network.Reason]struct {
		refusal      network.Refusal
		code, status int
	}{
		network.Malformed:        {network.Refusal{Details: "No."}, 100, 400},
		network.InvalidValue:     {network.Refusal{Details: "No."}, 131009, 400},
		network.TooLarge:         {network.Refusal{Details: "No."}, 100, 413},
		network.TooSlow:          {network.Refusal{Details: "No."}, 100, 408},
		network.NoSuchPath:       {network.Refusal{Details: "No."}, 100, 404},
		network.NoMethod:         {network.Refusal{}, 131055, 405},
		network.NoMedia:          {network.Refusal{}, 100, 404},
		network.Unauthenticated:  {network.Refusal{}, 190, 401},
		network.UnknownChannel:   {network.Refusal{}, 33, 400},
		network.UnknownObject:    {network.Refusal{}, 100, 400},
		network.Forbidden:        {network.Refusal{Details: "No."}, 10, 403},
		network.OutOfWindow:      {network.Refusal{}, 131047, 400},
		network.OptedOut:         {network.Refusal{}, 131050, 400},
		network.Undeliverable:    {network.Refusal{Details: "No."}, 131026, 400},
		network.NoConsent:        {network.Refusal{Details: "No."}, 131005, 403},
		network.Promotional:      {network.Refusal{Details: "No."}, 131005, 403},
		network.CustomerLimit:    {network.Refusal{Details: "No.", After: time.Hour}, 131048, 400},
		network.Unpaid:           {network.Refusal{Details: "No."}, 131042, 400},
		network.OverBudget:       {network.Refusal{Needed: "1 USD", Left: "0 USD"}, 131042, 400},
		network.NoTemplate:       {network.Refusal{}, 132001, 404},
		network.PausedTemplate:   {network.Refusal{}, 132015, 400},
		network.DisabledTemplate: {network.Refusal{}, 132016, 400},
		network.TemplateMismatch: {network.Refusal{Mismatch: mismatch}, 132000, 400},
		network.Busy:             {network.Refusal{After: time.Second}, 130429, 400},
		network.Unavailable:      {network.Refusal{After: time.Second}, 131016, 503},
		network.OutcomeUnknown:   {network.Refusal{After: time.Second}, 131016, 503},
		network.Fault:            {network.Refusal{}, 131000, 500},
		network.Silent:           {network.Refusal{Details: "No."}, 131016, 500},
		network.Broken:           {network.Refusal{Details: "No."}, 131000, 500},
	}
	for reason, tc := range tests {
		tc.refusal.Reason = reason
		got := Network{}.Refuse(&tc.refusal)
		failure, ok := graph.AsError(got)
		if !ok || got.Number() != tc.code || got.Status() != tc.status || failure.Details == "" {
			t.Errorf("%s: got %d with %d and %v, want %d with %d and a sentence",
				reason, got.Number(), got.Status(), got, tc.code, tc.status)
		}
		if tc.refusal.Details != "" && failure.Details != tc.refusal.Details {
			t.Errorf("%s: got the sentence %q, want %q", reason, failure.Details, tc.refusal.Details)
		}
		if failure.RetryAfter != tc.refusal.After {
			t.Errorf("%s: retry after %s, want %s", reason, failure.RetryAfter, tc.refusal.After)
		}
	}
}

func TestEncodeLosesNothing(t *testing.T) {
	tests := map[string]struct{ body, want string }{
		"replaced": {
			`{ "messaging_product":"whatsapp", "to":"+33612345678","biz_opaque_callback_data": "mine" ,` +
				`"text":{"body":"hi","preview_url":true},"future":{"a":[1, 2.50]}}`,
			`{ "messaging_product":"whatsapp", "to":"+33612345678","biz_opaque_callback_data": "g:1" ,` +
				`"text":{"body":"hi","preview_url":true},"future":{"a":[1, 2.50]}}`,
		},
		"added": {
			`{"messaging_product":"whatsapp","to":"+33612345678","text":{"body":"\u00e9"}}`,
			`{"biz_opaque_callback_data":"g:1","messaging_product":"whatsapp","to":"+33612345678",` +
				`"text":{"body":"\u00e9"}}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Network{}.Encode([]byte(tc.body), "g:1", unknown)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// unknown knows no message.
func unknown(string) (string, error) { return "", nil }

// The token that a client shows the gateway is not shown to the upstream, wherever it stands (P7).
func TestP7ATokenInTheBodyIsNotPassedOn(t *testing.T) {
	const token = "canary-token"
	for _, body := range []string{
		`{"messaging_product":"whatsapp","access_token":"` + token + `","to":"33612345678","text":{"body":"hi"}}`,
		`{"messaging_product":"whatsapp","Access.Token[]":"` + token + `","to":"33612345678","text":{"body":"hi"}}`,
		`access_token=` + token + `&messaging_product=whatsapp&to=33612345678&text={"body":"hi"}`,
		`{"messaging_product":"whatsapp","appsecret_proof":"` + token + `","to":"33612345678","text":{"body":"hi"}}`,
	} {
		out, err := Network{}.Parse([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		sent, err := Network{}.Encode(out.Content, "g:1", unknown)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(sent), token) {
			t.Errorf("%s was sent", sent)
		}
	}
}
