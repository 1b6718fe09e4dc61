package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"
)

// The schema and the statements are in the SQL that SQLite and PostgreSQL share, with PostgreSQL's names of types and its numbered parameters. This file is
// what SQLite, embedded, wants otherwise.

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
	// Made here, the file and those that the engine puts beside it are for this user's eyes only. One that is there is not touched: closing it would
	// release the locks of whoever has it open in this process.
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
	w := &sqliteWriter{sqliteConnection: c}
	return w, w.enlist()
}

// passes tells whether an error of the engine may be gone the next time: the disk was full or failed, or another program held the file.
func passes(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultNoMem:
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

// pragmas is how a connection is set up: WAL with a sync of the log at every commit, so that what is committed survives the loss of power. What is deleted is
// overwritten where that costs no further writing.
func (r role) pragmas() []string {
	if r == reading {
		return []string{"temp_store = MEMORY", "query_only = 1", fmt.Sprintf("cache_size = -%d", readerCacheKiB)}
	}
	return []string{
		"synchronous = FULL", "temp_store = MEMORY", "journal_mode = WAL", "secure_delete = FAST", "journal_size_limit = 16777216",
		fmt.Sprintf("cache_size = -%d", writerCacheKiB),
	}
}

// sqliteDialect is a statement or a piece of schema as SQLite wants it. A key that the engine numbers itself, and a key that is an
// integer, are SQLite's own row id, which saves an index; parameters are bound fastest without names, so statements use each once and in order. A limit is
// written "$1 + 0" everywhere, because SQLite plans a statement anew whenever a limit that is a bare parameter is bound.
func sqliteDialect(text string) string {
	return sqliteTypes.Replace(text)
}

var sqliteTypes = strings.NewReplacer(
	"BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY",
	"BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY",
	"$10", "?", "$11", "?", "$12", "?", "$13", "?", "$14", "?", "$15", "?", "$16", "?", "$17", "?", "$18", "?", "$19", "?", "$20", "?", "$21", "?", "$22", "?",
	"$1", "?", "$2", "?", "$3", "?", "$4", "?", "$5", "?", "$6", "?", "$7", "?", "$8", "?", "$9", "?",
)

// sqliteWriter is the only writer of a database file, for as long as it is open: its lease cannot run out, and ends those of the processes before it.
type sqliteWriter struct {
	*sqliteConnection
	leaseID int64
}

const (
	// The next number is one more than the highest, so the old leases go when the new one is there.
	insertEndlessLease = `INSERT INTO leases (expires_at, batch, taken) VALUES (0, 0, 0) RETURNING id`
	deleteOtherLeases  = `DELETE FROM leases WHERE id <> $1`
)

func (w *sqliteWriter) enlist() error {
	if _, err := first(w, insertEndlessLease, nil, func(v values) { w.leaseID = v.Int(0) }); err != nil {
		return fmt.Errorf("the store's lease could not be written: %w", err)
	}
	return w.exec(deleteOtherLeases, w.leaseID)
}

func (w *sqliteWriter) lease() int64 { return w.leaseID }

func (w *sqliteWriter) lastInserted() (int64, bool) { return w.conn.LastInsertRowID(), true }

func (*sqliteWriter) leasesToTake() (bool, error) { return false, nil }

func (*sqliteWriter) takeLeases() error { return nil }

// ahead has nothing to do: a question is no journey here.
func (*sqliteWriter) ahead(*Tx, []*operation) error { return nil }

// relax has nothing to do: a transaction without changes needs no sync.
func (*sqliteWriter) relax() error { return nil }
