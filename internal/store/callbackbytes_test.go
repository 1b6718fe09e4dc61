package store_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// reader opens a store's database beside the store. What it returns tells the numbers in the one
// row of a query.
func (p place) reader(t *testing.T) (row func(query string) ([]int64, error)) {
	t.Helper()
	ctx := context.Background()
	if p.url == "" {
		db, err := sql.Open("sqlite", p.path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { db.Close() })
		return func(query string) ([]int64, error) {
			numbers := make([]int64, strings.Count(query, " AS "))
			into := make([]any, len(numbers))
			for i := range numbers {
				into[i] = &numbers[i]
			}
			return numbers, db.QueryRowContext(ctx, query).Scan(into...)
		}
	}
	conn, err := pgconn.Connect(ctx, p.url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close(ctx) })
	return func(query string) ([]int64, error) {
		results, err := conn.Exec(ctx, "SET search_path TO "+p.schema()+"; "+query).ReadAll()
		if err != nil {
			return nil, err
		}
		columns := results[len(results)-1].Rows[0]
		numbers := make([]int64, len(columns))
		for i, column := range columns {
			if numbers[i], err = strconv.ParseInt(string(column), 10, 64); err != nil {
				return nil, err
			}
		}
		return numbers, nil
	}
}

// callbackMachine does to callbacks whatever can be done to them.
type callbackMachine struct {
	place    place
	material seal.Material
	keys     *seal.Keys
	store    *store.Store
	now      time.Time
	people   []identity.Address
	claimed  []*store.Callback // also those whose lease is lost
	row      func(query string) ([]int64, error)
}

var errTakenBack = errors.New("the test takes it back")

// update does a step, at times in an attempt that is taken back first, at times in an operation
// that is.
func (m *callbackMachine) update(t *rapid.T, step func(*store.Tx) error) {
	takeBack := rapid.SampledFrom([]string{"nothing", "nothing", "an attempt", "the operation"}).Draw(t, "take back")
	err := m.store.Update(context.Background(), func(tx *store.Tx) error {
		if takeBack == "an attempt" {
			err := tx.Attempt(func() error { return errors.Join(step(tx), errTakenBack) })
			if !errors.Is(err, errTakenBack) {
				return err
			}
		}
		if err := step(tx); err != nil || takeBack != "the operation" {
			return err
		}
		return errTakenBack
	})
	if err != nil && !errors.Is(err, errTakenBack) {
		t.Fatal(err)
	}
}

// customer is one of a few people.
func (m *callbackMachine) customer(t *rapid.T, tx *store.Tx, address identity.Address) seal.CustomerHash {
	primary, err := tx.People().Primary(address)
	if err != nil {
		t.Fatal(err)
	}
	return m.keys.CustomerHash(channel, string(primary))
}

func (m *callbackMachine) Enqueue(t *rapid.T) {
	address := rapid.SampledFrom(m.people).Draw(t, "address")
	body := make([]byte, rapid.SampledFrom([]int{0, 1, 100, 5000, 70_000}).Draw(t, "bytes"))
	m.update(t, func(tx *store.Tx) error {
		return tx.Callbacks().Enqueue(&store.Callback{
			Channel: channel, Customer: m.customer(t, tx, address), Payload: body, CreatedAt: m.now,
		})
	})
}

func (m *callbackMachine) Claim(t *rapid.T) {
	m.update(t, func(tx *store.Tx) error {
		claimed, err := tx.Callbacks().Claim(m.now, m.now.Add(time.Minute), 3)
		m.claimed = append(m.claimed, claimed...)
		return err
	})
}

// one is a callback that was claimed at some time.
func (m *callbackMachine) one(t *rapid.T) *store.Callback {
	if len(m.claimed) == 0 {
		t.Skip("none was claimed")
	}
	return rapid.SampledFrom(m.claimed).Draw(t, "callback")
}

func (m *callbackMachine) Finish(t *rapid.T) {
	c := m.one(t)
	m.update(t, func(tx *store.Tx) error { _, err := tx.Callbacks().Finish(c, m.now); return err })
}

func (m *callbackMachine) Retry(t *rapid.T) {
	c := m.one(t)
	m.update(t, func(tx *store.Tx) error { _, err := tx.Callbacks().Retry(c, m.now); return err })
}

func (m *callbackMachine) SetAside(t *rapid.T) {
	c := m.one(t)
	m.update(t, func(tx *store.Tx) error { _, err := tx.Callbacks().SetAside(c, 400, m.now); return err })
}

// refused is the id of a callback that is set aside, or of none.
func (m *callbackMachine) refused(t *rapid.T) (id int64) {
	if err := m.store.View(context.Background(), func(tx *store.Tx) error {
		list, err := tx.Callbacks().Refused(channel, 0, 10)
		if len(list) > 0 {
			id = rapid.SampledFrom(list).Draw(t, "refused").ID
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

func (m *callbackMachine) Replay(t *rapid.T) {
	id := m.refused(t)
	m.update(t, func(tx *store.Tx) error { _, err := tx.Callbacks().Replay(channel, id, m.now); return err })
}

func (m *callbackMachine) Drop(t *rapid.T) {
	id := m.refused(t)
	m.update(t, func(tx *store.Tx) error { _, err := tx.Callbacks().Drop(channel, id); return err })
}

func (m *callbackMachine) Purge(t *rapid.T) {
	before := m.now.Add(-time.Duration(rapid.IntRange(0, 300).Draw(t, "age")) * time.Second)
	m.update(t, func(tx *store.Tx) error {
		_, err := tx.Upkeep().Purge(m.now, store.PurgeLimits{CallbacksBefore: before, Rows: 5})
		_, errRefused := tx.Callbacks().PurgeRefused(before, 5)
		return errors.Join(err, errRefused)
	})
}

func (m *callbackMachine) Erase(t *rapid.T) {
	address := rapid.SampledFrom(m.people).Draw(t, "address")
	m.update(t, func(tx *store.Tx) error {
		_, err := tx.People().Erase(channel, []seal.CustomerHash{m.customer(t, tx, address)}, store.Erasure{}, 10)
		return err
	})
}

func (m *callbackMachine) Unite(t *rapid.T) {
	a := rapid.SampledFrom(m.people).Draw(t, "a")
	b := rapid.SampledFrom(m.people).Draw(t, "b")
	m.update(t, func(tx *store.Tx) error { _, err := tx.People().Same(a, b, m.now); return err })
}

// Rotate lets a new key seal, of a kind that takes other room than the one before.
func (m *callbackMachine) Rotate(t *rapid.T) {
	template := aead.XChaCha20Poly1305KeyTemplate()
	if _, keys := m.keys.Keyset(); keys%2 == 0 {
		template = aead.AES256GCMKeyTemplate()
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(m.material.Keyset)))
	if err != nil {
		t.Fatal(err)
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(template)
	if err := errors.Join(err, manager.SetPrimary(id)); err != nil {
		t.Fatal(err)
	}
	if handle, err = manager.Handle(); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&text)); err != nil {
		t.Fatal(err)
	}
	m.material.Keyset = text.Bytes()
	newer, err := seal.Parse(m.material.Keyset, m.material.CustomerKey)
	if err == nil {
		err = m.keys.TakeOver(newer, false)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *callbackMachine) Reseal(t *rapid.T) {
	kind := rapid.SampledFrom([]store.SealedKind{store.SealedCallbacks, store.SealedRefusedCallbacks}).Draw(t, "kind")
	m.update(t, func(tx *store.Tx) error { _, err := tx.Upkeep().Reencrypt(kind, 0, 4); return err })
}

func (m *callbackMachine) TimePasses(t *rapid.T) {
	m.now = m.now.Add(time.Duration(rapid.IntRange(1, 90).Draw(t, "seconds")) * time.Second)
}

func (m *callbackMachine) Reopen(t *rapid.T) {
	if err := m.store.Close(); err != nil {
		t.Fatal(err)
	}
	var err error
	if m.store, err = store.Open(context.Background(), m.place.options(m.keys)); err != nil {
		t.Fatal(err)
	}
}

// depthsAndTables are, of callbacks and of those that are set aside, the depth and what the table
// has, first of their number, then of their bytes.
const depthsAndTables = `SELECT
	COALESCE((SELECT value FROM counters WHERE name = 'depth/callbacks'), 0) AS callbacks,
	(SELECT COUNT(*) FROM callbacks) AS callbacks_stored,
	COALESCE((SELECT value FROM counters WHERE name = 'depth/callback_bytes'), 0) AS bytes,
	(SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM callbacks) AS bytes_stored,
	COALESCE((SELECT value FROM counters WHERE name = 'depth/refused_callbacks'), 0) AS refused,
	(SELECT COUNT(*) FROM refused_callbacks) AS refused_stored,
	COALESCE((SELECT value FROM counters WHERE name = 'depth/refused_bytes'), 0) AS refused_bytes,
	(SELECT COALESCE(SUM(LENGTH(payload)), 0) FROM refused_callbacks) AS refused_bytes_stored`

// Check holds every depth equal to what the tables hold.
func (m *callbackMachine) Check(t *rapid.T) {
	numbers, err := m.row(depthsAndTables)
	if err != nil {
		t.Fatal(err)
	}
	for i, depth := range []string{"callbacks", "callback_bytes", "refused_callbacks", "refused_bytes"} {
		if got, want := numbers[2*i], numbers[2*i+1]; got != want {
			t.Fatalf("depth %s is %d; want %d, as the table has it", depth, got, want)
		}
	}
}

// Whatever happens to callbacks, their number and their size are known exactly. Each check goes on
// with the store of the one before, and other people.
func TestCallbackDepthsAreThoseOfTheTable(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		t.Parallel()
		material, err := seal.NewKeys()
		if err != nil {
			t.Fatal(err)
		}
		keys, err := seal.Parse(material.Keyset, material.CustomerKey)
		if err != nil {
			t.Fatal(err)
		}
		m := &callbackMachine{place: e.newPlace(t), material: material, keys: keys, now: noon}
		m.store = m.place.open(t, keys)
		m.row = m.place.reader(t)
		t.Cleanup(func() { m.store.Close() })
		people := 0
		rapid.Check(t, func(t *rapid.T) {
			m.claimed, m.people = nil, nil
			for range 4 {
				people++
				m.people = append(m.people, identity.Address(fmt.Sprintf("FR.%d", people)))
			}
			t.Repeat(map[string]func(*rapid.T){
				"enqueue": m.Enqueue, "claim": m.Claim, "finish": m.Finish, "retry": m.Retry, "set aside": m.SetAside,
				"replay": m.Replay, "drop": m.Drop, "purge": m.Purge, "erase": m.Erase, "unite": m.Unite,
				"rotate": m.Rotate, "reseal": m.Reseal, "time passes": m.TimePasses, "reopen": m.Reopen, "": m.Check,
			})
		})
	})
}

// withoutNumbers takes the migrations of numbers and what came after them back, from version 11 on.
const withoutNumbers = `ALTER TABLE addresses DROP COLUMN arrived_at; ALTER TABLE addresses DROP COLUMN current_kind;
	ALTER TABLE addresses DROP COLUMN passed_on; DROP TABLE former_spellings; DROP TABLE differences; ` + withoutPools

// withoutPools takes the migrations of pools, opened conversations and what came after them back,
// from version 14 on.
const withoutPools = `ALTER TABLE messages DROP COLUMN opened; DROP TABLE pools;
	CREATE TABLE allowances (name TEXT NOT NULL PRIMARY KEY, places TEXT NOT NULL); ` + withoutSilences

// withoutSilences takes the migrations of silences, of the callbacks' endpoint and what came after
// them back, from version 16 on.
const withoutSilences = `ALTER TABLE channels DROP COLUMN unheard_since; ALTER TABLE channels DROP COLUMN silent_at;
	ALTER TABLE channels DROP COLUMN refused_at; DROP TABLE callback_endpoint;
	DROP TABLE recipients; DROP TABLE enforcements;
	DROP TABLE template_requests; DROP TABLE upstream_counts;
	DROP INDEX ledger_adoptions; ALTER TABLE owner DROP COLUMN ledger_id;
	ALTER TABLE callbacks RENAME COLUMN failed_at TO refused_at`

// A store of a release that counted callbacks, and not their bytes, knows them once it is opened.
func TestMigrationCountsTheBytesOfCallbacks(t *testing.T) {
	forEachEngine(t, func(t *testing.T, e engine) {
		where, keys := e.newPlace(t), newKeys(t)
		s := where.open(t, keys)
		for n, size := range []int{0, 100, 70_000} {
			enqueue(t, s, customer(n), string(make([]byte, size)), noon)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		tamper(t, where, `DELETE FROM counters WHERE name = 'depth/callback_bytes'`)
		tamper(t, where, withoutNumbers+`; DELETE FROM schema_migrations WHERE version >= 10`)
		view(t, where.open(t, keys), func(tx *store.Tx) error {
			// A seal adds 33 bytes to a body: 5 name the key, 12 are the nonce, 16 prove it.
			bytes, err := tx.Depth(store.CallbackBytes)
			if bytes != 70_199 {
				t.Errorf("%d bytes wait; want 0 + 100 + 70,000 and three seals", bytes)
			}
			return err
		})
	})
}
