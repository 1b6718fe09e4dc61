package store

import (
	"crypto/sha256"
	"time"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	insertSeen  = `INSERT INTO seen (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING`
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
	selectReach = `SELECT 1 FROM reach WHERE customer = $1`
	upsertReach = `INSERT INTO reach (customer, at) VALUES ($1, $2) ON CONFLICT (customer) DO UPDATE
		SET at = excluded.at`
	selectReachFrees = `SELECT at FROM reach ORDER BY at LIMIT 1 OFFSET $1 + 0`
	deleteReach      = `DELETE FROM reach WHERE at <= $1`
)

// FirstTime records an id that the upstream gave to something it tells, and is true the first time
// only, however many tell it at once. It is remembered for DedupeRetention from now on. Only a hash
// of it is stored.
func (tx Intake) FirstTime(id string, now time.Time) (bool, error) {
	n, err := tx.changed(insertSeen, hashID(id), millis(now.Add(DedupeRetention)))
	return n == 1, err
}

// NotSeen takes FirstTime back: what the id is of is told again.
func (tx Intake) NotSeen(id string) error { return tx.exec(deleteSeen, hashID(id)) }

// hashID is what an id of the upstream is looked up by: half of its SHA-256. The ids themselves
// hold the recipient's number, in base64, beside 16 random bytes that keep the hash from being
// tried out.
func hashID(id string) []byte {
	hash := sha256.Sum256([]byte(id))
	return hash[:16]
}

// maxEarlyStatuses bounds the statuses that are kept for ids that are not known yet: between a send
// and the record of its answer there are seconds.
const maxEarlyStatuses = 10_000

// KeepEarlyStatus keeps a status of an upstream id that is not known yet. The payload, whatever the
// caller needs to apply it later, is sealed at rest. Of more than 10,000 the oldest are forgotten.
func (tx Intake) KeepEarlyStatus(upstreamID string, payload []byte, now time.Time) error {
	sealed, err := tx.store.options.Keys.Seal(payload, "early_statuses.payload/"+upstreamID)
	if err != nil {
		return err
	}
	kept := true
	tx.tally.early = &kept // also if the operation is undone: it is a hint to look
	if err := tx.exec(insertEarly, hashID(upstreamID), sealed, millis(now)); err != nil {
		return err
	}
	return tx.exec(boundEarly, int64(maxEarlyStatuses))
}

// TakeEarlyStatuses returns and forgets the statuses that were kept for an upstream id, in the
// order in which they came, and tells how many could not be opened.
func (tx Intake) TakeEarlyStatuses(upstreamID string) (statuses [][]byte, unreadable int, err error) {
	if kept, err := tx.keepsEarly(); err != nil || !kept {
		return nil, 0, err
	}
	var payloads [][]byte
	if err := tx.each(selectEarly, []any{hashID(upstreamID)}, func(v engine.Row) bool {
		payloads = append(payloads, v.Bytes(0))
		return true
	}); err != nil || len(payloads) == 0 {
		return nil, 0, err
	}
	for _, sealed := range payloads {
		var condition Condition
		if status := tx.openSealed(sealed, "early_statuses.payload/"+upstreamID, &condition); condition == Whole {
			statuses = append(statuses, status)
		} else {
			unreadable++
		}
	}
	return statuses, unreadable, tx.exec(deleteEarly, hashID(upstreamID))
}

// keepsEarly tells whether a status is kept for any id at all. Usually none is, and a transaction
// asks once, for all the messages that it records as sent.
func (tx *transaction) keepsEarly() (bool, error) {
	if tx.tally.early == nil {
		kept, err := tx.first(selectAnyEarly, nil, func(engine.Row) {})
		if err != nil {
			return false, err
		}
		tx.tally.early = &kept
	}
	return *tx.tally.early, nil
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
func (tx Intake) PutTemplateEvent(e TemplateEvent) error {
	return tx.exec(upsertTemplateWord, e.UpstreamID, e.Name, e.Language, e.Event, millis(e.At))
}

// TemplateEvents are the latest events of templates, newest first, limit at most.
func (tx Intake) TemplateEvents(limit int) ([]TemplateEvent, error) {
	var events []TemplateEvent
	err := tx.each(selectTemplateWords, []any{limit}, func(v engine.Row) bool {
		events = append(events, TemplateEvent{
			UpstreamID: v.Text(0), Name: v.Text(1), Language: v.Text(2), Event: v.Text(3), At: instant(v.Int(4)),
		})
		return true
	})
	return events, err
}

// reachSpan is the moving span over which the upstream counts unique recipients
// (https://developers.facebook.com/documentation/business-messaging/whatsapp/messaging-limits).
const reachSpan = 24 * time.Hour

// Reach tells how many people the account has opened a conversation with in the 24 hours before
// now, by whichever of its numbers, and whether the given one is among them.
func (tx People) Reach(person seal.CustomerHash, now time.Time) (people int64, among bool, err error) {
	// Whoever fell out of the span since the last call is let go; usually that is nobody.
	gone, err := tx.changed(deleteReach, millis(now.Add(-reachSpan)))
	if err != nil {
		return 0, false, err
	}
	if err := tx.deepen(Reached, -gone); err != nil {
		return 0, false, err
	}
	among, err = tx.first(selectReach, []any{person[:]}, func(engine.Row) {})
	if err != nil {
		return 0, false, err
	}
	people, err = tx.depth(Reached)
	return people, among, err
}

// ReachFrees is when fewer people than the limit are counted again, of those whom Reach has
// counted: one more may be written to then.
func (tx People) ReachFrees(people, limit int64) (time.Time, error) {
	var at int64
	found, err := tx.first(selectReachFrees, []any{people - limit}, func(v engine.Row) { at = v.Int(0) })
	if err != nil || !found {
		return time.Time{}, err
	}
	return instant(at).Add(reachSpan), nil
}

// PutReach counts a person in the 24 hours after now. One who is counted already is counted on.
func (tx People) PutReach(person seal.CustomerHash, now time.Time) error {
	_, among, err := tx.Reach(person, now)
	if err != nil {
		return err
	}
	if !among {
		if err := tx.deepen(Reached, 1); err != nil {
			return err
		}
	}
	delete(tx.store.recent.known, person)
	return tx.exec(upsertReach, person[:], millis(now))
}
