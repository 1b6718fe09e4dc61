package settlement

import (
	"slices"
	"strconv"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// Member is a member of a group, as far as a settlement has to know.
type Member struct {
	// Addresses are the keyed hashes of the member's addresses: a status may name any of them.
	Addresses []seal.CustomerHash `json:"addresses"`
	// Customer is the member as the ledger knows customers; zero if that could not be read.
	Customer seal.CustomerHash `json:"customer,omitzero"`
}

// matches tells whether the member who has a share is the given one: by an address that statuses
// named, or because the two were found to be one person since. Nil is that nobody has the share.
func (m *Member) matches(tx *durable.Tx, given *Member) (bool, error) {
	known := func(hash seal.CustomerHash) bool { return slices.Contains(given.Addresses, hash) }
	switch {
	case m == nil:
		return false, nil
	case slices.ContainsFunc(m.Addresses, known):
		return true, nil
	case m.Customer == (seal.CustomerHash{}):
		return false, nil
	case m.Customer == given.Customer:
		return true, nil
	}
	current, err := tx.People().Current(m.Customer)
	return err == nil && current == given.Customer, err
}

// ShareID is the id of a share of a message, see Envelope.Shares.
func ShareID(message string, n int) string { return message + "." + strconv.Itoa(n) }

// Share is a share of a message: the message itself for 0. It is nil for one that is forgotten.
func Share(tx *durable.Tx, m *store.Message, n int) (*store.Message, error) {
	if n == 0 {
		return m, nil
	}
	share, found, err := tx.Messages().ByID(ShareID(m.ID, n))
	if err != nil || !found {
		return nil, err
	}
	return share, nil
}

// ShareOf is the share of a message to a group that is a member's, with what is known of it: the
// one that it took, or the first that nobody has, which it takes. If all are taken, the group is
// larger than was thought, and there is one more, for which nothing is reserved: what is delivered
// is billed.
func (s *Settler) ShareOf(
	tx *durable.Tx, m *store.Message, about *Envelope, member *Member, country market.Country,
) (*store.Message, Envelope, error) {
	var free *store.Message
	var known Envelope
	for n := 0; n <= about.Shares; n++ {
		share, err := Share(tx, m, n)
		if err != nil {
			return nil, Envelope{}, err
		}
		if share == nil {
			continue
		}
		of, err := s.Open(tx, share)
		if err != nil {
			return share, of, err
		}
		if same, err := of.Member.matches(tx, member); err != nil || same {
			return share, of, err
		}
		waived := share.Settled && n > 0
		if free == nil && of.Member == nil && !of.Unreadable && !waived {
			free, known = share, of
		}
	}
	if free == nil {
		var err error
		if free, known, err = addShare(tx, m, about); err != nil {
			return nil, Envelope{}, err
		}
	}
	known.Member, known.Country = member, country
	text, err := known.Encode()
	if err != nil {
		return nil, Envelope{}, err
	}
	return free, known, tx.Messages().Rewrite(free, text)
}

// addShare stores one more share of a message.
func addShare(tx *durable.Tx, m *store.Message, about *Envelope) (*store.Message, Envelope, error) {
	more := *about
	more.Shares++
	text, err := more.Encode()
	if err != nil {
		return nil, Envelope{}, err
	}
	if err := tx.Messages().Rewrite(m, text); err != nil {
		return nil, Envelope{}, err
	}
	of := more
	of.Shares, of.Share, of.Member = 0, more.Shares, nil
	if text, err = of.Encode(); err != nil {
		return nil, Envelope{}, err
	}
	id := ShareID(m.ID, of.Share)
	if err := tx.Queue().AcceptShare(&store.Message{
		ID: id, Channel: m.Channel, Customer: m.Customer, Lane: m.Lane, AcceptedAt: m.AcceptedAt,
		ExpiresAt: m.ExpiresAt, Envelope: text,
	}); err != nil {
		return nil, Envelope{}, err
	}
	share, _, err := tx.Messages().ByID(id)
	return share, of, err
}

// waiveShares ends the shares of a message that has not come and will not: nobody takes them.
func (s *Settler) waiveShares(tx *durable.Tx, m *store.Message, about *Envelope) error {
	for n := 1; n <= about.Shares; n++ {
		share, err := Share(tx, m, n)
		if err != nil {
			return err
		}
		if share == nil {
			continue
		}
		of, err := s.Open(tx, share)
		if err != nil {
			return err
		}
		if of.Member == nil {
			if err := tx.Ledger().Waive(share); err != nil {
				return err
			}
		}
	}
	return nil
}
