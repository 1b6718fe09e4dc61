package dev_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/dev"
	"github.com/guichet-dev/guichet/internal/postgrestest"
)

// startShared starts a process whose store is on a server.
func startShared(t *testing.T, directory, server string) (*world, error) {
	t.Helper()
	o := options(directory, samples(t))
	o.PostgresURL, o.Clock = server, nil // the server goes by this machine's clock
	process, err := dev.Start(t.Context(), o)
	if err != nil {
		return nil, err
	}
	state, err := dev.ReadState(directory)
	if err != nil {
		t.Fatal(err)
	}
	return &world{
		T: t, Process: process, directory: directory,
		ledger: []string{"--store", server, "--ledger", state.AccountUID},
	}, nil
}

// With --postgres the account's store is on the server: prices, figures and the next start are as
// with a folder.
func TestP5SharedStoreIsKeptOnTheServer(t *testing.T) {
	directory, server := t.TempDir(), postgrestest.Database(t)
	w, err := startShared(t, directory, server)
	if err != nil {
		t.Fatal(err)
	}
	w.write()
	if status, answer := w.send(text); status != http.StatusOK {
		t.Fatalf("a text within the window: %d %s", status, answer)
	}
	w.must(http.MethodPost, w.SimulatorURL()+"/control/clock", `{"advance":"25h"}`)
	if status, answer := w.send(text); status == http.StatusOK {
		t.Errorf("a text outside the window: %d %s; want a refusal", status, answer)
	}
	if status, answer := w.send(reminder); status != http.StatusOK {
		t.Fatalf("the template outside the window: %d %s", status, answer)
	}
	before := w.books(2)
	last := before.Records[0]
	if last.Charge.Sign() <= 0 || last.ListPrice == nil || last.Charge.Cmp(*last.ListPrice) != 0 {
		t.Errorf("the template cost %s, want the list's price, %v", last.Charge, last.ListPrice)
	}
	w.booksAreTheLedgers(before)
	w.end()

	again, err := startShared(t, directory, server)
	if err != nil {
		t.Fatal(err)
	}
	defer again.end()
	if after := again.books(2); after.Hash != before.Hash {
		t.Errorf("the ledger's head was %s and is %s", before.Hash, after.Hash)
	}
}

// A server that is not there is told at once, without the password.
func TestP7ServerThatIsNotThereIsTold(t *testing.T) {
	w, err := startShared(t, t.TempDir(), "postgres://guichet:sesame@127.0.0.1:1/guichet?sslmode=disable")
	if err == nil {
		w.end()
		t.Fatal("it started")
	}
	if said := err.Error(); !strings.Contains(said, "--postgres") || strings.Contains(said, "sesame") {
		t.Errorf("got %q, want an error that names --postgres and no password", said)
	}
	if _, err := startShared(t, t.TempDir(), "postgres://guichet:sesame@:x/"); err == nil ||
		strings.Contains(err.Error(), "sesame") {
		t.Errorf("an address that is none: got %v", err)
	}
}
