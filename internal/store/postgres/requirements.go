package postgres

import (
	"errors"
	"fmt"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// errLacking says that a server is there, and is none that can hold a store.
var errLacking = errors.New("the server cannot hold a shared store: it lacks")

// requirement is something that a server must do. docs/platform.md has the same list.
type requirement struct{ what, probe string }

// requirements are what the engine asks of a server beside plain SQL. A server that only speaks
// PostgreSQL's protocol may lack some of them.
func requirements() []requirement {
	return []requirement{
		{
			"the isolation level READ COMMITTED",
			`SELECT 1 / CASE current_setting('transaction_isolation') WHEN 'read committed' THEN 1 ELSE 0 END`,
		},
		{
			"the settings lock_timeout, statement_timeout, idle_in_transaction_session_timeout and synchronous_commit",
			`SELECT current_setting('lock_timeout'), current_setting('statement_timeout'),
				current_setting('idle_in_transaction_session_timeout'), current_setting('synchronous_commit')`,
		},
		{
			"unnest of several arrays WITH ORDINALITY, and LATERAL subqueries",
			`SELECT k.n FROM unnest('{1}'::bigint[], '{a}'::text[]) WITH ORDINALITY AS k(a, b, n)
				CROSS JOIN LATERAL (SELECT k.a OFFSET 0) AS q`,
		},
		{
			"the functions pg_advisory_xact_lock and hashtextextended",
			`SELECT pg_advisory_xact_lock(hashtextextended('guichet', 0))`,
		},
		{"the function clock_timestamp", `SELECT ` + databaseClock},
		{`the collation "C"`, `SELECT 'a' COLLATE "C"`},
	}
}

// checkServer names what a server lacks.
func checkServer(c *connection) error {
	for _, r := range requirements() {
		if err := c.Begin(); err != nil {
			return err
		}
		err := c.Query(r.probe, nil, func(engine.Row) bool { return true })
		c.Rollback()
		switch {
		case err == nil:
		case isAnswer(err):
			return fmt.Errorf("%w %s: %w", errLacking, r.what, err)
		default:
			return err
		}
	}
	return nil
}
