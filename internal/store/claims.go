package store

import (
	"cmp"
	"errors"
	"strings"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

const (
	selectPlaces = `SELECT places FROM allowances WHERE name = $1`
	upsertPlaces = `INSERT INTO allowances (name, places) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET places = excluded.places`
)

// reservation is what messages can still cost in a currency.
type reservation struct {
	// amount is the sum of what each of them can cost by itself. Of that, coverable is what allowances may pay for.
	amount, coverable money.Decimal
	// exposed is the sum of what each allowance leaves to be charged, see pricing.Places. A message may reach into several months and claim a place in each of them, so the sum
	// can be above coverable; each of the two is a bound by itself.
	exposed money.Decimal
}

// most is the most that the messages can still cost together.
func (r reservation) most() (money.Decimal, error) {
	if r.exposed.Cmp(r.coverable) >= 0 {
		return r.amount, nil
	}
	rest, err := r.amount.Sub(r.coverable)
	if err != nil {
		return money.Decimal{}, err
	}
	return rest.Add(r.exposed)
}

// claims are what a message has claimed of allowances.
type claims struct {
	coverable money.Decimal // what of its reservation allowances may pay for
	covered   bool          // whether they surely did when it was accepted
	of        []claim
}

// claim is one place.
type claim struct {
	name     string // of the allowance's row
	amount   money.Decimal
	unpriced bool
}

// claimsOf are the claims of a message with a bound.
func claimsOf(bound *pricing.Bound, covered bool) claims {
	wanted := bound.Claims()
	if len(wanted) == 0 {
		return claims{}
	}
	made := claims{covered: covered, of: make([]claim, len(wanted))}
	made.coverable, _ = bound.Amount.Amount.Sub(bound.Uncovered.Amount) // of two amounts of which the first is the larger
	for i := range wanted {
		made.of[i] = claim{placesName(bound.Amount.Currency, wanted[i].Key), wanted[i].Amount, wanted[i].Unpriced}
	}
	return made
}

// placesName is what an allowance's row is stored under.
func placesName(currency money.Currency, key pricing.CounterKey) string {
	return string(currency) + "/" + counterName(key)
}

// Words of stored claims.
const (
	wordCovered  = "covered"
	wordUnpriced = "?"
)

// String is the claims as they are stored: in the first line the coverable amount, and "covered" where that holds; in each other line an amount, or "?" for one that the
// plan does not say, and the name of an allowance. Without claims it is empty.
func (c claims) String() string {
	if len(c.of) == 0 {
		return ""
	}
	b := c.coverable.AppendString(make([]byte, 0, 80*len(c.of)))
	if c.covered {
		b = append(b, ' ')
		b = append(b, wordCovered...)
	}
	for _, place := range c.of {
		b = append(b, '\n')
		if place.unpriced {
			b = append(b, wordUnpriced...)
		} else {
			b = place.amount.AppendString(b)
		}
		b = append(b, ' ')
		b = append(b, place.name...)
	}
	return string(b)
}

var errClaims = errors.New("a message's claims are not what was written")

func parseClaims(text string) (claims, error) {
	if text == "" {
		return claims{}, nil
	}
	head, rest, _ := strings.Cut(text, "\n")
	coverable, word, _ := strings.Cut(head, " ")
	c := claims{covered: word == wordCovered}
	var err error
	if c.coverable, err = money.Parse(coverable); err != nil {
		return claims{}, errClaims
	}
	for line := range strings.Lines(rest) {
		amount, name, found := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if !found {
			return claims{}, errClaims
		}
		place := claim{name: name, unpriced: amount == wordUnpriced}
		if !place.unpriced {
			if place.amount, err = money.Parse(amount); err != nil {
				return claims{}, errClaims
			}
		}
		c.of = append(c.of, place)
	}
	return c, nil
}

// Rise is what Reserved would grow by with one more message of a bound. It is unpriced if the message, or another one whose place it may take, may then be charged what
// the plan does not say.
func (tx *Tx) Rise(bound *pricing.Bound) (pricing.Exposure, error) {
	c, err := tx.reservedCell(bound.Amount.Currency)
	if err != nil {
		return pricing.Exposure{}, err
	}
	now, err := c.value.most()
	if err != nil {
		return pricing.Exposure{}, err
	}
	then := c.value
	rise := pricing.Exposure{Unpriced: bound.Uncovered.Unpriced}
	if then.amount, err = then.amount.Add(bound.Amount.Amount); err != nil {
		return pricing.Exposure{}, err
	}
	made := claimsOf(bound, false)
	if then.coverable, err = then.coverable.Add(made.coverable); err != nil {
		return pricing.Exposure{}, err
	}
	for i, wanted := range bound.Claims() {
		places, err := tx.placesCell(made.of[i].name)
		if err != nil {
			return pricing.Exposure{}, err
		}
		with, err := tx.claimed(places.value, wanted)
		if err != nil {
			return pricing.Exposure{}, err
		}
		most, grown, err := exposedBy(places.value, with)
		if err != nil {
			return pricing.Exposure{}, err
		}
		rise.Unpriced = rise.Unpriced || most.Unpriced
		if then.exposed, err = then.exposed.Add(grown); err != nil {
			return pricing.Exposure{}, err
		}
	}
	after, err := then.most()
	if err == nil {
		rise.Amount, err = after.Sub(now)
	}
	return rise, err
}

// claimed is an allowance with one more claim. What is used of it is read anew: its row may be older than its count.
func (tx *Tx) claimed(places pricing.Places, wanted pricing.Claim) (pricing.Places, error) {
	used, err := tx.countCell(wanted.Key)
	if err != nil {
		return places, err
	}
	places.Used = used.value
	return places.With(wanted), nil
}

// exposedBy is the exposure of an allowance after a change, and by how much it has grown.
func exposedBy(before, after pricing.Places) (most pricing.Exposure, grown money.Decimal, err error) {
	was, err := before.Exposure()
	if err != nil {
		return most, grown, err
	}
	if most, err = after.Exposure(); err != nil {
		return most, grown, err
	}
	grown, err = most.Amount.Sub(was.Amount)
	return most, grown, err
}

// putPlaces stores an allowance, and what it leaves to be charged.
func (tx *Tx) putPlaces(currency money.Currency, c *cell[pricing.Places], after pricing.Places) error {
	_, grown, err := exposedBy(c.value, after)
	if err != nil {
		return err
	}
	if !grown.IsZero() {
		sum, err := tx.reservedCell(currency)
		if err != nil {
			return err
		}
		value := sum.value
		if value.exposed, err = value.exposed.Add(grown); err != nil {
			return err
		}
		if err := change(tx, sum, value); err != nil {
			return err
		}
	}
	return change(tx, c, after)
}

// use counts what was used of an allowance whose places messages claim.
func (tx *Tx) use(currency money.Currency, increment pricing.Increment) error {
	c, err := tx.placesCell(placesName(currency, increment.Key))
	if err != nil || c.value.Limit == 0 { // nothing was ever claimed of it
		return err
	}
	after := c.value
	after.Used += increment.By
	return tx.putPlaces(currency, c, after)
}

// reserve adds what a message can cost, and its claims.
func (tx *Tx) reserve(bound *pricing.Bound, made claims) error {
	if err := tx.shiftReserved(bound.Amount, made.coverable, money.Decimal.Add); err != nil {
		return err
	}
	for i, wanted := range bound.Claims() {
		c, err := tx.placesCell(made.of[i].name)
		if err != nil {
			return err
		}
		with, err := tx.claimed(c.value, wanted)
		if err != nil {
			return err
		}
		if err := tx.putPlaces(bound.Amount.Currency, c, with); err != nil {
			return err
		}
	}
	return nil
}

// release takes back what reserve has added.
func (tx *Tx) release(amount money.Money, made claims) error {
	for _, place := range made.of {
		c, err := tx.placesCell(place.name)
		if err != nil {
			return err
		}
		if err := tx.putPlaces(amount.Currency, c, c.value.Without(place.amount, place.unpriced)); err != nil {
			return err
		}
	}
	return tx.shiftReserved(amount, made.coverable, money.Decimal.Sub)
}

func (tx *Tx) shiftReserved(amount money.Money, coverable money.Decimal, shift func(money.Decimal, money.Decimal) (money.Decimal, error)) error {
	if amount.Amount.IsZero() {
		return nil
	}
	c, err := tx.reservedCell(amount.Currency)
	if err != nil {
		return err
	}
	value := c.value
	if value.amount, err = shift(value.amount, amount.Amount); err != nil {
		return err
	}
	if value.coverable, err = shift(value.coverable, coverable); err != nil {
		return err
	}
	return change(tx, c, value)
}

func (tx *Tx) placesCell(name string) (*cell[pricing.Places], error) {
	if c := tx.tally.places[name]; c != nil {
		return c, nil
	}
	c := &cell[pricing.Places]{}
	var bad error
	_, err := tx.first(selectPlaces, []any{name}, func(v values) { c.value, bad = pricing.ParsePlaces(v.Text(0)) })
	if err := cmp.Or(err, bad); err != nil {
		return nil, tx.fail(err)
	}
	tx.tally.places[name] = c
	return c, nil
}
