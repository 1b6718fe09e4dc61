package store

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// Shared says where a store is that several replicas share: a PostgreSQL server, or one that speaks
// its protocol. Replicas keep sessions with settings of their own, so that a pooler in between must
// pool by session.
type Shared struct {
	// URL is such as postgres://user:password@host:5432/database?sslmode=verify-full. It is a
	// credential: no error and no log line holds it.
	URL string
	// CA are the certificates, in PEM, of who may have signed the server's. It needs
	// sslmode=verify-full, which it makes the default, or sslmode=verify-ca. Without it, the
	// system's authorities count.
	CA []byte
	// Lease is how long a replica that does not renew its lease is waited for; 0 is DefaultLease.
	// Renewal takes place every third of it.
	Lease time.Duration
}

// DefaultLease is how long a silent replica is waited for before others take over what it was
// sending.
const DefaultLease = 15 * time.Second

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

// postgresEngine opens connections to an account's schema. All accounts' tables have the same
// shape; each account has a schema of its own.
type postgresEngine struct {
	config     *pgconn.Config
	schema     string
	accountUID string
	term       time.Duration // of a lease
	version    int           // of the schema that this program knows
	now        func() time.Time
}

// uidShape is that of a Kubernetes UID, and what a schema's name may be made of.
var uidShape = regexp.MustCompile(`^[A-Za-z0-9-]{1,50}$`)

func newPostgreSQL(options *Options) (*postgresEngine, error) {
	if !uidShape.MatchString(options.AccountUID) {
		return nil, fmt.Errorf(
			"the account's UID %q names no schema: it must have 1 to 50 letters, digits and hyphens",
			options.AccountUID,
		)
	}
	config, err := parseShared(options.Shared)
	if err != nil {
		return nil, err
	}
	schema := "guichet_" + strings.ToLower(strings.ReplaceAll(options.AccountUID, "-", "_"))
	config.ConnectTimeout = connectTimeout
	config.RuntimeParams["application_name"] = cmp.Or(config.RuntimeParams["application_name"], "guichet")
	maps.Copy(config.RuntimeParams, map[string]string{
		"search_path":     schema,
		"client_encoding": "UTF8",
		// Every statement has its index. Without this, a plan made while a table was small would be
		// kept when it is large. Where a small table is read whole all the same, the price that
		// this puts on it must not set the compiler to work.
		"enable_seqscan": "off",
		"jit":            "off",
	})
	now := options.Now
	if now == nil {
		now = time.Now
	}
	term := cmp.Or(options.Shared.Lease, DefaultLease)
	for name, limit := range limits(term) {
		config.RuntimeParams[name] = strconv.FormatInt(limit.Milliseconds(), 10)
	}
	if config.ValidateConnect == nil { // of several hosts, the one that takes writes
		config.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	}
	config.AfterConnect = insistOnDurability
	return &postgresEngine{
		config: config, schema: schema, accountUID: options.AccountUID, term: term, version: knownVersion(), now: now,
	}, nil
}

// errURL does not say what is wrong with the URL: a parser's own words may hold the password.
var errURL = errors.New(
	"the shared store's URL cannot be read: it must be such as " +
		"postgres://user:password@host:5432/database?sslmode=verify-full",
)

// parseShared reads the URL, and has TLS verified as it says.
func parseShared(shared *Shared) (*pgconn.Config, error) {
	parsed, err := url.Parse(shared.URL)
	if err != nil || (parsed.Scheme != "postgres" && parsed.Scheme != "postgresql") {
		return nil, errURL
	}
	query := parsed.Query()
	mode := query.Get("sslmode")
	if len(shared.CA) > 0 {
		switch mode {
		case "":
			mode = "verify-full"
			query.Set("sslmode", mode)
			parsed.RawQuery = query.Encode()
		case "verify-full", "verify-ca":
		default:
			return nil, fmt.Errorf(
				"the shared store has a CA, which sslmode=%s does not check: use sslmode=verify-full", mode,
			)
		}
	}
	config, err := pgconn.ParseConfig(parsed.String())
	if err != nil {
		return nil, errURL
	}
	if len(shared.CA) == 0 {
		return config, nil
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(shared.CA) {
		return nil, errors.New("the shared store's CA holds no certificate in PEM")
	}
	trust(config.TLSConfig, authorities)
	for _, fallback := range config.Fallbacks {
		trust(fallback.TLSConfig, authorities)
	}
	return config, nil
}

func trust(config *tls.Config, authorities *x509.CertPool) {
	if config == nil {
		return // a socket of this machine
	}
	config.RootCAs = authorities
	config.MinVersion = tls.VersionTLS12
}

// insistOnDurability raises a server's setting under which a commit is answered before it is
// durable. pgconn's own time-out is over by then.
func insistOnDurability(ctx context.Context, conn *pgconn.PgConn) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	_, err := conn.Exec(
		ctx,
		`SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')`,
	).ReadAll()
	return err
}

func (e *postgresEngine) connect(ctx context.Context, opening string) (*postgresConnection, error) {
	conn, err := pgconn.ConnectConfig(ctx, e.config)
	if err != nil {
		return nil, fmt.Errorf("%w: the shared store cannot be reached: %w", ErrUnavailable, err)
	}
	return newPostgresConnection(conn, opening, statementLimit(e.term)+grace), nil
}

func (e *postgresEngine) reader(ctx context.Context) (connection, error) {
	return e.connect(ctx, beginRead)
}

func (e *postgresEngine) writer(ctx context.Context) (_ writer, err error) {
	c, err := e.connect(ctx, beginWrite)
	if err != nil {
		return nil, err
	}
	w := &postgresWriter{postgresConnection: c, engine: e}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	c.patience = migrationPatience
	if err := migrate(&schemaMigration{postgresConnection: c, schema: e.schema}); err != nil {
		return nil, fmt.Errorf("the schema %s could not be brought up to date: %w", e.schema, e.classify(c, err))
	}
	c.patience = statementLimit(e.term) + grace
	if err := claimFor(c, e.accountUID); err != nil {
		return nil, fmt.Errorf("the schema %s cannot be used: %w", e.schema, e.classify(c, err))
	}
	return w, e.classify(c, w.enlist())
}

// classify marks an error that passes: the server went away meanwhile. Others, such as a missing
// permission, stay until somebody changes something.
func (e *postgresEngine) classify(c *postgresConnection, err error) error {
	if err != nil && c.lost() {
		return unavailable(err)
	}
	return err
}

// schemaMigration is a connection whose transactions are those of a migration: one at a time for an
// account, however many replicas start at once.
type schemaMigration struct {
	*postgresConnection
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

// begin makes the schema if it is not there: whoever may not make one in this database can have it
// made beforehand. It takes the account's turn, so that no replica of an older program is in the
// midst of a transaction while the schema changes.
func (m *schemaMigration) begin() error {
	if err := m.postgresConnection.begin(); err != nil {
		return err
	}
	for _, setting := range []string{waitForLocks, allowLongChanges} {
		if err := m.exec(setting); err != nil {
			return err
		}
	}
	if err := m.exec(lockSchema, m.schema); err != nil {
		return err
	}
	made, err := first(m, selectSchema, []any{m.schema}, func(values) {})
	if err != nil {
		return err
	}
	if !made {
		return m.once("CREATE SCHEMA " + m.schema)
	}
	owned, err := first(m, selectOwnerTable, []any{m.schema}, func(values) {})
	if err != nil || !owned {
		return err
	}
	return m.exec(takeTurn)
}

// postgresDialect is a piece of schema as PostgreSQL wants it: texts are compared byte by byte, as
// everywhere else.
func postgresDialect(text string) string {
	return strings.ReplaceAll(text, " TEXT ", ` TEXT COLLATE "C" `)
}
