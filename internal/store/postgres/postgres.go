// Package postgres is the store's shared engine: a PostgreSQL server, or one that speaks its
// protocol, at which any number of replicas take turns.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Options say where the server is, and whose store it holds. Replicas keep sessions with settings
// of their own, so that a pooler in between must pool by session.
type Options struct {
	// URL is such as postgres://user:password@host:5432/database?sslmode=verify-full. It is a
	// credential: no error and no log line holds it.
	URL string
	// CA are the certificates, in PEM, of who may have signed the server's. It needs
	// sslmode=verify-full, which it makes the default, or sslmode=verify-ca. Without it, the
	// system's authorities count.
	CA []byte
	// Lease is how long a replica that does not renew its lease is waited for; 0 is DefaultLease.
	Lease time.Duration
	// AccountUID is whose store it is, and LedgerID the ledger in it: the schema bears its name.
	AccountUID string
	LedgerID   string
	// Clock is the process's, against whose machine the database's is measured.
	Clock *clock.Clock
}

// DefaultLease is how long a silent replica is waited for before others take over what it was
// sending.
const DefaultLease = 15 * time.Second

// maxBatch bounds how many operations share a turn, and so how long the turns of others are waited
// for.
const maxBatch = 256

// migrationPatience bounds one statement of a migration, and the wait for another replica's
// migration: an index of many millions of rows takes minutes.
const migrationPatience = time.Hour

// connectTimeout bounds an attempt to connect.
const connectTimeout = 5 * time.Second

// limits are the server's bounds on a session, as parts of a lease's term. A replica that is paused
// in the midst of a transaction loses its turn, and all that it had not committed, well before the
// others' wait for their turn is over; and a statement, its wait for the turn included, is over
// before the lease is.
func limits(term time.Duration) map[string]time.Duration {
	return map[string]time.Duration{
		"idle_in_transaction_session_timeout": term / 3,
		"lock_timeout":                        term / 2,
		"statement_timeout":                   statementLimit(term),
	}
}

func statementLimit(term time.Duration) time.Duration { return term * 2 / 3 }

const (
	beginWrite = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
	beginRead  = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
)

// Engine opens connections to an account's schema. All accounts' tables have the same
// shape; each account has a schema of its own.
type Engine struct {
	config     *pgconn.Config
	schema     string
	accountUID string
	ledgerID   string
	term       time.Duration // of a lease
	tables     engine.Schema
	clock      *clock.Clock
}

// idShape is that of a ledger's id, and what a schema's name may be made of.
var idShape = regexp.MustCompile(`^[A-Za-z0-9-]{1,50}$`)

var _ engine.Engine = (*Engine)(nil)

// New is the engine of an account's schema on a server.
func New(options *Options, tables engine.Schema) (*Engine, error) {
	if !idShape.MatchString(options.LedgerID) {
		return nil, fmt.Errorf(
			"the ledger's id %q names no schema: it must have 1 to 50 letters, digits and hyphens", options.LedgerID,
		)
	}
	config, err := parseURL(options)
	if err != nil {
		return nil, err
	}
	schema := "guichet_" + strings.ToLower(strings.ReplaceAll(options.LedgerID, "-", "_"))
	config.ConnectTimeout = connectTimeout
	config.RuntimeParams["application_name"] = cmp.Or(config.RuntimeParams["application_name"], "guichet")
	config.RuntimeParams["client_encoding"] = "UTF8"
	term := cmp.Or(options.Lease, DefaultLease)
	if config.ValidateConnect == nil { // of several hosts, the one that takes writes
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	config.AfterConnect = prepareSession(schema, term)
	return &Engine{
		config: config, schema: schema, accountUID: options.AccountUID, ledgerID: options.LedgerID, term: term,
		tables: tables, clock: options.Clock,
	}, nil
}

// prepareSession sets what a session needs, and raises a server's setting under which a commit is
// answered before it is durable. These are no parameters of the connection's start: a pooler
// refuses those that it does not know. pgconn's own time-out is over by then.
func prepareSession(schema string, term time.Duration) func(context.Context, *pgconn.PgConn) error {
	settings := map[string]string{
		"search_path": schema,
		// Every statement has its index. Without this, a plan made while a table was small would be
		// kept when it is large. Where a small table is read whole all the same, the price that
		// this puts on it must not set the compiler to work.
		"enable_seqscan":   "off",
		"enable_hashjoin":  "off",
		"enable_mergejoin": "off",
		"jit":              "off",
		// The server plans a statement once, and not anew for each length of its arrays.
		"plan_cache_mode": "force_generic_plan",
	}
	for name, limit := range limits(term) {
		settings[name] = strconv.FormatInt(limit.Milliseconds(), 10)
	}
	var statement strings.Builder
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(&statement, "SET %s = '%s'; ", name, settings[name])
	}
	statement.WriteString(`SELECT set_config('synchronous_commit', 'on', false)
		WHERE current_setting('synchronous_commit') IN ('off', 'local')`)
	return func(ctx context.Context, conn *pgconn.PgConn) error {
		ctx, cancel := context.WithTimeout(ctx, connectTimeout)
		defer cancel()
		_, err := conn.Exec(ctx, statement.String()).ReadAll()
		if isAnswer(err) {
			return fmt.Errorf("%w a setting of a session: %w", errLacking, err)
		}
		return err
	}
}

func (e *Engine) connect(ctx context.Context, opening string) (*connection, error) {
	conn, err := pgconn.ConnectConfig(ctx, e.config)
	switch {
	case errors.Is(err, errLacking):
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w: the shared store cannot be reached: %w", engine.ErrUnavailable, err)
	}
	return newConnection(conn, opening, statementLimit(e.term)+grace), nil
}

// Traits implements engine.Engine. A lease is renewed three times in its term.
func (e *Engine) Traits() engine.Traits {
	return engine.Traits{
		Shared: true, MaxBatch: maxBatch, Remote: true, RenewEvery: e.term / 3, FaultEndsTransaction: true,
	}
}

// Space implements engine.Engine: the server's room cannot be seen from here.
func (*Engine) Space() (engine.Space, error) {
	return engine.Space{}, fmt.Errorf("the space of a shared store: %w", errors.ErrUnsupported)
}

// Reader implements engine.Engine.
func (e *Engine) Reader(ctx context.Context) (engine.Conn, error) {
	return e.connect(ctx, beginRead)
}

// Writer implements engine.Engine.
func (e *Engine) Writer(ctx context.Context) (_ engine.Writer, err error) {
	c, err := e.connect(ctx, beginWrite)
	if err != nil {
		return nil, err
	}
	w := &writer{connection: c, engine: e}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close())
		}
	}()
	if err := checkServer(c); err != nil {
		return nil, e.passes(c, err)
	}
	c.patience = migrationPatience
	if err := engine.Migrate(&migration{connection: c, schema: e.schema}, e.tables); err != nil {
		return nil, fmt.Errorf("the schema %s could not be brought up to date: %w", e.schema, e.passes(c, err))
	}
	c.patience = statementLimit(e.term) + grace
	if err := engine.TakeOwnership(c, e.accountUID, e.ledgerID); err != nil {
		return nil, fmt.Errorf("the schema %s cannot be used: %w", e.schema, e.passes(c, err))
	}
	return w, e.passes(c, w.enlist())
}

// passes marks an error that passes: the server went away meanwhile. Others, such as a missing
// permission, stay until somebody changes something.
func (e *Engine) passes(c *connection, err error) error {
	if err != nil && c.lost() {
		return engine.Unavailable(err)
	}
	return err
}
