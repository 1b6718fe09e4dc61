package books

import "github.com/guichet-dev/guichet/internal/store/txn"

// Depth is how many of something there are now. It is kept beside what it counts, in the same
// commit, so that reading it costs nothing.
type Depth int8

// The depths.
const (
	// Outbound counts messages that the upstream does not have yet: queued, being sent, or in
	// doubt.
	Outbound Depth = iota
	// Unsettled counts all messages without a settlement.
	Unsettled
	// Doubts counts messages in doubt.
	Doubts
	// UnpricedMessages counts delivered messages that no rate could settle.
	UnpricedMessages
	// Callbacks counts deliveries that wait for the business's endpoint.
	Callbacks
	// Reached counts the customers of the moving 24 hours, see People.Reach.
	Reached
	// RefusedCallbacks counts deliveries that were set aside because they always failed.
	RefusedCallbacks
	// RefusedBytes is the size of their bodies, as they are sealed.
	RefusedBytes
	// CallbackBytes is the size of the bodies that Callbacks counts, as they are sealed.
	CallbackBytes
	depths
)

var depthNames = [depths]string{
	"depth/outbound", "depth/unsettled", "depth/doubts", "depth/unpriced", "depth/callbacks", "depth/reached",
	"depth/refused_callbacks", "depth/refused_bytes", "depth/callback_bytes",
}

// Depth tells how many there are.
func (tx *Tx) Depth(of Depth) (int64, error) {
	cell, err := tx.depthCell(of)
	if err != nil {
		return 0, err
	}
	return cell.Value, nil
}

// Deepen adds to a depth.
func (tx *Tx) Deepen(of Depth, by int64) error {
	if by == 0 {
		return nil
	}
	cell, err := tx.depthCell(of)
	if err != nil {
		return err
	}
	return txn.Change(tx.Base(), cell, cell.Value+by)
}
