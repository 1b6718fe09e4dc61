package txn

// Condition says whether what is sealed of a row could be opened.
type Condition int8

// The conditions.
const (
	Whole Condition = iota
	// Locked rows are sealed with a key that the keyset does not have. They open when it is back.
	Locked
	// Damaged rows hold other bytes than were stored. Nothing brings them back.
	Damaged
)

// OpenSealed opens a sealed value of a row. If it cannot be opened the value is nil, and the row's
// condition says why: one bad row must not hold up the others.
func (tx *Tx) OpenSealed(sealed []byte, place string, condition *Condition) []byte {
	keys := tx.Keys
	plain, err := keys.Open(sealed, place)
	switch {
	case err == nil:
		return plain
	case keys.Has(sealed):
		*condition = Damaged
	default:
		*condition = max(*condition, Locked)
	}
	return nil
}
