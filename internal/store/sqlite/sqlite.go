// Package sqlite is the store's embedded engine: SQLite, in the one process that uses it.
package sqlite

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

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

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

// maxBatch bounds a transaction: beyond that many operations, a sync costs each of them next to
// nothing.
const maxBatch = 512

// Engine opens connections to a database file.
type Engine struct {
	path       string
	accountUID string
	ledgerID   string
	schema     engine.Schema
	clock      *clock.Clock
}

var _ engine.Engine = (*Engine)(nil)

// New is the engine of the database file of an account and its ledger, which is made if it is not
// there. Its directory must exist. A lease is judged by the clock.
func New(path, accountUID, ledgerID string, by *clock.Clock, schema engine.Schema) (*Engine, error) {
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
	return &Engine{path: absolute, accountUID: accountUID, ledgerID: ledgerID, schema: schema, clock: by}, nil
}

// Traits implements engine.Engine.
func (*Engine) Traits() engine.Traits { return engine.Traits{MaxBatch: maxBatch} }

// Writer implements engine.Engine.
func (e *Engine) Writer(context.Context) (_ engine.Writer, err error) {
	defer func() {
		if passes(err) {
			err = engine.Unavailable(err)
		}
	}()
	c, err := e.connect(writing)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := engine.Migrate(c, e.schema); err != nil {
		return nil, fmt.Errorf("the schema of %s could not be brought up to date: %w", e.path, err)
	}
	if err := engine.TakeOwnership(c, e.accountUID, e.ledgerID); err != nil {
		return nil, fmt.Errorf("the store %s cannot be used: %w", e.path, err)
	}
	w := &writer{connection: c, schema: e.schema, clock: e.clock}
	return w, w.enlist()
}

// passes tells whether an error of the engine may be gone the next time: the disk was full or
// failed, or another program held the file.
func passes(err error) bool {
	switch sqlite.ErrCode(err).ToPrimary() {
	case sqlite.ResultFull, sqlite.ResultIOErr, sqlite.ResultBusy, sqlite.ResultLocked, sqlite.ResultNoMem,
		sqlite.ResultProtocol:
		return true
	default:
		return false
	}
}

// Reader implements engine.Engine.
func (e *Engine) Reader(context.Context) (engine.Conn, error) {
	return e.connect(reading)
}

func (e *Engine) connect(r role) (*connection, error) {
	flags := sqlite.OpenReadOnly
	if r == writing {
		flags = sqlite.OpenReadWrite | sqlite.OpenCreate
	}
	conn, err := sqlite.OpenConn(e.path, flags)
	if err != nil {
		return nil, fmt.Errorf("the store %s cannot be opened: %w", e.path, err)
	}
	conn.SetBusyTimeout(busyTimeout)
	c := &connection{conn: conn, role: r, statements: map[string]*sqlite.Stmt{}}
	for _, pragma := range r.pragmas() {
		if err := c.ExecOnce("PRAGMA " + pragma); err != nil {
			return nil, errors.Join(fmt.Errorf("the store %s cannot be opened: %w", e.path, err), c.Close())
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
		"synchronous = FULL", "temp_store = MEMORY", "journal_mode = WAL", "secure_delete = FAST",
		"journal_size_limit = 16777216", fmt.Sprintf("cache_size = -%d", writerCacheKiB),
	}
}

// dialect is a statement or a piece of schema as SQLite wants it. A key that the engine
// numbers itself, and a key that is an integer, are SQLite's own row id, which saves an index;
// parameters are bound fastest without names, so statements use each once and in order. A limit is
// written "$1 + 0" everywhere, because SQLite plans a statement anew whenever a limit that is a
// bare parameter is bound.
func dialect(text string) string { return replacer.Replace(text) }

var replacer = strings.NewReplacer(
	"BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY",
	"BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY",
	"$10", "?", "$11", "?", "$12", "?", "$13", "?", "$14", "?", "$15", "?", "$16", "?", "$17", "?", "$18", "?",
	"$19", "?", "$20", "?", "$21", "?", "$22", "?",
	"$1", "?", "$2", "?", "$3", "?", "$4", "?", "$5", "?", "$6", "?", "$7", "?", "$8", "?", "$9", "?",
)
