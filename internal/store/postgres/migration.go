package postgres

import (
	"strings"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// migration is a connection whose transactions are those of a migration: one at a time for an
// account, however many replicas start at once.
type migration struct {
	*connection
	schema string
}

const (
	// A migration may take longer than the statements of an operation, and others' migrations are
	// waited for.
	waitForLocks     = `SET LOCAL lock_timeout = 0`
	allowLongChanges = `SET LOCAL statement_timeout = 0`

	lockSchema   = `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`
	selectSchema = `SELECT 1 FROM pg_namespace WHERE nspname = $1`

	selectOwnerTable = `SELECT 1 FROM pg_tables WHERE schemaname = $1 AND tablename = 'owner'`
)

// Begin makes the schema if it is not there: whoever may not make one in this database can have it
// made beforehand. It takes the account's turn, so that no replica of an older program is in the
// midst of a transaction while the schema changes.
func (m *migration) Begin() error {
	if err := m.connection.Begin(); err != nil {
		return err
	}
	for _, setting := range []string{waitForLocks, allowLongChanges} {
		if err := m.Exec(setting); err != nil {
			return err
		}
	}
	if err := m.Exec(lockSchema, m.schema); err != nil {
		return err
	}
	made, err := engine.First(m, selectSchema, []any{m.schema}, func(engine.Row) {})
	if err != nil {
		return err
	}
	if !made {
		return m.ExecOnce("CREATE SCHEMA " + m.schema)
	}
	owned, err := engine.First(m, selectOwnerTable, []any{m.schema}, func(engine.Row) {})
	if err != nil || !owned {
		return err
	}
	return m.Exec(takeTurn)
}

// dialect is a piece of schema as PostgreSQL wants it: texts are compared byte by byte, as
// everywhere else.
func dialect(text string) string {
	return strings.ReplaceAll(text, " TEXT ", ` TEXT COLLATE "C" `)
}
