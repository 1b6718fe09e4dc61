package store

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	selectPlaces = `SELECT places FROM allowances WHERE name = $1`
	upsertPlaces = `INSERT INTO allowances (name, places) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE
		SET places = excluded.places`
)

// reservation is what messages can still cost in a currency.
type reservation struct {
	// amount is the sum of what each of them can cost by itself. Of that, coverable is what
	// allowances may pay for.
	amount, coverable money.Decimal
	// exposed is the sum of what each allowance leaves to be charged, see pricing.Places. A message
	// may take places of several allowances, so the sum can be above coverable; each of the two is
	// a bound by itself.
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

// takenPlaces are the places of allowances that a message has taken.
type takenPlaces struct {
	coverable money.Decimal // what of its reservation allowances may pay for
	covered   bool          // whether they surely did when it was accepted
	of        []takenPlace
}

// takenPlace is what a message has taken of one allowance: a place in each of some months.
type takenPlace struct {
	name     string // of the allowance's row
	amount   money.Decimal
	unpriced bool
	months   []civil.Month
	made     []pricing.Claim // what it was made of; nil once it is stored
}

// placesOf are the places that a message with a bound takes.
func placesOf(bound *pricing.Bound, covered bool) takenPlaces {
	all := bound.Claims()
	if len(all) == 0 {
		return takenPlaces{}
	}
	c := takenPlaces{covered: covered}
	c.coverable, _ = bound.Amount.Amount.Sub(bound.Uncovered.Amount) // of two amounts of which the first is the larger
	for i := range all {
		allowance := all[i].Key
		allowance.Month = 0
		name := placesName(bound.Amount.Currency, allowance)
		at := slices.IndexFunc(c.of, func(known takenPlace) bool { return known.name == name })
		if at < 0 {
			at = len(c.of)
			c.of = append(c.of, takenPlace{name: name})
		}
		c.of[at].months = append(c.of[at].months, all[i].Key.Month)
		c.of[at].made = append(c.of[at].made, all[i])
	}
	for i := range c.of {
		c.of[i].amount, c.of[i].unpriced = pricing.Dearest(c.of[i].made)
	}
	return c
}

// placesName is what an allowance's row is stored under.
func placesName(currency money.Currency, allowance pricing.CounterKey) string {
	return fmt.Sprintf("%s/%d/%q/%q", currency, allowance.Scope, allowance.ScopeID, allowance.Allowance)
}

// Words of stored places.
const (
	wordCovered  = "covered"
	wordUnpriced = "?"
)

// String is the places as they are stored: in the first line the coverable amount, and "covered"
// where that holds; in each other line an amount, or "?" for one that the plan does not say, the
// months, and the name of an allowance. Without places it is empty.
func (c takenPlaces) String() string {
	if len(c.of) == 0 {
		return ""
	}
	b := c.coverable.AppendString(make([]byte, 0, 80*len(c.of)))
	if c.covered {
		b = append(b, ' ')
		b = append(b, wordCovered...)
	}
	for i := range c.of {
		place := &c.of[i]
		b = append(b, '\n')
		if place.unpriced {
			b = append(b, wordUnpriced...)
		} else {
			b = place.amount.AppendString(b)
		}
		for j, month := range place.months {
			b = append(b, " ,"[min(j, 1)])
			b = append(b, month.String()...)
		}
		b = append(b, ' ')
		b = append(b, place.name...)
	}
	return string(b)
}

var errPlaces = errors.New("a message's places of allowances are not what was written")

func parsePlaces(text string) (takenPlaces, error) {
	if text == "" {
		return takenPlaces{}, nil
	}
	head, rest, _ := strings.Cut(text, "\n")
	coverable, word, _ := strings.Cut(head, " ")
	c := takenPlaces{covered: word == wordCovered}
	var err error
	if c.coverable, err = money.Parse(coverable); err != nil {
		return takenPlaces{}, errPlaces
	}
	for line := range strings.SplitSeq(rest, "\n") {
		place, ok := parsePlace(line)
		if !ok {
			return takenPlaces{}, errPlaces
		}
		c.of = append(c.of, place)
	}
	return c, nil
}

func parsePlace(line string) (place takenPlace, ok bool) {
	amount, rest, _ := strings.Cut(line, " ")
	months, name, found := strings.Cut(rest, " ")
	if !found {
		return takenPlace{}, false
	}
	place.name, place.unpriced = name, amount == wordUnpriced
	var err error
	if !place.unpriced {
		if place.amount, err = money.Parse(amount); err != nil {
			return takenPlace{}, false
		}
	}
	for text := range strings.SplitSeq(months, ",") {
		month, err := civil.ParseMonth(text)
		if err != nil {
			return takenPlace{}, false
		}
		place.months = append(place.months, month)
	}
	return place, true
}

// Rise is what Reserved would grow by with one more message of a bound. It is unpriced if the
// message, or another one whose place it may take, may then be charged what the plan does not say.
func (tx Figures) Rise(bound *pricing.Bound) (pricing.Exposure, error) {
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
	made := placesOf(bound, false)
	if then.coverable, err = then.coverable.Add(made.coverable); err != nil {
		return pricing.Exposure{}, err
	}
	for i := range made.of {
		places, err := tx.placesCell(made.of[i].name)
		if err != nil {
			return pricing.Exposure{}, err
		}
		with, err := tx.withPlace(places.value, made.of[i].made)
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

// withPlace is an allowance with one more message.
func (tx *transaction) withPlace(places pricing.Places, made []pricing.Claim) (pricing.Places, error) {
	used := make([]int64, len(made))
	for i := range made {
		c, err := tx.countCell(made[i].Key)
		if err != nil {
			return places, err
		}
		used[i] = c.value
	}
	return places.With(made, used), nil
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
func (tx *transaction) putPlaces(currency money.Currency, c *cell[pricing.Places], after pricing.Places) error {
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

// use counts what was used of an allowance whose places messages take.
func (tx *transaction) use(currency money.Currency, increment pricing.Increment) error {
	allowance := increment.Key
	allowance.Month = 0
	c, err := tx.placesCell(placesName(currency, allowance))
	if err != nil {
		return err
	}
	return tx.putPlaces(currency, c, c.value.Use(increment.Key.Month, increment.By))
}

// reserve adds what a message can cost, and its places of allowances.
func (tx *transaction) reserve(bound *pricing.Bound, made takenPlaces) error {
	if err := tx.shiftReserved(bound.Amount, made.coverable, money.Decimal.Add); err != nil {
		return err
	}
	for i := range made.of {
		c, err := tx.placesCell(made.of[i].name)
		if err != nil {
			return err
		}
		with, err := tx.withPlace(c.value, made.of[i].made)
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
func (tx *transaction) release(amount money.Money, made takenPlaces) error {
	for _, place := range made.of {
		c, err := tx.placesCell(place.name)
		if err != nil {
			return err
		}
		if err := tx.putPlaces(
			amount.Currency, c, c.value.Without(place.amount, place.unpriced, place.months),
		); err != nil {
			return err
		}
	}
	return tx.shiftReserved(amount, made.coverable, money.Decimal.Sub)
}

func (tx *transaction) shiftReserved(
	amount money.Money, coverable money.Decimal, shift func(money.Decimal, money.Decimal) (money.Decimal, error),
) error {
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

func (tx *transaction) placesCell(name string) (*cell[pricing.Places], error) {
	if c := tx.tally.places[name]; c != nil {
		return c, nil
	}
	c := &cell[pricing.Places]{}
	var bad error
	_, err := tx.first(selectPlaces, []any{name}, func(v engine.Row) { c.value, bad = pricing.ParsePlaces(v.Text(0)) })
	if err := cmp.Or(err, bad); err != nil {
		return nil, tx.fail(err)
	}
	tx.tally.places[name] = c
	return c, nil
}
