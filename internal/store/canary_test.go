package store_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/store"
)

// Canaries: texts that must not be found in any byte of the store's files.
const (
	canaryNumber  = "33698765432"
	canaryBody    = "CANARY-BODY your appointment is at ten"
	canaryClient  = "CANARY-CLIENT job=42"
	canaryInbound = "CANARY-INBOUND where is my parcel"
	// The upstream's ids hold the recipient's number in base64: here MzM2OTg3NjU0MzI.
	canaryUpstream = "wamid.HBgLMzM2OTg3NjU0MzIVAgARGBI1RkE0"
	canaryStatus   = "CANARY-STATUS recipient 33698765432"
)

func TestP7NothingAboutPeopleIsReadableAtRest(t *testing.T) {
	t.Run(string(embedded), func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "guichet.db")
		hideCanaries(
			t, place{path: path}, func(t *testing.T, when string) []string { return databaseFiles(t, path, when) },
		)
	})
	t.Run(string(shared), func(t *testing.T) {
		server := postgrestest.Start(t)
		hideCanaries(
			t, place{url: server.Database(t)}, func(t *testing.T, _ string) []string { return serverFiles(t, server) },
		)
	})
}

// databaseFiles are SQLite's files, which only their user may read.
func databaseFiles(t *testing.T, path, when string) []string {
	t.Helper()
	files, err := filepath.Glob(path + "*")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf(
				"%s: %s has mode %v, %v; want it to be for its user only", when, filepath.Base(file), info.Mode(), err,
			)
		}
	}
	return files
}

// serverFiles are all that PostgreSQL has on disk: tables, indexes, its log of changes and that of
// messages.
func serverFiles(t *testing.T, server *postgrestest.Server) (files []string) {
	t.Helper()
	if err := server.Exec("CHECKPOINT"); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(server.Directory(), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return files
}

func hideCanaries(t *testing.T, where place, filesOf func(t *testing.T, when string) []string) {
	t.Helper()
	keys := newKeys(t)
	s := where.open(t, keys)
	who := keys.CustomerHash(channel, canaryNumber)
	grep := func(when string) {
		t.Helper()
		files := filesOf(t, when)
		marker := false
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, canary := range []string{
				canaryNumber, "CANARY", "parcel", "appointment", canaryUpstream, "MzM2OTg3NjU0MzI",
			} {
				if bytes.Contains(text, []byte(canary)) {
					t.Errorf("%s: %s holds %q in plain text", when, filepath.Base(file), canary)
				}
			}
			marker = marker || bytes.Contains(text, []byte("wamid.canary"))
		}
		if !marker {
			t.Errorf("%s: the message's id is in none of %d files: the search proves nothing", when, len(files))
		}
	}
	update(t, s, func(tx *store.Tx) error {
		if _, err := tx.Intake().FirstTime(canaryUpstream, noon); err != nil {
			return err
		}
		known := conversation.State{FirstContact: noon.Unix()}
		if err := tx.People().PutConversation(channel, who, &known); err != nil {
			return err
		}
		if err := tx.Callbacks().Enqueue(
			&store.Callback{Channel: channel, Customer: who, Payload: []byte(canaryInbound), CreatedAt: noon},
		); err != nil {
			return err
		}
		if err := tx.Intake().KeepEarlyStatus(canaryUpstream+"2", []byte(canaryStatus), noon); err != nil {
			return err
		}
		if err := tx.People().PutReach(who, noon); err != nil {
			return err
		}
		m := newMessage("wamid.canary", who)
		m.Envelope, m.Content = []byte(canaryNumber+canaryClient), []byte(canaryBody)
		return tx.Queue().Accept(m)
	})
	grep("while the message waits")
	claim(t, s, noon, 1)
	with(t, s, "wamid.canary", func(tx *store.Tx, m *store.Message) error {
		return tx.Queue().Submit(m, canaryUpstream, noon)
	})
	update(t, s, func(tx *store.Tx) error {
		m, _, err := tx.Messages().ByID("wamid.canary")
		if err != nil {
			return err
		}
		if string(m.Envelope) != canaryNumber+canaryClient {
			t.Errorf("envelope = %q; want what was stored", m.Envelope)
		}
		_, err = tx.Ledger().Settle(m, settlement(m), time.Time{})
		return err
	})
	grep("after the settlement")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	grep("after closing")
}
