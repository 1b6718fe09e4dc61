package settlement

import (
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// Member is a member of a group, as far as a settlement has to know.
type Member struct {
	// Addresses are the keyed hashes of the member's addresses, in hexadecimal digits: a status may
	// name any of them.
	Addresses []string `json:"addresses"`
	// Customer is the member as the ledger knows customers; empty if that could not be read.
	Customer string `json:"customer,omitempty"`
}

// NewMember is the member with the keyed hashes of addresses.
func NewMember(customer seal.CustomerHash, addresses []seal.CustomerHash) *Member {
	m := &Member{}
	if customer != (seal.CustomerHash{}) {
		m.Customer = hex.EncodeToString(customer[:])
	}
	for _, hash := range addresses {
		m.Addresses = append(m.Addresses, hex.EncodeToString(hash[:]))
	}
	return m
}

// is tells whether two members are one.
func (m *Member) is(other *Member) bool {
	return m != nil && (m.Customer != "" && m.Customer == other.Customer ||
		slices.ContainsFunc(m.Addresses, func(hash string) bool { return slices.Contains(other.Addresses, hash) }))
}

// isMember tells whether the member who has a share is another one's person: by the addresses that
// the statuses named, or because the two were found to be one since.
func isMember(tx *durable.Tx, holder, member *Member) (bool, error) {
	if holder == nil || holder.is(member) {
		return holder != nil, nil
	}
	var customer seal.CustomerHash
	if n, err := hex.Decode(customer[:], []byte(holder.Customer)); err != nil || n != len(customer) {
		return false, nil //nolint:nilerr // it was not known who it was
	}
	current, err := tx.People().Current(customer)
	return err == nil && hex.EncodeToString(current[:]) == member.Customer, err
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
		if same, err := isMember(tx, of.Member, member); err != nil || same {
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
