package ledger

import "slices"

// Notes of records. Each is a fixed text: no gateway writes another one.
const (
	NoteDeliveredAfterAll = "delivered after it was given up"
	NoteDeliveredUnpriced = "delivered after it was given up, and the plan has no rate"
	NoteDoubtBegan        = "outcome of the send not known"
	NoteDoubtFailed       = "doubt resolved as failed"
	NoteDoubtResent       = "doubt resolved by sending again"
	NoteDoubtAnswered     = "doubt resolved by a late answer of the upstream"
	NoteDoubtConfirmed    = "doubt resolved by a status of the upstream"
)

func isNote(text string) bool {
	return slices.Contains([]string{
		NoteDeliveredAfterAll, NoteDeliveredUnpriced, NoteDoubtBegan, NoteDoubtFailed, NoteDoubtResent,
		NoteDoubtAnswered, NoteDoubtConfirmed,
	}, text)
}
