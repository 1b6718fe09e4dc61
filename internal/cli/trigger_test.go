package cli

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/dev"
	"github.com/guichet-dev/guichet/internal/gatewayclient"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator/fixtures"
)

// endpoint is a business's own. It takes what is signed with its secret.
type endpoint struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	bodies []string
	forged int
}

func newEndpoint(t *testing.T, secret string) *endpoint {
	t.Helper()
	e := &endpoint{secret: secret}
	e.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		e.mu.Lock()
		defer e.mu.Unlock()
		if !graph.VerifySignature(body, r.Header.Get(graph.SignatureHeader), e.secret) {
			e.forged++
			http.Error(w, "the signature is wrong", http.StatusForbidden)
			return
		}
		e.bodies = append(e.bodies, string(body))
	}))
	t.Cleanup(e.Close)
	return e
}

// trust has the endpoint take what is signed with a secret.
func (e *endpoint) trust(secret string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.secret = secret
}

// with are the callbacks that hold all the texts.
func (e *endpoint) with(texts ...string) (found []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, body := range e.bodies {
		if !slices.ContainsFunc(texts, func(text string) bool { return !strings.Contains(body, text) }) {
			found = append(found, body)
		}
	}
	return found
}

// hears waits until the endpoint has a callback that holds all the texts.
func (e *endpoint) hears(t *testing.T, texts ...string) string {
	t.Helper()
	gomega.NewWithT(t).Eventually(func() []string { return e.with(texts...) }, 20*time.Second, 10*time.Millisecond).
		ShouldNot(gomega.BeEmpty(), "with %q", texts)
	return e.with(texts...)[0]
}

// startDev runs guichet dev at noon of 20 November 2026, with an endpoint of the business's unless
// that is nil.
func startDev(t *testing.T, callbacks *endpoint) (folder string, process *dev.Process) {
	t.Helper()
	manifests, err := dev.ReadManifests("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	began, noon := time.Now(), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	options := dev.Options{
		Directory: t.TempDir(), Manifests: manifests, GatewayAddress: "127.0.0.1:0", SimulatorAddress: "127.0.0.1:0",
		Clock: clock.New(func() time.Time { return noon.Add(time.Since(began)) }), Log: slog.New(slog.DiscardHandler),
	}
	if callbacks != nil {
		options.CallbackURL = callbacks.URL
	}
	process, err = dev.Start(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := process.Stop(); err != nil {
			t.Error(err)
		}
	})
	if callbacks != nil {
		callbacks.trust(process.CallbackSecret)
	}
	return options.Directory, process
}

// trigger runs the command, which must succeed.
func trigger(t *testing.T, arguments ...string) string {
	t.Helper()
	printed, err := run(t, append([]string{"trigger"}, arguments...)...)
	if err != nil {
		t.Fatalf("trigger %q: %v\n%s", arguments, err, printed)
	}
	return printed
}

// A status of every word is about a message that the gateway has sent, and the business hears of it
// under the id that the command prints.
func TestTriggerSendsTheMessageThatAStatusIsAbout(t *testing.T) {
	business := newEndpoint(t, "")
	folder, _ := startDev(t, business)
	for _, tc := range []struct{ arguments, callback string }{
		{"status.failed --code 131049", `"code":131049,"title":"Message not delivered to maintain healthy`},
		{"status.sent", `"status":"sent"`},
		{"status.delivered --pricing regular --category marketing", `"type":"regular","category":"marketing"`},
		{"status.read --from 33639981234", `"recipient_id":"33639981234"`},
		{"status.played", `"status":"played"`},
	} {
		printed := trigger(t, append(strings.Fields(tc.arguments), "--dir", folder)...)
		_, id, found := strings.Cut(strings.TrimSpace(printed), ", about the message ")
		if !found {
			t.Fatalf("%s printed %q", tc.arguments, printed)
		}
		business.hears(t, `"id":"`+id+`"`, tc.callback)
	}
	if business.forged > 0 {
		t.Errorf("%d callbacks were not signed", business.forged)
	}
}

// The course of one message, as somebody scripts it.
func TestTriggerGoesOnWithAMessage(t *testing.T) {
	business := newEndpoint(t, "")
	folder, _ := startDev(t, business)
	_, id, _ := strings.Cut(strings.TrimSpace(trigger(t, "status.sent", "--dir", folder)), "message ")
	for _, status := range []string{"delivered", "read"} {
		trigger(t, "status."+status, "--message", id, "--dir", folder)
		business.hears(t, `"id":"`+id+`"`, `"status":"`+status+`"`)
	}
	if told := business.with(`"id":"` + id + `"`); len(told) != 3 {
		t.Errorf("the business was told %q", told)
	}
	trigger(t, "message.reply", "--message", id, "--text", "Merci !", "--dir", folder)
	business.hears(t, `"context":{"from":"33170180000","id":"`+id+`"}`, `"text":{"body":"Merci !"}`)
}

// What a customer writes opens the window at the gateway, and at the simulator as well: the answer
// arrives.
func TestTriggeredMessageCanBeAnswered(t *testing.T) {
	business := newEndpoint(t, "")
	folder, process := startDev(t, business)
	trigger(t, "message.ad", "--from", "33639985555", "--name", "Béa", "--dir", folder)
	business.hears(t, `"referral":{`, `"profile":{"name":"B\u00e9a"}`)
	var sent struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
	}
	gateway := &gatewayclient.Client{Base: process.GatewayURL, Token: process.Token}
	err := gateway.Call(t.Context(), http.MethodPost, "106540352242922", "messages", map[string]any{
		"messaging_product": "whatsapp", "to": "+33639985555", "type": "text", "text": map[string]string{"body": "Hello"},
	}, &sent)
	if err != nil {
		t.Fatal(err)
	}
	business.hears(t, `"id":"`+sent.Messages[0].ID+`"`, `"status":"delivered"`, `"type":"free_entry_point"`)
}

// Every event of WhatsApp goes through guichet dev, and the business is told of each.
func TestTriggerHasEveryEvent(t *testing.T) {
	business := newEndpoint(t, "")
	folder, _ := startDev(t, business)
	names := regexp.MustCompile(`(?m)^[a-z]+\.[a-z_]+`).FindAllString(trigger(t, "list"), -1)
	if len(names) != len(fixtures.All()) || len(names) < 130 {
		t.Fatalf("%d events are listed, of %d", len(names), len(fixtures.All()))
	}
	for i, name := range names {
		f, err := fixtures.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		if f.Network() != "WhatsApp" || name == "status.delivered_in_group" {
			continue
		}
		before := len(business.with(""))
		trigger(t, name, "--dir", folder)
		gomega.NewWithT(t).Eventually(func() int { return len(business.with("")) }, 20*time.Second, 5*time.Millisecond).
			Should(gomega.BeNumerically(">", before), "event %d: %s", i, name)
	}
}

// Times are those of the process, and templates its own.
func TestTriggerGoesByTheClockOfDev(t *testing.T) {
	folder, _ := startDev(t, nil)
	if _, err := run(t, "dev", "clock", "advance", "25h", "--dir", folder); err != nil {
		t.Fatal(err)
	}
	printed := trigger(t, "template.paused", "--template", "parcel_delivery", "--print", "--dir", folder)
	tomorrow := time.Date(2026, 11, 21, 13, 0, 0, 0, time.UTC).Unix()
	found := regexp.MustCompile(`"time":(\d+),"changes":\[\{"value":\{"event":"PAUSED","message_template_id":(\d+),` +
		`"message_template_name":"parcel_delivery","message_template_language":"en_US"`).FindStringSubmatch(printed)
	if found == nil {
		t.Fatalf("it printed %s", printed)
	}
	if at, err := time.Parse(time.DateTime, "2026-11-21 13:00:00"); err != nil || !within(found[1], at.Unix(), 60) {
		t.Errorf("it is of %s, want about %d", found[1], tomorrow)
	}
	if _, err := run(t, "trigger", "template.paused", "--template", "gone", "--dir", folder); err == nil ||
		!strings.Contains(err.Error(), `the account has no template "gone"`) {
		t.Errorf("a template that is not there: %v", err)
	}
}

func within(text string, want, seconds int64) bool {
	at, err := time.ParseDuration(text + "s")
	return err == nil && int64(at.Seconds()) >= want && int64(at.Seconds()) <= want+seconds
}

// Without guichet dev, a webhook is posted to the address that is given, signed with the secret
// that is given.
func TestTriggerPostsToAnEndpoint(t *testing.T) {
	business := newEndpoint(t, "s3cret")
	none := t.TempDir()
	secret := write(t, "secret", "s3cret\n")
	printed := trigger(t, "message.text", "--text", "Bonjour", "--from", "33699999999", "--times", "2",
		"--to", business.URL, "--secret-file", secret, "--dir", none)
	if want := "message.text: " + business.URL + " answered 200 in "; strings.Count(printed, want) != 2 {
		t.Errorf("it printed %s", printed)
	}
	told := business.with(`"from":"33699999999"`, `"text":{"body":"Bonjour"}`)
	if len(told) != 2 || told[0] != told[1] {
		t.Errorf("the endpoint got %q, want the same twice", told)
	}
	t.Setenv(secretVariable, "s3cret")
	trigger(t, "messenger.postback", "--to", business.URL, "--dir", none)
	business.hears(t, `"object":"page"`, `"postback":{`)
	t.Setenv(secretVariable, "another")
	printed, err := run(t, "trigger", "message.text", "--to", business.URL, "--dir", none)
	if err == nil || !strings.Contains(printed, "answered 403") ||
		!strings.Contains(printed, "the signature is wrong") {
		t.Errorf("with another secret: %v\n%s", err, printed)
	}
}

// With guichet dev --callback, the endpoint's secret is known.
func TestTriggerSignsAsDevDoes(t *testing.T) {
	business := newEndpoint(t, "")
	folder, _ := startDev(t, business)
	trigger(t, "instagram.story_mention", "--to", business.URL, "--dir", folder)
	business.hears(t, `"type":"story_mention"`)
}

func TestTriggerFollowsNoRedirect(t *testing.T) {
	business := newEndpoint(t, "s")
	moved := httptest.NewServer(http.RedirectHandler(business.URL, http.StatusPermanentRedirect))
	t.Cleanup(moved.Close)
	t.Setenv(secretVariable, "s")
	_, err := run(t, "trigger", "message.text", "--to", moved.URL, "--dir", t.TempDir())
	if err == nil || len(business.with("")) != 0 {
		t.Errorf("got %v, and %d callbacks arrived", err, len(business.with("")))
	}
}

func TestTriggerSaysWhatIsWrong(t *testing.T) {
	t.Setenv(secretVariable, "")
	none := t.TempDir()
	for arguments, want := range map[string]string{
		"status.lost":                                `there is no event "status.lost", but status.sent, status.delivered,`,
		"teleport":                                   `there is no event "teleport": guichet trigger list has all of them`,
		"message.text --code 131049":                 "message.text has no code: leave --code out",
		"status.failed --pricing regular":            "status.failed has no pricing: leave --pricing out",
		"status.sent --print --pricing x":            `there is no pricing "x", but none, regular,`,
		"message.text":                               "no guichet dev runs in " + none,
		"message.text --to localhost:3000":           "give the secret that signs the webhook",
		"message.text --print --set text":            `--set "text" is not PATH=VALUE`,
		"message.text --print --set text.body.x=1":   "--set text.body.x: x is in neither an object nor a list",
		"message.contacts --print --set contacts.x=": `"x" is no place in a list of 1`,
		"message.text --times 0":                     "--times must be between",
		"":                                           "accepts 1 arg(s)",
	} {
		_, err := run(t, append(append([]string{"trigger"}, strings.Fields(arguments)...), "--dir", none)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", arguments, err, want)
		}
	}
	t.Setenv(secretVariable, "s")
	_, err := run(t, "trigger", "message.text", "--to", "localhost:3000", "--dir", none)
	if err == nil || !strings.Contains(err.Error(), "must be a URL such as") {
		t.Errorf("an address without a scheme: %v", err)
	}
}

func TestTriggerSetsAnything(t *testing.T) {
	printed := trigger(t, "message.contacts", "--print", "--dir", t.TempDir(),
		"--set", "contacts.0.name.formatted_name=Zoë", "--set", "contacts.1.org.company=Acme", "--set", "timestamp=17",
		"--set", "context.forwarded=true")
	for _, want := range []string{
		`"formatted_name":"Zo\u00eb"`, `},{"org":{"company":"Acme"}}]`, `"timestamp":17,`, `"context":{"forwarded":true}`,
	} {
		if !strings.Contains(printed, want) {
			t.Errorf("%s is not in %s", want, printed)
		}
	}
}
