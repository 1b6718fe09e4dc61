package cli

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/internal/simulator/fixtures"
)

// printed is what a command that runs has printed so far.
type printed struct {
	mu   sync.Mutex
	text strings.Builder
}

func (p *printed) Write(text []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.Write(text)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text.String()
}

// prints waits until something that matches was printed, and returns its submatches.
func (p *printed) prints(t *testing.T, pattern string) []string {
	t.Helper()
	gomega.NewWithT(t).Eventually(p.String, 20*time.Second, 10*time.Millisecond).
		Should(gomega.MatchRegexp(pattern))
	return regexp.MustCompile(pattern).FindStringSubmatch(p.String())
}

// listen runs the command until the test ends it.
func listen(t *testing.T, arguments ...string) (out *printed, end func() error) {
	t.Helper()
	out = &printed{}
	ctx, cancel := context.WithCancel(t.Context())
	command := New()
	command.SetArgs(append([]string{"listen"}, arguments...))
	command.SetOut(out)
	command.SetErr(out)
	ended := make(chan error, 1)
	go func() { ended <- command.ExecuteContext(ctx) }()
	end = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = end() })
	return out, end
}

// fakeKubectl puts a kubectl into the PATH that notes its arguments and answers by a script.
func fakeKubectl(t *testing.T, script string) (arguments func() string) {
	t.Helper()
	directory := t.TempDir()
	notes := filepath.Join(directory, "arguments")
	program := "#!/bin/sh\necho \"$*\" >> '" + notes + "'\n" + script + "\n"
	// #nosec G306 -- a program has to be executable
	if err := os.WriteFile(filepath.Join(directory, "kubectl"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() string {
		noted, err := os.ReadFile(notes)
		if err != nil {
			t.Fatal(err)
		}
		return string(noted)
	}
}

// What is forwarded to the laptop are the bytes of the callback, signed with the secret that was
// printed; the business's own endpoint has it too. The line has no number and no content.
func TestListenForwardsACopy(t *testing.T) {
	business, laptop := newEndpoint(t, ""), newEndpoint(t, "")
	folder, _ := startDev(t, business)
	out, end := listen(t, "--forward-to", laptop.URL+"/webhook", "--dir", folder)
	laptop.trust(out.prints(t, `(?m)^Callbacks are signed with the secret (\S{20,})$`)[1])
	out.prints(t, `(?m)^Listening\.$`)
	trigger(t, "message.text", "--text", "Grüße", "--from", "33639987777", "--dir", folder)
	line := out.prints(t, `(?m)^\d\d:\d\d:\d\d  message\.text +106540352242922 +(\d+) bytes  → 200 in \d+ ms$`)
	body := laptop.hears(t, "Gr\\u00fc\\u00dfe")
	if told := business.hears(t, "Gr\\u00fc\\u00dfe"); told != body || line[1] != fmt.Sprint(len(body)) {
		t.Errorf("the laptop got %s bytes: %s\nthe business %s", line[1], body, told)
	}
	trigger(t, "status.failed", "--code", "131049", "--dir", folder)
	out.prints(t, `(?m)^\S+  status\.failed 131049 +106540352242922 .* → 200 in `)
	if text := out.String(); strings.Contains(text, "33639987777") || strings.Contains(text, "fc") {
		t.Errorf("it printed a number or a text: %s", text)
	}
	if laptop.forged > 0 {
		t.Errorf("%d callbacks were not signed", laptop.forged)
	}
	if err := end(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// An endpoint that fails, moves or is not there is named, and the next callback goes its way.
func TestListenGoesOnWhenTheEndpointFails(t *testing.T) {
	folder, _ := startDev(t, nil)
	elsewhere := newEndpoint(t, "s")
	moved := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	t.Cleanup(moved.Close)
	t.Setenv(secretVariable, "s")
	for address, want := range map[string]string{
		moved.URL: ` → 307 in `, gone.URL: ` → ` + regexp.QuoteMeta(gone.URL) + ` did not answer: `,
	} {
		out, end := listen(t, "--forward-to", address, "--dir", folder)
		out.prints(t, `(?m)^Listening\.$`)
		for _, event := range []string{"message.text", "message.image"} {
			trigger(t, event, "--dir", folder)
		}
		out.prints(t, `(?m)^\S+  message\.text .*`+want)
		out.prints(t, `(?m)^\S+  message\.image .*`+want)
		if strings.Contains(out.String(), "secret") {
			t.Errorf("it printed the secret that it was given: %s", out)
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	if heard := elsewhere.with(""); len(heard) != 0 {
		t.Errorf("a redirect was followed: %q", heard)
	}
}

// On a cluster every replica is followed, each through a port of its own.
func TestListenFollowsEveryReplicaOfAnAccount(t *testing.T) {
	folders, gateways := [2]string{}, [2]*url.URL{}
	for i := range folders {
		folder, process := startDev(t, nil)
		address, err := url.Parse(process.GatewayURL)
		if err != nil {
			t.Fatal(err)
		}
		folders[i], gateways[i] = folder, address
		t.Setenv(fmt.Sprintf("TOKEN_%d", i), process.Token)
	}
	// the second replica has another token here: it refuses, and the first is followed all the same
	arguments := fakeKubectl(t, `case "$*" in
*businessaccount/acme*) printf acme-api-tokens ;;
*secret/acme-api-tokens*) printf '%s\n' "$TOKEN_0" ;;
*"get --namespace acme pods --selector app.kubernetes.io/name=guichet-gateway,guichet.dev/account=acme"*)
  printf 'acme-gateway-0\nacme-gateway-1\n' ;;
*pod/acme-gateway-0*) echo "Forwarding from 127.0.0.1:`+gateways[0].Port()+` -> 8080"; exec sleep 60 ;;
*pod/acme-gateway-1*) echo "Forwarding from 127.0.0.1:`+gateways[1].Port()+` -> 8080"; exec sleep 60 ;;
esac`)
	out, end := listen(t, "--account", "acme/acme", "--context", "kind", "--show-body")
	out.prints(t, `(?m)^Listening to acme-gateway-0\.$`)
	out.prints(t, `(?m)^acme-gateway-1: the gateway answered 401: `)
	trigger(t, "message.location", "--dir", folders[0])
	out.prints(t, `(?m)^\S+  message\.location .*bytes$\n^\{"object":"whatsapp_business_account",.*"latitude":48.8584`)
	if err := end(); err != nil {
		t.Errorf("it ended with %v", err)
	}
	for _, want := range []string{
		"--context kind port-forward --namespace acme --address 127.0.0.1 pod/acme-gateway-0 :8080\n",
		"--context kind get --namespace acme pods --selector ",
	} {
		if got := arguments(); !strings.Contains(got, want) {
			t.Errorf("kubectl got %s", got)
		}
	}
}

func TestListenSaysWhatIsWrong(t *testing.T) {
	t.Setenv(tokenVariable, "")
	none := t.TempDir()
	folder, process := startDev(t, nil)
	fakeKubectl(t, `echo 'Error from server (NotFound): not found' >&2; exit 1`)
	for arguments, want := range map[string]string{
		"--dir " + none: "no guichet dev runs in " + none,
		"--forward-to localhost:3000 --dir " + folder:         "--forward-to \"localhost:3000\" must be a URL such as",
		"--gateway " + process.GatewayURL:                     "give one of the account's API tokens in GUICHET_TOKEN",
		"--account acme":                                      "--account must be NAMESPACE/NAME",
		"--account acme/acme":                                 "(NotFound): not found",
		"--account acme/acme --gateway " + process.GatewayURL: "none of the others can be",
	} {
		_, err := run(t, append([]string{"listen"}, strings.Fields(arguments)...)...)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", arguments, err, want)
		}
	}
	t.Setenv(tokenVariable, "another")
	_, err := run(t, "listen", "--gateway", process.GatewayURL)
	if err == nil || !strings.Contains(err.Error(), "the gateway answered 401") {
		t.Errorf("with another token: %v", err)
	}
}

// What is printed of a callback is Meta's own word for it, and nobody else's.
func TestEveryFixtureIsDescribed(t *testing.T) {
	plain := regexp.MustCompile(`^[a-z_]+(\.[a-z_]+){0,2}( [a-z_]+| \d+)?$`)
	for _, f := range fixtures.All() {
		body, err := f.Webhook(fixtures.Values{Now: time.Now(), Text: "A secret", From: "33639987777", Page: "1"})
		if err != nil {
			t.Fatal(err)
		}
		if said := fixtures.Describe(body); !plain.MatchString(said) || strings.Contains(said, "unknown") {
			t.Errorf("%s is described as %q", f.Name, said)
		}
	}
	for _, body := range []string{
		``, `{}`, `{"entry":[{}]}`, `{"entry":[{"changes":[{"field":"33639987777"}]}]}`,
		`{"object":"whatsapp_business_account","entry":[{"changes":[{"value":{"messages":[{"type":"A secret"}]}}]}]}`,
	} {
		if said := fixtures.Describe([]byte(body)); !strings.HasSuffix(said, "unknown") {
			t.Errorf("%s is described as %q", body, said)
		}
	}
}
