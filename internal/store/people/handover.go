package people

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// holder is who has an address: by is the address itself or its spelling, under which that is
// known.
type holder struct {
	learned
	by identity.Address
}

func (tx *Tx) holder(of identity.Address) (holder, error) {
	known, by, err := tx.lookUp(of)
	if known == nil {
		known = &learned{primary: by}
	}
	return holder{*known, by}, err
}

// Told records that the network names one person by several addresses in what happened at an
// instant; the zero time if that is not known. It returns the address by which to look that person
// up: a number that has passed to somebody else since says nothing of an older event. What is kept
// of the person under several addresses becomes one, see Same.
func (p People) Told(list []identity.Address, at, now time.Time) (who identity.Address, unions []txn.Union, err error) {
	if len(list) == 0 {
		return "", nil, nil
	}
	list = numberFirst(list)
	if list[0].Kind() == identity.Phone {
		outdated, err := p.tx.judge(list[0], list[1:], at, now)
		if err != nil {
			return "", nil, err
		}
		if outdated && len(list) > 1 {
			list = list[1:]
		}
	}
	if err := p.tx.renew(list); err != nil {
		return "", nil, err
	}
	unions, err = p.tx.sameAll(list, now)
	return list[0], unions, err
}

// sameAll records that addresses are one person's.
func (tx *Tx) sameAll(list []identity.Address, now time.Time) (unions []txn.Union, err error) {
	for _, address := range list[1:] {
		more, err := tx.People().Same(list[0], address, now)
		if err != nil {
			return nil, err
		}
		unions = append(unions, more...)
	}
	return unions, nil
}

// numberFirst is the list, each address once, a number first.
func numberFirst(list []identity.Address) []identity.Address {
	sorted := make([]identity.Address, 0, len(list))
	for _, address := range list {
		if !slices.Contains(sorted, address) {
			sorted = append(sorted, address)
		}
	}
	slices.SortStableFunc(sorted, func(a, b identity.Address) int {
		return int(txn.Count(a.Kind() != identity.Phone) - txn.Count(b.Kind() != identity.Phone))
	})
	return sorted
}

// judge decides who has a number from which somebody with these other addresses does something.
// Outdated says that it was somebody who had the number before.
func (tx *Tx) judge(
	number identity.Address, others []identity.Address, at, now time.Time,
) (outdated bool, err error) {
	has, err := tx.holder(number)
	if err != nil {
		return false, err
	}
	evidence, err := tx.evidence(has, others, at)
	if err != nil {
		return false, err
	}
	fate := has.hold.Written(evidence)
	switch fate {
	case identity.Outdated:
		return true, nil
	case identity.PassesOn, identity.Contested:
		owner := identity.NewKey()
		if len(others) > 0 {
			if owner, err = tx.People().Primary(others[0]); err != nil {
				return false, err
			}
		}
		return false, tx.passOn(has, owner, fate == identity.Contested, latest(at, now))
	}
	if has.hold.InUse() || !evidence.Same || evidence.At <= has.hold.Left {
		return false, nil
	}
	has.hold.Since = evidence.At // the person has come back to the number
	return false, tx.learn(has.by, has.learned)
}

// latest is when something happened, or now if it does not say.
func latest(at, now time.Time) int64 {
	if at.IsZero() {
		return now.Unix()
	}
	return at.Unix()
}

// evidence is what other addresses, told together with a number, say of who has it.
func (tx *Tx) evidence(has holder, others []identity.Address, at time.Time) (identity.Evidence, error) {
	var e identity.Evidence
	if !at.IsZero() {
		e.At = at.Unix()
	}
	for _, other := range others {
		primary, err := tx.People().Primary(other)
		if err != nil {
			return e, err
		}
		if primary == has.primary {
			e.Same = true
			return e, nil
		}
		if e.Differs || !identity.IsUserID(string(other)) {
			continue
		}
		if e.Differs, err = tx.named(has.primary, other.Kind()); err != nil {
			return e, err
		}
	}
	return e, nil
}

// renew notes that the network names a person by these user ids now.
func (tx *Tx) renew(list []identity.Address) error {
	for _, address := range list {
		if !identity.IsUserID(string(address)) {
			continue
		}
		known, err := tx.learnedBy(tx.person(address))
		if err != nil {
			return err
		}
		if known == nil || known.kind != 0 {
			continue
		}
		if err := tx.learn(address, *known); err != nil {
			return err
		}
	}
	return nil
}

// passOn gives a number to another person, maybe with what the one who had it has refused.
func (tx *Tx) passOn(has holder, owner identity.Address, refusals bool, since int64) error {
	if refusals {
		channels, err := tx.Channels()
		if err != nil {
			return err
		}
		if err := tx.copyRefusals(has.primary, owner, channels); err != nil {
			return err
		}
	}
	return tx.learn(has.by, learned{primary: owner, hold: identity.Hold{Since: since}, passedOn: true})
}

// copyRefusals lets what one person has refused, or what was refused to one, hold for another too.
func (tx *Tx) copyRefusals(from, to identity.Address, channels []string) error {
	type refusal struct {
		of    txn.Person
		state conversation.State
	}
	var refusals []refusal
	for _, channel := range channels {
		of := txn.Person{Channel: channel, Customer: tx.customer(channel, to)}
		former, err := tx.People().Conversation(channel, tx.customer(channel, from))
		if err != nil {
			return err
		}
		state, err := tx.People().Conversation(channel, of.Customer)
		if err != nil {
			return err
		}
		if state.KeepRefusals(&former) {
			refusals = append(refusals, refusal{of, state})
		}
	}
	for i := range refusals { // now that all that has to be read was read
		of := refusals[i].of
		if err := tx.People().PutConversation(of.Channel, of.Customer, &refusals[i].state); err != nil {
			return err
		}
	}
	return nil
}

// Moved records a notice that a person has left a number for another one at an instant: from, or
// another address of the person's if the number is somebody else's by now. The user ids are those
// that the notice gives the person from now on; others are former ones. Whoever had the new number
// before has it no more, see identity.Hold.
func (p People) Moved(from, to identity.Address, userIDs []identity.Address, at, now time.Time) ([]txn.Union, error) {
	mover, err := p.tx.holder(from)
	if err != nil || mover.hold.Since > at.Unix() {
		return nil, err
	}
	outdated, err := p.tx.takeNumber(to, mover.primary, userIDs, at)
	if err != nil {
		return nil, err
	}
	known := to
	if outdated {
		known = from
	}
	unions, err := p.tx.become(from, known, userIDs, now)
	if err != nil {
		return nil, err
	}
	if from.Kind() == identity.Phone {
		if err := p.tx.hold(from, func(h *identity.Hold) { h.Left = max(h.Left, at.Unix()) }); err != nil {
			return nil, err
		}
	}
	if outdated {
		return unions, nil
	}
	return unions, p.tx.hold(to, func(h *identity.Hold) { h.Since = max(h.Since, at.Unix()) })
}

// takeNumber gives the number that a person has changed to to that person, if it is known to be
// somebody else's. Outdated says that it came to somebody else after that.
func (tx *Tx) takeNumber(
	number, mover identity.Address, userIDs []identity.Address, at time.Time,
) (outdated bool, err error) {
	has, err := tx.holder(number)
	if err != nil {
		return false, err
	}
	evidence, err := tx.evidence(has, userIDs, at)
	if err != nil {
		return false, err
	}
	evidence.Same = evidence.Same || has.primary == mover
	switch has.hold.Taken(evidence) {
	case identity.Outdated:
		return true, nil
	case identity.PassesOn:
		return false, tx.passOn(has, mover, false, at.Unix())
	default:
		return false, nil
	}
}

// Renamed records a notice that the network names a person by these user ids from now on.
func (p People) Renamed(who identity.Address, userIDs []identity.Address, now time.Time) ([]txn.Union, error) {
	if len(userIDs) == 0 {
		return nil, nil
	}
	return p.tx.become(who, who, userIDs, now)
}

// become unites a person with who is known by another address, and gives the person new user ids.
func (tx *Tx) become(
	from, known identity.Address, userIDs []identity.Address, now time.Time,
) ([]txn.Union, error) {
	gone, kept, err := tx.primaries(from, known)
	if err != nil {
		return nil, err
	}
	unions, err := tx.unite(gone, kept, now)
	if err != nil {
		return nil, err
	}
	person := tx.person(kept)
	clear(tx.ahead.addresses)
	delete(tx.ahead.known, person)
	if err := tx.Exec(retireUserIDs, person[:]); err != nil {
		return nil, err
	}
	if err := tx.renew(userIDs); err != nil {
		return nil, err
	}
	more, err := tx.sameAll(append([]identity.Address{known}, userIDs...), now)
	return append(unions, more...), err
}

// hold changes how a person has a number.
func (tx *Tx) hold(number identity.Address, change func(*identity.Hold)) error {
	has, err := tx.holder(number)
	if err != nil {
		return err
	}
	change(&has.hold)
	return tx.learn(has.by, has.learned)
}

// Named is Same for a number as it was written, of which the network says that it is the number
// known. That wins over the numbering rules: where they take the written number for a third
// person's, it is that person's no more, and the person stays as it is.
func (p People) Named(written, known identity.Address, now time.Time) ([]txn.Union, error) {
	gone, kept, err := p.tx.primaries(written, known)
	if err != nil || gone == kept {
		return nil, err
	}
	if written == written.Spelling() || known.Kind() != identity.Phone {
		return p.Same(written, known, now)
	}
	return nil, p.tx.learn(written, learned{primary: kept})
}
