package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"modernc.org/sqlite"
)

// This file is all that knows which engine runs: SQLite, embedded. The schema and the statements are in the SQL that SQLite and PostgreSQL share,
// with PostgreSQL's names of types and its numbered parameters.

// Transactions, as this engine spells them. A writer takes its lock at once, so that it never fails half-way for want of it.
const (
	beginUpdate = "BEGIN IMMEDIATE"
	beginView   = "BEGIN"
	commit      = "COMMIT"
	rollback    = "ROLLBACK"
)

// Memory that a connection's page cache may take, in KiB.
const (
	writerCacheKiB = 2048
	readerCacheKiB = 256
)

type role string

const (
	writing role = "rwc"
	reading role = "ro"
)

// engine opens connections.
type engine struct {
	path string
}

func newEngine(path string) (*engine, error) {
	absolute, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("the store's path %q cannot be resolved: %w", path, err)
	}
	// Made here, the file and those that the engine puts beside it are for this user's eyes only. One that is there is not touched: closing it would
	// release the locks of whoever has it open in this process.
	file, err := os.OpenFile(absolute, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return &engine{path: absolute}, nil
	case err != nil:
		return nil, fmt.Errorf("the store cannot be opened: %w", err)
	}
	return &engine{path: absolute}, file.Close()
}

// dataSource is WAL with a sync of the log at every commit: what is committed survives the loss of power. What is deleted is overwritten where that costs no
// further writing.
func (e *engine) dataSource(r role) string {
	query := url.Values{"mode": {string(r)}}
	pragmas := []string{"busy_timeout(5000)", "synchronous(FULL)", "temp_store(MEMORY)"}
	if r == writing {
		pragmas = append(pragmas, "journal_mode(WAL)", "secure_delete(FAST)", "journal_size_limit(16777216)", fmt.Sprintf("cache_size(-%d)", writerCacheKiB))
	} else {
		pragmas = append(pragmas, "query_only(1)", fmt.Sprintf("cache_size(-%d)", readerCacheKiB))
	}
	query["_pragma"] = pragmas
	return (&url.URL{Scheme: "file", Path: e.path, RawQuery: query.Encode()}).String()
}

func (e *engine) connect(ctx context.Context, r role) (*connection, error) {
	connector, err := sqlite.NewConnector(e.dataSource(r))
	if err != nil {
		return nil, fmt.Errorf("the store %s cannot be opened: %w", e.path, err)
	}
	conn, err := connector.Connect(ctx)
	if err != nil {
		return nil, fmt.Errorf("the store %s cannot be opened: %w", e.path, err)
	}
	return &connection{conn: conn, statements: map[string]statement{}}, nil
}

// dialect is a statement or a piece of schema as this engine wants it. A key that the engine numbers itself, and a key that is an
// integer, are SQLite's own row id, which saves an index; parameters are bound fastest without names, so statements use each once and in order. A limit is
// written "$1 + 0" everywhere, because SQLite plans a statement anew whenever a limit that is a bare parameter is bound.
func dialect(text string) string {
	return sqliteTypes.Replace(text)
}

var sqliteTypes = strings.NewReplacer(
	"BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", "INTEGER PRIMARY KEY",
	"BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY",
	"$10", "?", "$11", "?", "$12", "?", "$13", "?", "$14", "?", "$15", "?", "$16", "?", "$17", "?", "$18", "?", "$19", "?", "$20", "?", "$21", "?", "$22", "?",
	"$1", "?", "$2", "?", "$3", "?", "$4", "?", "$5", "?", "$6", "?", "$7", "?", "$8", "?", "$9", "?",
)
