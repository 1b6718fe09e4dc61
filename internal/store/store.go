package store

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Errors of the store, for errors.Is.
var (
	// ErrUnavailable says that the engine could not do its work: the disk is full, the database
	// cannot be reached. Nothing of the operation was kept, as far as is known. The store goes on
	// by itself once the cause is gone.
	ErrUnavailable = engine.ErrUnavailable
	// ErrOutcomeUnknown says that the connection to a shared store was lost during a commit and
	// that the database could not be asked afterwards: the operation may have been kept. It is an
	// ErrUnavailable too.
	ErrOutcomeUnknown = engine.ErrOutcomeUnknown
	// ErrSuperseded says that this process may not use the store any more: another one has taken
	// the embedded store over, or a newer program has changed the schema. That does not pass: the
	// process should be ended, and must not open the store again by itself. It is an ErrUnavailable
	// too.
	ErrSuperseded = engine.ErrSuperseded
	// ErrLeaseLost says that a replica was silent for longer than its lease, and that others have
	// taken over what it was sending. Nothing of the transaction was kept; the next one is under a
	// new lease.
	ErrLeaseLost = engine.ErrLeaseLost
	// ErrClosed says that the store was closed before the operation began.
	ErrClosed = errors.New("the store is closed")
)

// Options are what a store needs.
type Options struct {
	// Path is the database file of an embedded store, which is made if it is not there. Its
	// directory must exist.
	Path string
	// Shared is the server of a store that several replicas share, instead of Path.
	Shared *Shared
	// AccountUID is the account that the store belongs to, and AccountName its namespace and name.
	// Another account's store is taken over, with a record in the ledger, if its ledger is the
	// wanted one.
	AccountUID  string
	AccountName string
	// LedgerID is the ledger's id; empty if that is AccountUID. Opening the store of another ledger
	// is an error.
	LedgerID string
	// Keys seal what must not be read at rest.
	Keys *seal.Keys
	// OnCommit is told of every commit. Optional. It must not block.
	OnCommit func(Commit)
	// OnSync is told how long the commit alone took of every transaction that changed something:
	// the disk's sync, or the server's answer. Optional. It must not block.
	OnSync func(took time.Duration)
	// OnFault is told of every operation that failed with ErrFault: the name of the constraint, see
	// FaultError. Optional. It must not block.
	OnFault func(constraint string)
	// Clock is the process's, against whose machine the clock of a shared store's database is
	// measured; nil is the machine's.
	Clock *clock.Clock
	// Log is where the store says that it is unavailable, and available again, that it was taken
	// over, and what was refused. Optional.
	Log *slog.Logger
}

// Store is the state of one account. It is safe for concurrent use.
type Store struct {
	options Options
	genesis ledger.Hash

	queue   chan *operation
	closing chan struct{} // closed when nothing new is taken
	closed  chan struct{} // closed when the writer has ended

	once       sync.Once
	closeError error

	engine  engine.Engine
	traits  engine.Traits
	writer  engine.Writer
	readers chan engine.Conn
	// superseded is why the store may not be used any more; nil while it may.
	superseded atomic.Pointer[error]
	health     health // used by the writer only
	tx         *Tx    // used by the writer only
	exchanges  int64  // used by the writer only: those before the current transaction
	unforeseen int64  // used by the writer only: those of the current transaction
	outage     atomic.Pointer[Outage]
}

// maxReaders bounds the connections that views hold at a time, and so their memory.
const maxReaders = 2

// Open opens or makes the store and brings its schema up to date. It reads no table whole: it takes
// as long for ten million messages as for none.
func Open(ctx context.Context, options Options) (*Store, error) {
	if options.Keys == nil || options.AccountUID == "" {
		return nil, errors.New("a store needs the account's keys and UID")
	}
	options.LedgerID = cmp.Or(options.LedgerID, options.AccountUID)
	if options.Log == nil {
		options.Log = slog.New(slog.DiscardHandler)
	}
	if options.Clock == nil {
		options.Clock = clock.New(nil)
	}
	chosen, err := newEngine(&options)
	if err != nil {
		return nil, err
	}
	s := &Store{
		options: options,
		genesis: ledger.Genesis(options.LedgerID),
		queue:   make(chan *operation, maxWaiting),
		closing: make(chan struct{}),
		closed:  make(chan struct{}),
		engine:  chosen,
		traits:  chosen.Traits(),
		readers: make(chan engine.Conn, maxReaders),
		health:  health{log: options.Log, onFault: options.OnFault},
	}
	if s.writer, err = chosen.Writer(ctx); err != nil {
		return nil, err
	}
	s.health.causeOf, s.health.outage = chosen.OutageCause, &s.outage
	s.tx = newTx(s.writer, s.writer, options.Keys, s.genesis, s.traits)
	for range maxReaders {
		s.readers <- nil // opened when first wanted
	}
	go s.write()
	if s.traits.RenewEvery > 0 {
		go s.keepLease(s.traits.RenewEvery)
	}
	if err := s.adopt(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// adopt records in the ledger that the account has it now, if another one had it.
func (s *Store) adopt(ctx context.Context) error {
	adopted := false
	err := s.Update(ctx, func(tx *Tx) (err error) {
		adopted, err = tx.Ledger().Adopt(s.options.AccountUID, s.options.AccountName, s.options.Clock.Now())
		return err
	})
	if adopted && err == nil {
		s.options.Log.Info("Ledger was taken over from another account", "ledger", s.options.LedgerID)
	}
	return err
}

// Close waits for the operations that were given to Update and for views, then closes the database.
// Closing again changes nothing.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing)
		<-s.closed
		var errs []error
		for range maxReaders {
			if reader := <-s.readers; reader != nil {
				errs = append(errs, reader.Close())
			}
		}
		s.closeError = errors.Join(append(errs, s.writer.Close())...)
	})
	return s.closeError
}

// refusal is why nothing new may begin, if so.
func (s *Store) refusal(ctx context.Context) error {
	select {
	case <-s.closing:
		return ErrClosed
	default:
		return cmp.Or(s.Superseded(), ctx.Err())
	}
}

// View runs fn on a consistent snapshot of what is durable. Writing methods of the Tx return
// ErrReadOnly. Views never hold up operations.
func (s *Store) View(ctx context.Context, fn func(*Tx) error) error {
	if err := s.refusal(ctx); err != nil {
		return err
	}
	var reader engine.Conn
	select {
	case reader = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.closing:
		return ErrClosed
	}
	defer func() { s.readers <- reader }()
	var err error
	if reader, err = s.beginView(ctx, reader); err != nil {
		return engine.Unavailable(err)
	}
	defer reader.Rollback() // a snapshot that was only read has nothing to lose
	tx := newTx(reader, nil, s.options.Keys, s.genesis, s.traits)
	if err := fn(tx); err != nil {
		return err
	}
	return tx.all.Failure()
}

// beginView begins a snapshot on a reader, or on a new one if there is none or its connection has
// been lost since it was used last.
func (s *Store) beginView(ctx context.Context, reader engine.Conn) (engine.Conn, error) {
	if reader != nil {
		if reader.Begin() == nil {
			return reader, nil
		}
		_ = reader.Close() // it is of no use any more, whatever is wrong with it
	}
	reader, err := s.engine.Reader(ctx)
	if err != nil {
		return nil, err
	}
	if err := reader.Begin(); err != nil {
		return nil, errors.Join(err, reader.Close())
	}
	return reader, nil
}
