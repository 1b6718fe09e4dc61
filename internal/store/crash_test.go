package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// The environment of the child process that is killed.
const (
	crashDirectory = "GUICHET_TEST_CRASH_DIRECTORY"
	crashRound     = "GUICHET_TEST_CRASH_ROUND"
	crashDatabase  = "GUICHET_TEST_CRASH_DATABASE" // empty for a file in the directory
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashDirectory); dir != "" {
		if err := writeUntilKilled(dir, os.Getenv(crashRound)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	if database := os.Getenv(pauseDatabase); database != "" {
		if err := writeAcrossAPause(database); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// writeUntilKilled leads messages through their lives and prints each step after it was
// acknowledged.
func writeUntilKilled(dir, round string) error {
	keys, err := crashKeys(dir)
	if err != nil {
		return err
	}
	s, err := store.Open(context.Background(), crashPlace(dir, os.Getenv(crashDatabase)).options(keys))
	if err != nil {
		return err
	}
	var group sync.WaitGroup
	var errs [8]error
	for worker := range errs {
		group.Go(func() {
			for n := 0; errs[worker] == nil; n++ {
				errs[worker] = liveAndTell(s, fmt.Sprintf("%s-%d-%d", round, worker, n), customer(worker))
			}
		})
	}
	group.Wait()
	return errors.Join(errs[:]...)
}

func writeKeys(t *testing.T, dir string) {
	t.Helper()
	material, err := seal.NewKeys()
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"keyset.json": material.Keyset, "customer.key": material.CustomerKey} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func crashPlace(dir, database string) place {
	if database != "" {
		return place{url: database}
	}
	return place{path: filepath.Join(dir, "guichet.db")}
}

func liveAndTell(s *store.Store, id string, to seal.CustomerHash) error {
	steps := []struct {
		name string
		fn   func(*store.Tx) error
	}{
		{"accepted", func(tx *store.Tx) error { return tx.Queue().Accept(newMessage(id, to)) }},
		{"submitted", func(tx *store.Tx) error {
			m, _, err := tx.Messages().ByID(id)
			if err != nil {
				return err
			}
			return tx.Queue().Submit(m, "upstream-"+id, noon)
		}},
		{"settled", func(tx *store.Tx) error {
			_, err := settle(tx, id)
			return err
		}},
	}
	for _, step := range steps {
		if err := s.Update(context.Background(), step.fn); err != nil {
			return err
		}
		fmt.Println(step.name, id) // one write: lines do not mix
	}
	return nil
}

func crashKeys(dir string) (*seal.Keys, error) {
	keyset, err := os.ReadFile(filepath.Join(dir, "keyset.json"))
	if err != nil {
		return nil, err
	}
	customerKey, err := os.ReadFile(filepath.Join(dir, "customer.key"))
	if err != nil {
		return nil, err
	}
	return seal.Parse(keyset, customerKey)
}

func TestP1P2P5KilledAtRandomMoments(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) { killAtRandomMoments(t, e.newPlace(t).url) })
}

func killAtRandomMoments(t *testing.T, database string) {
	dir := t.TempDir()
	writeKeys(t, dir)
	acknowledged := map[string]string{} // the last step that was told, by message
	for round := range 5 {
		steps := 1 + rand.IntN(600)
		runAndKill(t, dir, database, strconv.Itoa(round), steps, acknowledged)
		keys, err := crashKeys(dir)
		if err != nil {
			t.Fatal(err)
		}
		s := crashPlace(dir, database).open(t, keys)
		view(t, s, func(tx *store.Tx) error { return checkAfterCrash(t, tx, acknowledged) })
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if t.Failed() {
			t.Fatalf("round %d, killed after %d steps", round, steps)
		}
	}
}

// runAndKill runs the child until it has told so many steps, kills it, and reads what it still
// told.
func runAndKill(t *testing.T, dir, database, round string, steps int, acknowledged map[string]string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0])
	child.Env = append(os.Environ(), crashDirectory+"="+dir, crashDatabase+"="+database, crashRound+"="+round)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	told := 0
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		step, id, ok := strings.Cut(lines.Text(), " ")
		if !ok {
			t.Fatalf("the child said %q", lines.Text())
		}
		acknowledged[id] = step
		if told++; told == steps {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || told < steps {
		t.Fatalf("the child ended by itself after %d steps: %v", told, err)
	}
}

func checkAfterCrash(t *testing.T, tx *store.Tx, acknowledged map[string]string) error {
	t.Helper()
	settled := map[string]bool{}
	head, totals, err := ledger.Verify(accountUID, func(yield func(ledger.Entry, error) bool) {
		for entry, err := range tx.Ledger().Entries(0) {
			if err == nil {
				record, parseErr := ledger.ParseCanonical(entry.Canonical)
				if parseErr != nil {
					err = parseErr
				} else {
					settled[record.MessageID] = true
				}
			}
			if !yield(entry, err) {
				return
			}
		}
	})
	if err != nil {
		return err
	}
	for id, step := range acknowledged {
		m, found, err := tx.Messages().ByID(id)
		switch {
		case err != nil:
			return err
		case !found:
			t.Errorf("message %s was acknowledged as %s and is not there", id, step)
			continue
		case step == "submitted" && m.State < store.Submitted:
			t.Errorf("message %s was acknowledged as submitted and is %s", id, m.State)
		case step == "settled" && (!m.Settled || !settled[id]):
			t.Errorf(
				"message %s was acknowledged as settled; the message says %v, the ledger %v", id, m.Settled,
				settled[id],
			)
		}
		if m.Settled != settled[id] {
			t.Errorf("message %s: settled %v, in the ledger %v", id, m.Settled, settled[id])
		}
	}
	unsettled, err := tx.Depth(store.Unsettled)
	if err != nil {
		return err
	}
	reserved, err := tx.Figures().Reserved("USD")
	if err != nil {
		return err
	}
	if want, _ := money.MustParse("0.03").MulInt(unsettled); reserved != want {
		t.Errorf("reserved %s for %d unsettled messages; want %s", reserved, unsettled, want)
	}
	total, err := tx.Figures().Total(whole)
	if total != totals[whole] || total.Messages != head.Sequence {
		t.Errorf("total = %+v; recomputed from %d records %+v", total, head.Sequence, totals[whole])
	}
	return err
}
