package upkeep

import (
	"errors"

	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store/books"
	"github.com/guichet-dev/guichet/internal/store/callbacks"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/people"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	selectSealed = `SELECT seq, id, envelope, upstream_id, content FROM messages WHERE seq > $1
		ORDER BY seq LIMIT $2 + 0`
	updateSealed   = `UPDATE messages SET envelope = $1, upstream_id = $2, content = $3 WHERE seq = $4`
	selectPayloads = `SELECT seq, channel, customer, payload FROM callbacks WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`
	updatePayload  = `UPDATE callbacks SET payload = $1 WHERE seq = $2`
	selectAside    = `SELECT seq, channel, customer, payload FROM refused_callbacks WHERE seq > $1
		ORDER BY seq LIMIT $2 + 0`
	updateAside     = `UPDATE refused_callbacks SET payload = $1 WHERE seq = $2`
	selectEarlies   = `SELECT seq, payload FROM early_statuses WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`
	selectPrimaries = `SELECT seq, person, primary_address FROM addresses WHERE seq > $1 ORDER BY seq LIMIT $2 + 0`
	updatePrimary   = `UPDATE addresses SET primary_address = $1 WHERE seq = $2`
)

// SealedKind is a table with sealed values.
type SealedKind int8

// The kinds, in the order in which they are walked. Early statuses can only be counted: what they
// were sealed for is the upstream's id, of which only a hash is kept. They go within
// DedupeRetention.
const (
	SealedMessages SealedKind = iota
	SealedCallbacks
	SealedEarlyStatuses
	SealedRefusedCallbacks
	SealedAddresses
	SealedKinds
)

// SealedPage is what a page of a table's rows is sealed with.
type SealedPage struct {
	// Last is the last row's place, where the next page begins, and More whether there may be one;
	// Rows is how many were looked at.
	Last int64
	More bool
	Rows int
	// Stale counts the rows with a value under an older key than the one that seals now.
	// Reencrypted are those of them that Reencrypt has sealed with the current one.
	Stale, Reencrypted int
}

// maxSealedPage ends a page, in bytes of sealed values: messages that wait can be large, and a page
// is in memory twice.
const maxSealedPage = 4 << 20

// sealedRow is a row of which something is sealed: its values, and for what each was sealed. A
// value that is nil is none.
type sealedRow struct {
	seq    int64
	values [3][]byte
	places [3]string
}

// Sealed looks at a page of a table's rows behind a place, 0 at first, so many of them at most, and
// counts those under an older key than the one that seals now. A View reads it.
func (u Upkeep) Sealed(kind SealedKind, after int64, rows int) (SealedPage, error) {
	stale, page, err := u.tx.stale(kind, after, rows)
	page.Stale = len(stale)
	return page, err
}

// Reencrypt seals the rows of a page that are under an older key with the current one. A row that
// cannot be opened stays as it is. See Sealed.
func (u Upkeep) Reencrypt(kind SealedKind, after int64, rows int) (SealedPage, error) {
	if err := u.tx.FlushMessages(); err != nil {
		return SealedPage{}, err
	}
	stale, page, err := u.tx.stale(kind, after, rows)
	if err != nil {
		return page, err
	}
	page.Stale = len(stale)
	if kind == SealedEarlyStatuses {
		return page, nil
	}
	u.tx.Forget()
	keys := u.tx.Keys
	grown := int64(0)
	for _, row := range stale {
		before := row.size()
		switch err := row.seal(keys); {
		case errors.Is(err, seal.ErrOpen):
			continue
		case err != nil:
			return page, err
		}
		switch kind {
		case SealedMessages:
			err = u.tx.Exec(
				updateSealed, row.values[0], txn.Nullable(row.values[1]), txn.Nullable(row.values[2]), row.seq,
			)
		case SealedRefusedCallbacks:
			err = u.tx.Exec(updateAside, row.values[0], row.seq)
		case SealedAddresses:
			err = u.tx.Exec(updatePrimary, row.values[0], row.seq)
		default:
			err = u.tx.Exec(updatePayload, row.values[0], row.seq)
		}
		if err != nil {
			return page, err
		}
		grown += row.size() - before
		page.Reencrypted++
	}
	switch kind {
	case SealedCallbacks:
		err = u.tx.Deepen(books.CallbackBytes, grown)
	case SealedRefusedCallbacks:
		err = u.tx.Deepen(books.RefusedBytes, grown)
	}
	return page, err
}

// size is that of the row's values.
func (r *sealedRow) size() (bytes int64) {
	for _, sealed := range r.values {
		bytes += int64(len(sealed))
	}
	return bytes
}

// seal seals the row's values anew.
func (r *sealedRow) seal(keys *seal.Keys) error {
	for i, sealed := range r.values {
		if sealed == nil {
			continue
		}
		plain, err := keys.Open(sealed, r.places[i])
		if err != nil {
			return err
		}
		if r.values[i], err = keys.Seal(plain, r.places[i]); err != nil {
			return err
		}
	}
	return nil
}

// stale are the rows of a page that are under an older key.
func (tx *Tx) stale(kind SealedKind, after int64, rows int) (stale []sealedRow, page SealedPage, err error) {
	query, read := selectSealed, readSealedMessage
	switch kind {
	case SealedCallbacks:
		query, read = selectPayloads, readSealedCallback
	case SealedRefusedCallbacks:
		query, read = selectAside, readSealedCallback
	case SealedAddresses:
		query, read = selectPrimaries, readSealedAddress
	case SealedEarlyStatuses:
		query, read = selectEarlies, func(v engine.Row) sealedRow {
			return sealedRow{
				seq: v.Int(0), values: [3][]byte{v.Bytes(1)},
			}
		}
	}
	size := 0
	err = tx.Each(query, []any{after, int64(rows)}, func(v engine.Row) bool {
		row := read(v)
		page.Last, page.Rows = row.seq, page.Rows+1
		old := false
		for _, sealed := range row.values {
			size += len(sealed)
			old = old || sealed != nil && tx.Keys.Old(sealed)
		}
		if old {
			stale = append(stale, row)
		}
		page.More = page.Rows == rows || size >= maxSealedPage
		return size < maxSealedPage
	})
	return stale, page, err
}

func readSealedMessage(v engine.Row) sealedRow {
	id := v.Text(1)
	return sealedRow{
		seq: v.Int(0), values: [3][]byte{v.Bytes(2), v.Bytes(3), v.Bytes(4)},
		places: [3]string{"messages.envelope/" + id, "messages.upstream_id/" + id, "messages.content/" + id},
	}
}

func readSealedAddress(v engine.Row) sealedRow {
	var person seal.CustomerHash
	copy(person[:], v.Bytes(1))
	return sealedRow{seq: v.Int(0), values: [3][]byte{v.Bytes(2)}, places: [3]string{people.PrimaryPlace(person)}}
}

func readSealedCallback(v engine.Row) sealedRow {
	c := callbacks.Callback{Channel: v.Text(1)}
	copy(c.Customer[:], v.Bytes(2))
	return sealedRow{seq: v.Int(0), values: [3][]byte{v.Bytes(3)}, places: [3]string{c.Place()}}
}
