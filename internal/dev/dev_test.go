package dev_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/gomega"

	"github.com/guichet-dev/guichet/internal/cli"
	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/dev"
	"github.com/guichet-dev/guichet/internal/gateway/reporting"
	"github.com/guichet-dev/guichet/internal/money"
)

const (
	number = "106540352242922"
	ana    = "33612345678"
	// patience bounds every wait.
	patience = time.Minute
)

// world is a process of guichet dev, whose time begins at noon of 20 November 2026.
type world struct {
	*testing.T
	*dev.Process
	directory string
	// ledger are the flags by which the command line finds the ledger.
	ledger []string
}

func start(t *testing.T, directory string) *world {
	t.Helper()
	process, err := dev.Start(t.Context(), options(directory, samples(t)))
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		T: t, Process: process, directory: directory,
		ledger: []string{"--store", filepath.Join(directory, "data", "gateway.db")},
	}
}

// samples are the manifests of the samples.
func samples(t *testing.T) *dev.Manifests {
	t.Helper()
	manifests, err := dev.ReadManifests("", "", "")
	if err != nil {
		t.Fatal(err)
	}
	return manifests
}

func options(directory string, manifests *dev.Manifests) dev.Options {
	began, noon := time.Now(), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return dev.Options{
		Directory: directory, Manifests: manifests, GatewayAddress: "127.0.0.1:0", SimulatorAddress: "127.0.0.1:0",
		Clock: clock.New(func() time.Time { return noon.Add(time.Since(began)) }),
		Log:   slog.New(slog.DiscardHandler),
	}
}

// call makes a request, and returns the status and the body of its answer.
func (w *world) call(method, url, body string) (int, string) {
	w.Helper()
	request, err := http.NewRequestWithContext(w.Context(), method, url, strings.NewReader(body))
	if err != nil {
		w.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+w.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		w.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		w.Fatal(err)
	}
	return response.StatusCode, string(answer)
}

// must makes a request that succeeds.
func (w *world) must(method, url, body string) string {
	w.Helper()
	status, answer := w.call(method, url, body)
	if status != http.StatusOK {
		w.Fatalf("%s %s: %d %s", method, url, status, answer)
	}
	return answer
}

// send sends a message as the business.
func (w *world) send(content string) (int, string) {
	w.Helper()
	return w.call(http.MethodPost, w.GatewayURL+"/v26.0/"+number+"/messages",
		`{"messaging_product":"whatsapp","to":"+`+ana+`",`+content+`}`)
}

// write has the customer write, and waits until the gateway has taken it.
func (w *world) write() {
	w.Helper()
	w.must(http.MethodPost, w.SimulatorURL()+"/control/phones/"+ana+"/messages",
		`{"to":"`+number+`","text":"Where is my parcel?"}`)
	w.must(http.MethodGet, w.SimulatorURL()+"/control/idle", "")
}

// books waits until the ledger has so many records, and returns the books as the page gets them.
func (w *world) books(records int64) reporting.Books { return w.booksAt(number, records) }

// booksAt is books as the client of a channel gets them.
func (w *world) booksAt(channel string, records int64) (books reporting.Books) {
	w.Helper()
	gomega.NewWithT(w.T).Eventually(func() int64 {
		answer := w.must(http.MethodGet, w.SimulatorURL()+"/desk/102290129340398/v26.0/"+channel+"/books", "")
		books = reporting.Books{} // what is left out must not be that of the answer before
		if err := json.Unmarshal([]byte(answer), &books); err != nil {
			w.Fatal(err)
		}
		return books.Sequence
	}, patience, 20*time.Millisecond).Should(gomega.Equal(records))
	return books
}

func (w *world) end() {
	w.Helper()
	if err := w.Stop(); err != nil {
		w.Error(err)
	}
}

const (
	text     = `"type":"text","text":{"body":"On its way."}`
	reminder = `"type":"template","template":{"name":"parcel_delivery","language":{"code":"en_US"},"components":[` +
		`{"type":"header","parameters":[{"type":"text","text":"AC-2048"}]},{"type":"body","parameters":[` +
		`{"type":"text","text":"Ana"},{"type":"text","text":"Monday"},{"type":"text","text":"9:00"},` +
		`{"type":"text","text":"12:00"}]}]}`
)

// The proof of a day: within the window a text leaves, and is free. Twenty-five hours on it is
// refused, and the template leaves at the list's price. The page's figures are the ledger's.
func TestP4TomorrowComesWhenTheClockIsAdvanced(t *testing.T) {
	w := start(t, t.TempDir())
	defer w.end()
	w.write()
	if status, answer := w.send(text); status != http.StatusOK {
		t.Fatalf("a text within the window: %d %s", status, answer)
	}
	if within := w.books(1); within.OpenWindows != 1 || within.Records[0].FreeReason != "allowance" {
		t.Errorf("%d windows are open, and the text was %+v; want 1, and free by the allowance",
			within.OpenWindows, within.Records[0])
	}

	w.must(http.MethodPost, w.SimulatorURL()+"/control/clock", `{"advance":"25h"}`)
	if status, answer := w.send(text); status == http.StatusOK || !strings.Contains(answer, `"code":131047`) {
		t.Errorf("a text outside the window: %d %s; want 131047", status, answer)
	}
	if status, answer := w.send(reminder); status != http.StatusOK {
		t.Fatalf("the template outside the window: %d %s", status, answer)
	}
	books := w.books(2)
	if books.OpenWindows != 0 {
		t.Errorf("%d windows are open, want none", books.OpenWindows)
	}
	last := books.Records[0]
	if last.Charge.String() != "0.03" || last.Market != "France" || last.Category != "utility" {
		t.Errorf("the template cost %s %s as %s in %s, want 0.03 USD as utility in France",
			last.Charge, last.Currency, last.Category, last.Market)
	}
	if last.PreviousHash != books.Records[1].Hash || last.Hash != books.Hash {
		t.Errorf("the records are no chain: %+v", books)
	}
	w.booksAreTheLedgers(books)
}

// booksAreTheLedgers compares the books with what `guichet ledger totals` says of the same
// folder or server.
func (w *world) booksAreTheLedgers(books reporting.Books) {
	w.Helper()
	var out bytes.Buffer
	command := cli.New()
	command.SetArgs(append([]string{"ledger", "totals", "-o", "json"}, w.ledger...))
	command.SetOut(&out)
	if err := command.ExecuteContext(w.Context()); err != nil {
		w.Fatal(err)
	}
	type line struct {
		Period, Category  string
		Messages, Charged int64
		Billed            money.Decimal
		Sequence          int64
		Hash              string
	}
	month := books.Period
	var got []line
	for lines := json.NewDecoder(&out); lines.More(); {
		var one line
		if err := lines.Decode(&one); err != nil {
			w.Fatal(err)
		}
		if one.Period == "" || one.Period == month.Name {
			got = append(got, one)
		}
	}
	want := []line{{Period: month.Name, Messages: month.Messages, Charged: month.Charged, Billed: month.Billed}}
	for _, c := range month.Categories {
		want = append(want, line{
			Period: month.Name, Category: c.Name, Messages: c.Messages, Charged: c.Charged, Billed: c.Billed,
		})
	}
	want = append(want, line{Sequence: books.Sequence, Hash: books.Hash})
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b money.Decimal) bool { return a.Cmp(b) == 0 })); diff != "" {
		w.Errorf("the ledger's totals (-page +ledger):\n%s", diff)
	}
}

// The next start goes on with the account, its ledger and its time.
func TestP5FolderIsKept(t *testing.T) {
	directory := t.TempDir()
	first := start(t, directory)
	first.write()
	if status, answer := first.send(text); status != http.StatusOK {
		t.Fatalf("a text within the window: %d %s", status, answer)
	}
	before := first.books(1)
	first.must(http.MethodPost, first.SimulatorURL()+"/control/clock", `{"advance":"1h"}`)
	first.end()

	second := start(t, directory)
	defer second.end()
	after := second.books(1)
	if first.Token != second.Token || before.Hash != after.Hash {
		t.Errorf("the token was %s and the ledger's head %s, and they are %s and %s",
			first.Token, before.Hash, second.Token, after.Hash)
	}
	if ahead := after.AsOf.Sub(before.AsOf); ahead < time.Hour-time.Minute || ahead > time.Hour+time.Minute {
		t.Errorf("the time went on by %s, want about an hour", ahead)
	}
}

func TestCallbacksArriveSignedAtThePage(t *testing.T) {
	w := start(t, t.TempDir())
	defer w.end()
	w.write()
	gomega.NewWithT(t).Eventually(func() string {
		return w.must(http.MethodGet, w.SimulatorURL()+"/sink/", "")
	}, patience, 20*time.Millisecond).Should(gomega.And(
		gomega.ContainSubstring("Where is my parcel?"), gomega.ContainSubstring(`"signature":"sha256=`),
	))
}

func TestManifestsAreReadAsKubectlReadsThem(t *testing.T) {
	const account = `apiVersion: guichet.dev/v1alpha1
kind: BusinessAccount
metadata: {name: bikes}
spec:
  displayName: Baguette Bikes
  planName: %s
  timeZone: Europe/Paris
  whatsAppBusinessAccountID: "202290129340398"
  channels: [{name: main, phoneNumberID: "206540352242922", credentialsSecretName: bikes-whatsapp}]
%s`
	tests := map[string]struct{ content, want string }{
		"an account of one's own": {fmt.Sprintf(account, "whatsapp", ""), ""},
		"another plan":            {fmt.Sprintf(account, "other", ""), `no PricingPlan "other"`},
		"an unknown field":        {fmt.Sprintf(account, "whatsapp", "  color: red\n"), `unknown field "color"`},
		"another kind":            {"kind: Pod\n", "it has a Pod"},
		"two accounts": {
			fmt.Sprintf(account, "whatsapp", "---\n"+fmt.Sprintf(account, "whatsapp", "")), "a second BusinessAccount",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "account.yaml")
			if err := os.WriteFile(file, []byte(tc.content), 0o600); err != nil {
				t.Fatal(err)
			}
			m, err := dev.ReadManifests(file, "", "")
			switch {
			case tc.want == "" && err != nil:
				t.Fatal(err)
			case tc.want == "" && (m.Account.Name != "bikes" || len(m.Templates) != 0):
				t.Errorf("read %s with %d templates, want bikes without any", m.Account.Name, len(m.Templates))
			case tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)):
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}
