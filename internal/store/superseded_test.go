package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	_ "modernc.org/sqlite"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/postgrestest"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// The file of an embedded store is opened a second time while the first process lives on, as after
// a forced deletion of its pod. The late commit of the first must not undo what the second has
// settled since.
func TestP2ProcessThatWasTakenOverCommitsNothing(t *testing.T) {
	where, keys := embedded.newPlace(t), newKeys(t)
	var log bytes.Buffer
	options := where.options(keys)
	options.Log = slog.New(slog.NewTextHandler(&log, nil))
	older, err := store.Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { older.Close() })
	accept(t, older, "a", customer(1), store.LaneBulk, noon)
	var lease int64
	update(t, older, func(tx *store.Tx) error {
		claimed, err := tx.Queue().Claim(channel, noon, 1)
		if err == nil {
			lease = claimed[0].Lease
		}
		return err
	})

	newer := where.open(t, keys)
	update(t, newer, func(tx *store.Tx) error {
		m, _, err := tx.Messages().ByID("a")
		if err != nil {
			return err
		}
		if err := tx.Queue().Submit(m, "upstream-a", noon); err != nil {
			return err
		}
		_, err = settle(tx, "a")
		return err
	})
	ran := false
	late := func(tx *store.Tx) error {
		ran = true
		m, _, err := tx.Messages().ByID("a")
		if err != nil {
			return err
		}
		return tx.Queue().Submit(m, "upstream-a", noon)
	}
	for range 2 {
		if err := older.Update(
			context.Background(), late,
		); !errors.Is(err, store.ErrSuperseded) || !errors.Is(err, store.ErrUnavailable) {
			t.Fatalf("the late commit = %v; want ErrSuperseded, which is ErrUnavailable", err)
		}
	}
	if ran || older.HoldsLease(lease) {
		t.Errorf(
			"the late operation ran: %v; the older process holds its lease: %v; want neither", ran,
			older.HoldsLease(lease),
		)
	}
	if err := older.View(
		context.Background(), func(*store.Tx) error { return nil },
	); !errors.Is(err, store.ErrSuperseded) {
		t.Errorf("a view of the older process = %v; want ErrSuperseded", err)
	}
	if older.Superseded() == nil || newer.Superseded() != nil {
		t.Errorf("Superseded = %v and %v; want it of the older one", older.Superseded(), newer.Superseded())
	}
	if n := strings.Count(log.String(), "Store was taken over"); n != 1 {
		t.Errorf("the log says %d times that the store was taken over; want once:\n%s", n, log.String())
	}
	view(t, newer, func(tx *store.Tx) error {
		m, _, err := tx.Messages().ByID("a")
		if err == nil && !m.Settled {
			t.Error("the message is no longer settled")
		}
		return err
	})
	if _, err := newer.Audit(context.Background()); err != nil {
		t.Error(err)
	}
}

// takeOverFile names the variable with the file that TestMain's second process opens.
const takeOverFile = "GUICHET_TEST_TAKE_OVER"

// The same with two processes: the second one ends by itself, and the first stays out.
func TestP2SecondProcessOnOneFileTakesOver(t *testing.T) {
	if path := os.Getenv(takeOverFile); path != "" {
		update(
			t, open(t, path, newKeys(t)),
			func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("b", customer(2))) },
		)
		return
	}
	where, keys := embedded.newPlace(t), newKeys(t)
	first := where.open(t, keys)
	accept(t, first, "a", customer(1), store.LaneBulk, noon)
	second := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$")
	second.Env = append(os.Environ(), takeOverFile+"="+where.path)
	if output, err := second.CombinedOutput(); err != nil {
		t.Fatalf("the second process: %v\n%s", err, output)
	}
	if err := first.Update(
		context.Background(), func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("c", customer(3))) },
	); !errors.Is(err, store.ErrSuperseded) {
		t.Fatalf("the first process goes on with %v; want ErrSuperseded", err)
	}
	third := where.open(t, keys)
	for id, want := range map[string]bool{"a": true, "b": true, "c": false} {
		if got := isThere(t, third, id); got != want {
			t.Errorf("message %s is there: %v; want %v", id, got, want)
		}
	}
}

// execIn changes an account's tables behind the store's back.
func (p place) execIn(t *testing.T, statement string) {
	t.Helper()
	if p.url != "" {
		if err := postgrestest.Exec(p.url, "SET search_path = "+schema+"; "+statement); err != nil {
			t.Fatal(err)
		}
		return
	}
	db, err := sql.Open("sqlite", p.path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

// A newer program migrates the schema while an older one is at work: what the older one would write
// may be wrong there.
func TestOlderProgramWritesNothingAfterANewerMigration(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		where, keys := e.newPlace(t), newKeys(t)
		s := where.open(t, keys)
		update(t, s, func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("a", customer(1))) })
		where.execIn(t, `INSERT INTO schema_migrations (version) VALUES (9999)`)
		err := s.Update(
			context.Background(), func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("b", customer(2))) },
		)
		if !errors.Is(err, store.ErrSuperseded) || !strings.Contains(err.Error(), "schema version 9999") ||
			!strings.Contains(err.Error(), "run the newer program") {
			t.Fatalf("Update on a newer schema = %v; want ErrSuperseded, with the version and what to do", err)
		}
		if err := s.View(
			context.Background(), func(*store.Tx) error { return nil },
		); !errors.Is(err, store.ErrSuperseded) {
			t.Errorf("View on a newer schema = %v; want ErrSuperseded", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		where.execIn(t, `DELETE FROM schema_migrations WHERE version = 9999`)
		if isThere(t, where.open(t, keys), "b") {
			t.Error("the older program has written on a newer schema")
		}
	})
}

// A replica that has lost its lease too does not take a new one on a schema that it does not know.
func TestOlderReplicaTakesNoLeaseAfterANewerMigration(t *testing.T) {
	replicas, where, _ := openReplicas(t, 1, 0)
	where.execIn(t, `INSERT INTO schema_migrations (version) VALUES (9999); UPDATE leases SET taken = 1`)
	for _, want := range []error{store.ErrLeaseLost, store.ErrSuperseded} {
		if err := replicas[0].Update(
			context.Background(), func(*store.Tx) error { return nil },
		); !errors.Is(err, want) {
			t.Fatalf("Update = %v; want %v", err, want)
		}
	}
	if n, err := postgrestest.Changed(
		where.url, `SELECT 1 FROM `+schema+`.leases WHERE taken = 0`,
	); err != nil || n != 0 {
		t.Errorf("%d leases are held, %v; want none", n, err)
	}
}

// The clock of one replica's machine is ahead by minutes: by the database's clock both agree.
func TestReplicasTellTheTimeByTheDatabase(t *testing.T) {
	where, keys := shared.newPlace(t), newKeys(t)
	for _, skew := range []time.Duration{0, 5 * time.Minute, -26 * time.Hour} {
		options := where.options(keys)
		machine := func() time.Time { return time.Now().Add(skew) }
		options.Clock = clock.New(machine)
		s, err := store.Open(context.Background(), options)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		update(t, s, func(*store.Tx) error { return nil })
		if off := time.Until(machine().Add(s.ClockOffset())); off.Abs() > 2*time.Second {
			t.Errorf("with a machine's clock that is %s ahead, the replica's time is off by %s", skew, off)
		}
	}
}

// A violated constraint is the fault of one operation: it is named and counted, the other
// operations of the transaction are kept, and the store is not unavailable.
func TestViolatedConstraintIsAFaultOfOneOperation(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		where := e.newPlace(t)
		s, log, faults := openTold(t, where, newKeys(t))
		accept(t, s, "a", customer(1), store.LaneBulk, noon)
		where.execIn(
			t, `INSERT INTO ledger (sequence, message_id, kind, record, hash) VALUES (999, 'a', 'settlement', '', '')`,
		)

		errs := together(t, s,
			func(tx *store.Tx) error { _, err := settle(tx, "a"); return err },
			func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("b", customer(2))) })
		refused := errs[0]
		var fault *store.FaultError
		if !errors.As(refused, &fault) || fault.Constraint != "ledger_one_settlement" || errors.Is(
			refused, store.ErrUnavailable,
		) {
			t.Fatalf("a second settlement = %v; want a fault that names ledger_one_settlement, and no outage", refused)
		}
		if errs[1] != nil || !isThere(t, s, "b") {
			t.Errorf("the operation beside it was not kept: %v", errs[1])
		}
		if err := s.Update(
			context.Background(), func(tx *store.Tx) error { return tx.Queue().Accept(newMessage("b", customer(3))) },
		); !errors.As(err, &fault) || fault.Constraint != "messages_id" {
			t.Errorf("a taken id = %v; want a fault that names messages_id", err)
		}
		if got := strings.Join(*faults, " "); got != "ledger_one_settlement messages_id" {
			t.Errorf("counted %q; want each once", got)
		}
		if text := log.String(); !strings.Contains(text, "constraint=ledger_one_settlement") ||
			strings.Contains(text, "unavailable") {
			t.Errorf("the log says:\n%s\nwant the constraint, and no outage", text)
		}
	})
}

// SQLite tells the columns of a violated index; the name is the one that PostgreSQL tells.
func TestConstraintOfSeveralColumnsHasItsName(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		where := e.newPlace(t)
		s := where.open(t, newKeys(t))
		where.execIn(t, `CREATE UNIQUE INDEX pairs_one_time ON pairs (channel, full_at)`)
		err := s.Update(context.Background(), func(tx *store.Tx) error {
			for n := range 2 {
				if err := tx.People().PutPairFullAt(channel, customer(n), noon); err != nil {
					return err
				}
			}
			return nil
		})
		var fault *store.FaultError
		if !errors.As(err, &fault) || fault.Constraint != "pairs_one_time" {
			t.Errorf("got %v; want a fault that names pairs_one_time", err)
		}
	})
}

// openTold opens a store whose log and faults the test hears of.
func openTold(t *testing.T, where place, keys *seal.Keys) (s *store.Store, log *bytes.Buffer, faults *[]string) {
	t.Helper()
	log, faults = &bytes.Buffer{}, &[]string{}
	options := where.options(keys)
	options.Log = slog.New(slog.NewTextHandler(log, nil))
	options.OnFault = func(constraint string) { *faults = append(*faults, constraint) }
	s, err := store.Open(context.Background(), options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s, log, faults
}
