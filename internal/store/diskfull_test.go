//go:build linux

package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/store"
)

// limitFiles makes every write beyond size fail, as on a full disk, until the returned function is
// called.
func limitFiles(t *testing.T, size int64) (lift func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	set := func(limit syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			t.Fatal(err)
		}
	}
	set(syscall.Rlimit{Cur: uint64(size), Max: before.Max})
	lift = func() { set(before) }
	t.Cleanup(lift)
	return lift
}

func TestP1FullDiskAcknowledgesNothingAndHealsByItself(t *testing.T) {
	synctest.Test(t, fillTheDisk)
}

func fillTheDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), "guichet.db")
	var log bytes.Buffer
	s, err := store.Open(context.Background(), store.Options{
		Path: path, AccountUID: accountUID, Keys: newKeys(t), Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	acknowledged, refused := map[string]bool{}, 0
	write := func(n int) {
		id := fmt.Sprint("wamid.", n)
		err := s.Update(context.Background(), func(tx *store.Tx) error {
			if err := tx.Queue().Accept(newMessage(id, customer(n))); err != nil {
				return err
			}
			_, err := settle(tx, id)
			return err
		})
		switch {
		case err == nil:
			acknowledged[id] = true
		case errors.Is(err, store.ErrUnavailable):
			refused++
		default:
			t.Fatalf("Update = %v; want nil or ErrUnavailable", err)
		}
	}
	for n := range 10 {
		write(n)
	}
	wal, err := os.Stat(path + "-wal")
	if err != nil {
		t.Fatal(err)
	}
	lift := limitFiles(t, wal.Size()+64*1024)
	for n := 10; refused < 5 && n < 1000; n++ {
		write(n)
	}
	if refused < 5 {
		t.Fatal("the disk never filled up: the test proves nothing")
	}
	lift()
	for n := 1000; n < 1010; n++ {
		write(n)
		if !acknowledged[fmt.Sprint("wamid.", n)] {
			t.Errorf("operation %d failed after the disk had room again", n)
		}
	}
	view(t, s, func(tx *store.Tx) error {
		head, totals, err := ledger.Verify(accountUID, tx.Ledger().Entries(0))
		if err != nil {
			return err
		}
		if head.Sequence != int64(len(acknowledged)) {
			t.Errorf("the ledger has %d records; %d were acknowledged", head.Sequence, len(acknowledged))
		}
		total, err := tx.Figures().Total(whole)
		if total != totals[whole] {
			t.Errorf("total = %+v; recomputed %+v", total, totals[whole])
		}
		for id := range acknowledged {
			if _, found, err := tx.Messages().ByID(id); err != nil || !found {
				t.Errorf("acknowledged message %s is not there: %v", id, err)
			}
		}
		return err
	})
	time.Sleep(10 * time.Second) // of the bubble's clock: only a state that lasts is told
	write(2000)
	text := log.String()
	if strings.Count(text, "Store became unavailable") != 1 || strings.Count(text, "Store is available again") != 1 {
		t.Errorf("log:\n%s\nwant one line when it became unavailable and one when it was available again", text)
	}
}

// A disk that is full when the gateway starts is waited for, like one that fills up later.
func TestFullDiskAtTheStartIsUnavailable(t *testing.T) {
	options := store.Options{Path: filepath.Join(t.TempDir(), "guichet.db"), AccountUID: accountUID, Keys: newKeys(t)}
	s, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	update(t, s, func(tx *store.Tx) error {
		m := newMessage("large", customer(1))
		m.Content = bytes.Repeat([]byte("x"), 2<<20)
		return tx.Queue().Accept(m)
	})
	// What a crash leaves: a log that has not gone into the database yet, behind whose end the next
	// start writes.
	crashed := options
	crashed.Path = filepath.Join(t.TempDir(), "guichet.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(options.Path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(crashed.Path+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	lift := limitFiles(t, 1<<20)
	if s, err := store.Open(t.Context(), crashed); !errors.Is(err, store.ErrUnavailable) {
		t.Fatalf("Open on a full disk = %v, %v; want ErrUnavailable", s, err)
	}
	lift()
	if s, err = store.Open(t.Context(), crashed); err != nil {
		t.Fatalf("Open with room again: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}
