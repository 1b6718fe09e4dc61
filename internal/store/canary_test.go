package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
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
	dir := t.TempDir()
	path, keys := filepath.Join(dir, "guichet.db"), newKeys(t)
	s := open(t, path, keys)
	who := keys.CustomerHash(channel, canaryNumber)
	grep := func(when string) {
		t.Helper()
		files, err := filepath.Glob(path + "*")
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: files %v, %v; want at least one", when, files, err)
		}
		marker := false
		for _, file := range files {
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %s has mode %v, %v; want it to be for its user only", when, filepath.Base(file), info.Mode(), err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, canary := range []string{canaryNumber, "CANARY", "parcel", "appointment", canaryUpstream, "MzM2OTg3NjU0MzI"} {
				if bytes.Contains(text, []byte(canary)) {
					t.Errorf("%s: %s holds %q in plain text", when, filepath.Base(file), canary)
				}
			}
			marker = marker || bytes.Contains(text, []byte("wamid.canary"))
		}
		if !marker {
			t.Errorf("%s: the message's id is in none of %v: the search proves nothing", when, files)
		}
	}
	update(t, s, func(tx *store.Tx) error {
		if _, err := tx.FirstTime(canaryUpstream, noon); err != nil {
			return err
		}
		if err := tx.PutConversation(channel, who, &conversation.State{FirstContact: noon.Unix()}); err != nil {
			return err
		}
		if err := tx.EnqueueCallback(&store.Callback{Channel: channel, Customer: who, Payload: []byte(canaryInbound), CreatedAt: noon}); err != nil {
			return err
		}
		if err := tx.KeepEarlyStatus(canaryUpstream+"2", []byte(canaryStatus), noon); err != nil {
			return err
		}
		if err := tx.PutReach(who, noon); err != nil {
			return err
		}
		m := newMessage("wamid.canary", who)
		m.Envelope, m.Content = []byte(canaryNumber+canaryClient), []byte(canaryBody)
		return tx.Accept(m)
	})
	grep("while the message waits")
	claim(t, s, noon, 1)
	with(t, s, "wamid.canary", func(tx *store.Tx, m *store.Message) error { return tx.Submit(m, canaryUpstream, noon) })
	update(t, s, func(tx *store.Tx) error {
		m, _, err := tx.Message("wamid.canary")
		if err != nil {
			return err
		}
		if string(m.Envelope) != canaryNumber+canaryClient {
			t.Errorf("envelope = %q; want what was stored", m.Envelope)
		}
		_, err = tx.Settle(m, settlement(m), time.Time{})
		return err
	})
	grep("after the settlement")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	grep("after closing")
}
