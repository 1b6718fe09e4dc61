package people

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
)

// maxPeople is how many people one request may name.
const maxPeople = 1000

// Named is a customer as requests name one.
type Named struct {
	User string `json:"user"`
}

// ReadNamed reads the customers that a field of a request names, each checked.
func ReadNamed(of network.Sender, field string, people []Named) ([]identity.Address, error) {
	users := make([]string, 0, len(people))
	for _, p := range people {
		users = append(users, p.User)
	}
	return ReadNames(of, field, users)
}

// ReadNames reads the addresses of people. It refuses a list that is empty, too long, or
// holds what is no address that a message can be sent to: what is remembered under such a one would
// be acknowledged and never found.
func ReadNames(of network.Sender, field string, users []string) ([]identity.Address, error) {
	if len(users) == 0 || len(users) > maxPeople {
		return nil, network.Refuse(network.InvalidValue, fmt.Sprintf("%s must name 1 to %d people.", field, maxPeople))
	}
	addresses := make([]identity.Address, 0, len(users))
	for i, user := range users {
		address, err := of.ParseAddress(user)
		if err != nil {
			return nil, network.Refuse(network.InvalidValue, fmt.Sprintf("%s[%d].user %s.", field, i, err))
		}
		addresses = append(addresses, address)
	}
	return addresses, nil
}

// Consent is one person's word.
type Consent struct {
	User      string      `json:"user"`
	State     string      `json:"state"`
	Timestamp json.Number `json:"timestamp"`
}

// States of a consent.
const (
	consentGranted   = "granted"
	consentWithdrawn = "withdrawn"
)

// Check refuses what cannot be recorded of the i-th of a request.
func (c Consent) Check(i int) error {
	if c.State != consentGranted && c.State != consentWithdrawn {
		return network.Refuse(
			network.InvalidValue, fmt.Sprintf(`consents[%d].state must be "granted" or "withdrawn".`, i),
		)
	}
	if c.Timestamp == "" {
		return nil
	}
	if at, err := c.Timestamp.Int64(); err != nil || at <= 0 {
		return network.Refuse(network.InvalidValue, fmt.Sprintf("consents[%d].timestamp must be Unix seconds.", i))
	}
	return nil
}

// IsGranted says whether it was given, and not withdrawn.
func (c Consent) IsGranted() bool { return c.State == consentGranted }

// At is when the customer said so; never in the future, so that a later word can still overrule it.
func (c Consent) At(now time.Time) int64 {
	at, err := c.Timestamp.Int64()
	if err != nil {
		return now.Unix()
	}
	return min(at, now.Unix())
}
