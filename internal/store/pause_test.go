package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/store"
)

// The environment of the child process that is paused.
const (
	pauseDatabase = "GUICHET_TEST_PAUSE_DATABASE"
	pauseKeys     = "GUICHET_TEST_PAUSE_KEYS" // the keys' directory
)

// pausedLease is the child's lease: its turn is over after a third of it.
const pausedLease = 6 * time.Second

// writeAcrossAPause is a replica that is paused twice by its parent, where it says "claimed" and
// "inside". It goes on when it is told to.
func writeAcrossAPause(database string) error {
	keys, err := crashKeys(os.Getenv(pauseKeys))
	if err != nil {
		return err
	}
	options := place{url: database}.options(keys)
	options.Shared.Lease = pausedLease
	s, err := store.Open(context.Background(), options)
	if err != nil {
		return err
	}
	orders := bufio.NewReader(os.Stdin)
	say := func(format string, values ...any) {
		fmt.Printf(format+"\n", values...)
		_, _ = orders.ReadString('\n')
	}
	var attempt int
	var lease int64
	if err := s.Update(context.Background(), func(tx *store.Tx) error {
		claimed, err := tx.Queue().Claim(channel, noon, 1)
		if err == nil {
			attempt, lease = claimed[0].Attempts, claimed[0].Lease
		}
		return err
	}); err != nil {
		return err
	}
	say("claimed")
	var late bool
	submit := func(tx *store.Tx) error {
		m, found, err := tx.Queue().Claimed("a", attempt)
		if late = found; err != nil || !found {
			return err
		}
		return tx.Queue().Submit(m, "upstream-late", noon)
	}
	held := s.HoldsLease(lease)
	for err = s.Update(context.Background(), submit); errors.Is(err, store.ErrUnavailable); {
		err = s.Update(context.Background(), submit)
	}
	say("held %v, late %v, %v", held, late, err)
	err = s.Update(context.Background(), func(tx *store.Tx) error {
		if err := tx.Queue().Accept(newMessage("inside", customer(2))); err != nil {
			return err
		}
		say("inside")
		return nil
	})
	say("unavailable %v", errors.Is(err, store.ErrUnavailable))
	return s.Close()
}

func TestP12PausedReplicaCommitsNothingLate(t *testing.T) {
	t.Parallel()
	where, dir := shared.newPlace(t), t.TempDir()
	writeKeys(t, dir)
	keys, err := crashKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	other := where.open(t, keys)
	update(t, other, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("a", customer(1))) })

	child, orders, lines := startPaused(t, where.url, dir)
	expect := func(want string) {
		t.Helper()
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("the replica says %q; want %q", lines.Text(), want)
		}
	}
	signal := func(s syscall.Signal) {
		t.Helper()
		if err := child.Process.Signal(s); err != nil {
			t.Fatal(err)
		}
	}
	proceed := func() {
		t.Helper()
		if _, err := io.WriteString(orders, "go\n"); err != nil {
			t.Fatal(err)
		}
	}

	// Paused between its claim and the record of what became of it, for longer than its lease:
	// another replica takes over and sends again.
	expect("claimed")
	signal(syscall.SIGSTOP)
	sendAgain(t, other, "a")
	signal(syscall.SIGCONT)
	proceed()
	expect("held false, late false, <nil>")
	view(t, other, func(tx *store.Tx) error {
		m, _, err := tx.Messages().ByID("a")
		if err == nil && (m.State != store.Sending || m.Attempts != 2 || m.UpstreamID != "") {
			t.Errorf(
				"the message is %s after %d attempts with id %q; want the second attempt under way", m.State,
				m.Attempts, m.UpstreamID,
			)
		}
		return err
	})

	// Paused in the midst of a transaction, with the turn to write: the others go on, and the
	// transaction is lost.
	proceed()
	expect("inside")
	signal(syscall.SIGSTOP)
	update(t, other, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("meanwhile", customer(3))) })
	signal(syscall.SIGCONT)
	proceed()
	expect("unavailable true")
	proceed()
	if isThere(t, other, "inside") {
		t.Error("what the paused replica had not committed is there")
	}
	if err := child.Wait(); err != nil {
		t.Error(err)
	}
	if _, err := other.Audit(context.Background()); err != nil {
		t.Error(err)
	}
}

// sendAgain waits until a message is cut off, and claims it anew.
func sendAgain(t *testing.T, s *store.Store, id string) {
	t.Helper()
	ticker := time.NewTicker(pausedLease / 20)
	defer ticker.Stop()
	for deadline := time.Now().Add(time.Minute); ; <-ticker.C {
		taken := false
		update(t, s, func(tx *store.Tx) error {
			messages, err := tx.Queue().CutOff(nil, 10)
			if err != nil || len(messages) == 0 {
				return err
			}
			taken = true
			if messages[0].ID != id {
				t.Errorf("message %s is cut off; want %s", messages[0].ID, id)
			}
			if err := tx.Queue().Doubt(messages[0]); err != nil {
				return err
			}
			if err := tx.Queue().Retry(messages[0], noon); err != nil {
				return err
			}
			_, err = tx.Queue().Claim(channel, noon, 1)
			return err
		})
		if taken {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the paused replica's message was never cut off")
		}
	}
}

func startPaused(t *testing.T, database, keys string) (*exec.Cmd, io.Writer, *bufio.Scanner) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), pauseDatabase+"="+database, pauseKeys+"="+keys)
	child.Stderr = os.Stderr
	orders, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = child.Process.Kill() }) // if the test has failed before its end
	return child, orders, bufio.NewScanner(out)
}
