package store

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/migrations"
	"github.com/guichet-dev/guichet/internal/store/postgres"
	"github.com/guichet-dev/guichet/internal/store/sqlite"
)

// Shared says where a store is that several replicas share: a PostgreSQL server, or one that speaks
// its protocol. Its fields are those of postgres.Options.
type Shared struct {
	// URL is such as postgres://user:password@host:5432/database?sslmode=verify-full. It is a
	// credential: no error and no log line holds it.
	URL string
	// CA are the certificates, in PEM, of who may have signed the server's. It needs
	// sslmode=verify-full, which it makes the default, or sslmode=verify-ca. Without it, the
	// system's authorities count.
	CA []byte
	// Lease is how long a replica that does not renew its lease is waited for; 0 is DefaultLease.
	Lease time.Duration
}

// DefaultLease is how long a silent replica is waited for before others take over what it was
// sending.
const DefaultLease = postgres.DefaultLease

// newEngine chooses the engine that the options name.
func newEngine(options *Options) (engine.Engine, error) {
	switch {
	case options.Shared == nil:
		return sqlite.New(
			options.Path, options.AccountUID, options.LedgerID, options.Clock, migrations.Schema(),
		)
	case options.Path != "":
		return nil, errors.New("a store is either a file or shared, not both")
	default:
		return postgres.New(&postgres.Options{
			URL: options.Shared.URL, CA: options.Shared.CA, Lease: options.Shared.Lease,
			AccountUID: options.AccountUID, LedgerID: options.LedgerID, Clock: options.Clock,
		}, migrations.Schema())
	}
}

// OutageCauseOf says which outage an ErrUnavailable of a shared or an embedded store is a sign of.
// It serves where no store could be opened.
func OutageCauseOf(err error, shared bool) OutageCause {
	if shared {
		return (*postgres.Engine)(nil).OutageCause(err)
	}
	return (*sqlite.Engine)(nil).OutageCause(err)
}
