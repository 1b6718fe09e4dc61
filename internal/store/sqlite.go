package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"
)

// The schema and the statements are in the SQL that SQLite and PostgreSQL share, with PostgreSQL's
// names of types and its numbered parameters. This file is what SQLite, embedded, wants otherwise.

// Memory that a connection's page cache may take, in KiB.
const (
	writerCacheKiB = 2048
	readerCacheKiB = 256
)

// busyTimeout is how long a connection waits for the lock of another: of a backup, say.
const busyTimeout = 5 * time.Second

// role is what a connection is for.
type role bool

const (
	reading role = false
	writing role = true
)

// sqliteEngine opens connections to a database file.
type sqliteEngine struct {
	path       string
	accountUID string
}

func newSQLite(path, accountUID string) (*sqliteEngine, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the store's path %q cannot be resolved: %w", path, err)
	}
	// Made here, the file and those that the engine puts beside it are for this user's eyes only.
	// One that is there is not touched: closing it would release the locks of whoever has it open
	// in this process.
	file, err := os.OpenFile(absolute, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
	case err != nil:
		return nil, fmt.Errorf("the store cannot be opened: %w", err)
	default:
		if err := file.Close(); err != nil {
			return nil, fmt.Errorf("the store cannot be opened: %w", err)
		}
	}
	return &sqliteEngine{path: absolute, accountUID: accountUID}, nil
}

func (e *sqliteEngine) writer(context.Context) (_ writer, err error) {
	defer func() {
		if passes(err) {
			err = unavailable(err)
		}
	}()
	c, err := e.connect(writing)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	if err := migrate(c); err != nil {
		return nil, fmt.Errorf("the schema of %s could not be brought up to date: %w", e.path, err)
	}
	if err := claimFor(c, e.accountUID); err != nil {
		return nil, fmt.Errorf("the store %s cannot be used: %w", e.path, err)
	}
	w := &sqliteWriter{sqliteConnection: c, version: knownVersion()}
	return w, w.enlist()
}

// passes tells whether an error of the engine may be gone the next time: the disk was full or
// failed, or another program held the file.
func passes(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultNoMem, sqlite.ResultProtocol:
		return true
	default:
		return false
	}
}

func (e *sqliteEngine) reader(context.Context) (connection, error) {
	return e.connect(reading)
}

func (e *sqliteEngine) connect(r role) (*sqliteConnection, error) {
	flags := sqlite.OpenReadOnly
	if r == writing {
		flags = sqlite.OpenReadWrite | sqlite.OpenCreate
	}
	conn, err := sqlite.OpenConn(e.path, flags)
	if err != nil {
		return nil, fmt.Errorf("the store %s cannot be opened: %w", e.path, err)
	}
	conn.SetBusyTimeout(busyTimeout)
	c := &sqliteConnection{conn: conn, role: r, statements: map[string]*sqlite.Stmt{}}
	for _, pragma := range r.pragmas() {
		if err := c.once("PRAGMA " + pragma); err != nil {
			return nil, errors.Join(fmt.Errorf("the store %s cannot be opened: %w", e.path, err), c.close())
		}
	}
	return c, nil
}

// pragmas is how a connection is set up: WAL with a sync of the log at every commit, so that what
// is committed survives the loss of power. What is deleted is overwritten where that costs no
// further writing.
func (r role) pragmas() []string {
	if r == reading {
		return []string{"temp_store = MEMORY", "query_only = 1", fmt.Sprintf("cache_size = -%d", readerCacheKiB)}
	}
	return []string{
		"synchronous = FULL", "temp_store = MEMORY", "journal_mode = WAL", "secure_delete = FAST", "journal_size_limit = 16777216",
		fmt.Sprintf("cache_size = -%d", writerCacheKiB),
	}
}

// sqliteDialect is a statement or a piece of schema as SQLite wants it. A key that the engine
// numbers itself, and a key that is an integer, are SQLite's own row id, which saves an index;
// parameters are bound fastest without names, so statements use each once and in order. A limit is
// written "$1 + 0" everywhere, because SQLite plans a statement anew whenever a limit that is a
// bare parameter is bound.
func sqliteDialect(text string) string {
	return sqliteTypes.Replace(text)
}

var sqliteTypes = strings.NewReplacer(
	"BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY",
	"BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY",
	"$10", "?", "$11", "?", "$12", "?", "$13", "?", "$14", "?", "$15", "?", "$16", "?", "$17", "?", "$18", "?", "$19", "?", "$20", "?", "$21", "?", "$22", "?",
	"$1", "?", "$2", "?", "$3", "?", "$4", "?", "$5", "?", "$6", "?", "$7", "?", "$8", "?", "$9", "?",
)

// sqliteWriter is the one writer of a database file. Whoever opened the file last holds its lease;
// a process that finds the lease gone has been taken over and commits nothing any more. So a
// successor need not wait for one that hangs, or that was cut off from its volume, and a lock that
// is lost there does no harm.
type sqliteWriter struct {
	*sqliteConnection
	version   int // of the schema that this program knows
	leaseID   int64
	confirmed atomic.Pointer[time.Time] // when the lease was last found to be this writer's
}

const (
	// The next number is one more than the highest, so the old leases go when the new one is there.
	insertEndlessLease = `INSERT INTO leases (expires_at, batch, taken) VALUES (0, 0, 0) RETURNING id`
	deleteOtherLeases  = `DELETE FROM leases WHERE id <> $1`
	selectFence        = `SELECT (SELECT COUNT(*) FROM leases WHERE id = $1), (SELECT MAX(version) FROM schema_migrations)`
)

// confirmationLasts is for how long what a transaction has found out about the lease is relied on
// without another look.
const confirmationLasts = 5 * time.Second

// enlist takes the lease from whoever had it.
func (w *sqliteWriter) enlist() (err error) {
	if err := w.sqliteConnection.begin(); err != nil {
		return fmt.Errorf("the store's lease could not be taken: %w", err)
	}
	defer func() {
		if err != nil {
			w.rollback()
			err = fmt.Errorf("the store's lease could not be taken: %w", err)
		}
	}()
	if _, err := first(w, insertEndlessLease, nil, func(v values) { w.leaseID = v.Int(0) }); err != nil {
		return err
	}
	if err := w.exec(deleteOtherLeases, w.leaseID); err != nil {
		return err
	}
	if err := w.commit(); err != nil {
		return err
	}
	w.confirm()
	return nil
}

// begin starts a transaction if the lease and the schema are still this process's own.
func (w *sqliteWriter) begin() error {
	if err := w.sqliteConnection.begin(); err != nil {
		return err
	}
	err := w.checkFence()
	if err != nil {
		w.rollback()
		return err
	}
	w.confirm()
	return nil
}

func (w *sqliteWriter) checkFence() error {
	var held, version int64
	if _, err := first(
		w, selectFence, []any{w.leaseID}, func(v values) { held, version = v.Int(0), v.Int(1) },
	); err != nil {
		return err
	}
	switch {
	case int(version) > w.version:
		return supersededBySchema(int(version), w.version)
	case held == 0:
		return fmt.Errorf(
			"%w: another process has opened its file since and goes on with it; end this one", ErrSuperseded,
		)
	default:
		return nil
	}
}

func (w *sqliteWriter) confirm() {
	now := time.Now()
	w.confirmed.Store(&now)
}

func (w *sqliteWriter) lease() int64 { return w.leaseID }

func (w *sqliteWriter) holds(lease int64) bool {
	return lease == w.leaseID && time.Since(*w.confirmed.Load()) < confirmationLasts
}

func (*sqliteWriter) replicas() int64 { return 1 }

func (*sqliteWriter) clockOffset() time.Duration { return 0 }

func (w *sqliteWriter) lastInserted() (int64, bool) { return w.conn.LastInsertRowID(), true }

func (*sqliteWriter) leasesToTake() (bool, error) { return false, nil }

func (*sqliteWriter) takeLeases() error { return nil }

// ahead has nothing to do: a question is no journey here.
func (*sqliteWriter) ahead(*Tx, []*operation) error { return nil }

// relax has nothing to do: a transaction without changes needs no sync.
func (*sqliteWriter) relax() error { return nil }
