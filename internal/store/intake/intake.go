// Package intake is what the upstream has told that belongs to no message yet, or not to one alone.
package intake

import (
	"crypto/sha256"
	"time"

	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// Tx is a transaction with what the upstream has told that belongs to no message yet, or not to one
// alone.
type Tx struct {
	*books.Tx
	sounds   map[string]*txn.Cell[sound] // by channel
	hotEarly txn.Hot[struct{}]
	seen     txn.Ahead[string, bool] // which ids the upstream has told before
	early    *bool                   // whether statuses of ids that are not known may be kept; nil is not known
}

// New adds to a transaction what the upstream has told.
func New(tx *books.Tx) *Tx {
	return &Tx{Tx: tx, sounds: map[string]*txn.Cell[sound]{}}
}

// Reset begins a transaction.
func (tx *Tx) Reset() {
	tx.Tx.Reset()
	tx.early, tx.sounds = nil, map[string]*txn.Cell[sound]{}
	tx.seen.Clear()
}

// Begin starts the next operation of the transaction.
func (tx *Tx) Begin() {
	tx.Tx.Begin()
	tx.seen.Begin()
}

// Undo takes back the operation's work.
func (tx *Tx) Undo() error {
	tx.seen.Undo()
	return tx.Tx.Undo()
}

// Forget remembers nothing of the transactions before.
func (tx *Tx) Forget() {
	tx.Tx.Forget()
	tx.seen.Clear()
}

// AheadOfEvents asks which ids the upstream has told before.
func (tx *Tx) AheadOfEvents(ids []string) engine.Question {
	hashes := make([]string, len(ids))
	q := engine.Question{Text: selectSeen, Scan: func(of int, _ engine.Row) { tx.seen.Read(hashes[of], true) }}
	for i, id := range ids {
		hash := HashID(id)
		hashes[i] = string(hash)
		tx.seen.Read(hashes[i], false)
		q.Lists = append(q.Lists, []any{hash})
	}
	return q
}

// Hot asks for the rows of the moment.
func (tx *Tx) Hot() []engine.Question {
	questions := tx.Tx.Hot()
	tx.hotEarly.Begin()
	if len(tx.hotEarly.Keys()) > 0 {
		kept := false
		tx.early = &kept
		questions = append(questions, engine.Question{
			Text: selectAnyEarly, Lists: [][]any{nil}, Scan: func(int, engine.Row) { kept = true },
		})
	}
	return questions
}

// FlushTally writes what the transaction's operations changed.
func (tx *Tx) FlushTally() error {
	if err := tx.Tx.FlushTally(); err != nil {
		return err
	}
	return tx.flushSounds()
}

// Intake is what the upstream has told that belongs to no message yet, or not to one alone.
type Intake struct{ tx *Tx }

// Intake is what the upstream has told.
func (tx *Tx) Intake() Intake { return Intake{tx} }

// DedupeRetention is how long an id that was seen is remembered: longer than the 7 days for which
// the upstream says that it may repeat a webhook
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview).
const DedupeRetention = 8 * 24 * time.Hour

const (
	insertSeen  = `INSERT INTO seen (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	selectSeen  = `SELECT 1 FROM seen WHERE id = $1`
	deleteSeen  = `DELETE FROM seen WHERE id = $1`
	insertEarly = `INSERT INTO early_statuses (upstream_hash, payload, received_at) VALUES ($1, $2, $3)`
	// boundEarly lets the oldest go. Statuses of what others send through the same number may come
	// without end, and never become known.
	boundEarly         = `DELETE FROM early_statuses WHERE seq <= (SELECT MAX(seq) - $1 FROM early_statuses)`
	selectEarly        = `SELECT payload FROM early_statuses WHERE upstream_hash = $1 ORDER BY seq`
	selectAnyEarly     = `SELECT 1 FROM early_statuses ORDER BY seq LIMIT 1`
	deleteEarly        = `DELETE FROM early_statuses WHERE upstream_hash = $1`
	upsertTemplateWord = `INSERT INTO template_events (upstream_id, name, language, event, at)
		VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (upstream_id) DO UPDATE SET name = excluded.name, language = excluded.language,
		event = excluded.event, at = excluded.at
		WHERE excluded.at >= template_events.at`
	selectTemplateWords = `SELECT upstream_id, name, language, event, at FROM template_events ORDER BY at DESC,
		upstream_id LIMIT $1 + 0`
)

// FirstTime records an id that the upstream gave to something it tells, and is true the first time
// only, however many tell it at once. It is remembered for DedupeRetention from now on. Only a hash
// of it is stored.
func (in Intake) FirstTime(id string, now time.Time) (bool, error) {
	hash, expires := HashID(id), txn.Millis(now.Add(DedupeRetention))
	if seen, ahead := in.tx.seen.Get(string(hash)); ahead {
		if seen {
			return false, in.tx.Failure()
		}
		in.tx.seen.Put(string(hash), true)
		return true, in.tx.Exec(insertSeen, hash, expires)
	}
	n, err := in.tx.Changed(insertSeen, hash, expires)
	return n == 1, err
}

// NotSeen takes FirstTime back: what the id is of is told again.
func (in Intake) NotSeen(id string) error {
	in.tx.seen.Drop(string(HashID(id)))
	return in.tx.Exec(deleteSeen, HashID(id))
}

// HashID is what an id of the upstream is looked up by: half of its SHA-256. The ids themselves
// hold the recipient's number, in base64, beside 16 random bytes that keep the hash from being
// tried out.
func HashID(id string) []byte {
	hash := sha256.Sum256([]byte(id))
	return hash[:16]
}

// maxEarlyStatuses bounds the statuses that are kept for ids that are not known yet: between a send
// and the record of its answer there are seconds.
const maxEarlyStatuses = 10_000

// KeepEarlyStatus keeps a status of an upstream id that is not known yet. The payload, whatever the
// caller needs to apply it later, is sealed at rest. Of more than 10,000 the oldest are forgotten.
func (in Intake) KeepEarlyStatus(upstreamID string, payload []byte, now time.Time) error {
	sealed, err := in.tx.Keys.Seal(payload, "early_statuses.payload/"+upstreamID)
	if err != nil {
		return err
	}
	kept := true
	in.tx.early = &kept // also if the operation is undone: it is a hint to look
	if err := in.tx.Exec(insertEarly, HashID(upstreamID), sealed, txn.Millis(now)); err != nil {
		return err
	}
	return in.tx.Exec(boundEarly, int64(maxEarlyStatuses))
}

// TakeEarlyStatuses returns and forgets the statuses that were kept for an upstream id, in the
// order in which they came, and tells how many could not be opened.
func (in Intake) TakeEarlyStatuses(upstreamID string) (statuses [][]byte, unreadable int, err error) {
	if kept, err := in.tx.keepsEarly(); err != nil || !kept {
		return nil, 0, err
	}
	var payloads [][]byte
	if err := in.tx.Each(selectEarly, []any{HashID(upstreamID)}, func(v engine.Row) bool {
		payloads = append(payloads, v.Bytes(0))
		return true
	}); err != nil || len(payloads) == 0 {
		return nil, 0, err
	}
	for _, sealed := range payloads {
		var condition txn.Condition
		if status := in.tx.OpenSealed(
			sealed, "early_statuses.payload/"+upstreamID, &condition,
		); condition == txn.Whole {
			statuses = append(statuses, status)
		} else {
			unreadable++
		}
	}
	return statuses, unreadable, in.tx.Exec(deleteEarly, HashID(upstreamID))
}

// keepsEarly tells whether a status is kept for any id at all. Usually none is, and a transaction
// asks once, for all the messages that it records as sent.
func (tx *Tx) keepsEarly() (bool, error) {
	tx.hotEarly.Use(struct{}{})
	if tx.early == nil {
		kept, err := tx.First(selectAnyEarly, nil, func(engine.Row) {})
		if err != nil {
			return false, err
		}
		tx.early = &kept
	}
	return *tx.early, nil
}

// TemplateEvent is the upstream's latest word on a template.
type TemplateEvent struct {
	UpstreamID string
	Name       string
	Language   string
	Event      string
	At         time.Time
}

// PutTemplateEvent keeps the event if none of the template is later.
func (in Intake) PutTemplateEvent(e TemplateEvent) error {
	return in.tx.Exec(upsertTemplateWord, e.UpstreamID, e.Name, e.Language, e.Event, txn.Millis(e.At))
}

// TemplateEvents are the latest events of templates, newest first, limit at most.
func (in Intake) TemplateEvents(limit int) ([]TemplateEvent, error) {
	var events []TemplateEvent
	err := in.tx.Each(selectTemplateWords, []any{limit}, func(v engine.Row) bool {
		events = append(events, TemplateEvent{
			UpstreamID: v.Text(0), Name: v.Text(1), Language: v.Text(2), Event: v.Text(3), At: txn.Instant(v.Int(4)),
		})
		return true
	})
	return events, err
}
