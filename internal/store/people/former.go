package people

import (
	"time"

	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const selectFormerSpellings = `SELECT one FROM former_spellings`

// keepsFormer tells whether the store was in use when numbers had other spellings. That never
// changes, so the writer asks once.
func (tx *Tx) keepsFormer() (bool, error) {
	if kept := tx.former; kept != nil && !tx.ReadOnly {
		return *kept, nil
	}
	kept, err := tx.First(selectFormerSpellings, nil, func(engine.Row) {})
	if err == nil && !tx.ReadOnly {
		tx.former = &kept
	}
	return kept, err
}

// Adopt takes over what an earlier version kept of a person with channels, all if none is given,
// under other spellings of the address, and of the person's primary one. Where a spelling may have
// been somebody else's too, only what was refused is taken over, and stays there as well. Adopting
// again changes nothing. A store that has never known other spellings is not looked at.
func (p People) Adopt(address identity.Address, now time.Time, channels ...string) (unions []txn.Union, err error) {
	if kept, err := p.tx.keepsFormer(); err != nil || !kept {
		return nil, err
	}
	if len(channels) == 0 {
		if channels, err = p.tx.Channels(); err != nil {
			return nil, err
		}
	}
	primary, err := p.Primary(address)
	if err != nil {
		return nil, err
	}
	numbers := []identity.Address{address.Spelling()}
	if primary != numbers[0] {
		numbers = append(numbers, primary)
	}
	for _, number := range numbers {
		has, err := p.tx.holder(number)
		if err != nil {
			return nil, err
		}
		if has.passedOn {
			continue // what was kept is not of the person who has it now
		}
		more, err := p.tx.takeOver(number, has.primary, now, channels)
		if err != nil {
			return nil, err
		}
		unions = append(unions, more...)
	}
	return unions, nil
}

func (tx *Tx) takeOver(
	number, primary identity.Address, now time.Time, channels []string,
) (unions []txn.Union, err error) {
	own, shared := number.FormerSpellings()
	for _, former := range own {
		for _, channel := range channels {
			state, err := tx.conversation(txn.Person{Channel: channel, Customer: tx.customer(channel, former)})
			if err != nil {
				return nil, err
			}
			if state == nil {
				continue
			}
			more, err := tx.merge(former, primary, now)
			if err != nil {
				return nil, err
			}
			unions = append(unions, more...)
			break
		}
	}
	for _, former := range shared {
		if err := tx.copyRefusals(former, primary, channels); err != nil {
			return nil, err
		}
	}
	return unions, nil
}
