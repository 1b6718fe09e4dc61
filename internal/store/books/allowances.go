package books

import (
	"cmp"
	"errors"
	"strings"

	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

const (
	selectPool = `SELECT pool FROM pools WHERE currency = $1`
	upsertPool = `INSERT INTO pools (currency, pool) VALUES ($1, $2) ON CONFLICT (currency) DO UPDATE
		SET pool = excluded.pool`
)

// reservation is what messages can still cost in a currency.
type reservation struct {
	// amount is the sum of what each of them can cost by itself. Of that, coverable is what
	// allowances may pay for.
	amount, coverable money.Decimal
	// exposed is what the allowances leave to be charged, see allowances.Pool. A message may have
	// claims on several sets of allowances, so this can be above coverable; each of the two is a
	// bound by itself.
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

// HeldClaims are the claims of a message on allowances.
type HeldClaims struct {
	coverable money.Decimal // what of its reservation allowances may pay for
	Covered   bool          // whether they surely did when it was accepted
	claims    []allowances.Claim
}

// ClaimsOf are those of a message with a bound.
func ClaimsOf(bound *pricing.Bound, covered bool) HeldClaims {
	if len(bound.Places()) == 0 {
		return HeldClaims{}
	}
	held := HeldClaims{Covered: covered, claims: bound.Claims()}
	held.coverable, _ = bound.Amount.Amount.Sub(bound.Uncovered.Amount) // the first is not the smaller one
	return held
}

// Words of stored claims.
const (
	wordCovered  = "covered"
	wordUnpriced = "?"
)

// String is the claims as they are stored: in the first line the coverable amount, and "covered"
// where that holds; in each other line an amount, or "?" for one that the plan does not say, the
// months, and with tabs between them the names of the allowances. Without claims it is empty.
func (h HeldClaims) String() string {
	if len(h.claims) == 0 {
		return ""
	}
	b := h.coverable.AppendString(make([]byte, 0, 80*len(h.claims)))
	if h.Covered {
		b = append(b, ' ')
		b = append(b, wordCovered...)
	}
	for i := range h.claims {
		claim := &h.claims[i]
		b = append(b, '\n')
		if claim.Unpriced {
			b = append(b, wordUnpriced...)
		} else {
			b = claim.Amount.AppendString(b)
		}
		for j, month := range claim.Months {
			b = append(b, " ,"[min(j, 1)])
			b = append(b, month.String()...)
		}
		b = append(b, ' ')
		b = append(b, strings.Join(claim.Allowances, "\t")...)
	}
	return string(b)
}

var errClaims = errors.New("a message's claims on allowances are not what was written")

// ParseHeldClaims reads the claims of a message on allowances as HeldClaims.String writes them.
func ParseHeldClaims(text string) (HeldClaims, error) {
	if text == "" {
		return HeldClaims{}, nil
	}
	head, rest, _ := strings.Cut(text, "\n")
	coverable, word, _ := strings.Cut(head, " ")
	held := HeldClaims{Covered: word == wordCovered}
	var err error
	if held.coverable, err = money.Parse(coverable); err != nil {
		return HeldClaims{}, errClaims
	}
	for line := range strings.SplitSeq(rest, "\n") {
		claim, ok := parseClaim(line)
		if !ok {
			return HeldClaims{}, errClaims
		}
		held.claims = append(held.claims, claim)
	}
	return held, nil
}

func parseClaim(line string) (claim allowances.Claim, ok bool) {
	amount, rest, _ := strings.Cut(line, " ")
	months, names, found := strings.Cut(rest, " ")
	if !found {
		return allowances.Claim{}, false
	}
	claim.Allowances, claim.Unpriced = strings.Split(names, "\t"), amount == wordUnpriced
	var err error
	if !claim.Unpriced {
		if claim.Amount, err = money.Parse(amount); err != nil {
			return allowances.Claim{}, false
		}
	}
	for text := range strings.SplitSeq(months, ",") {
		month, err := civil.ParseMonth(text)
		if err != nil {
			return allowances.Claim{}, false
		}
		claim.Months = append(claim.Months, month)
	}
	return claim, true
}

// Rise is what Reserved would grow by with one more message of a bound. It is unpriced if the
// message, or another one whose place it may take, may then be charged what the plan does not say.
func (f Figures) Rise(bound *pricing.Bound) (allowances.Exposure, error) {
	c, err := f.tx.reservedCell(bound.Amount.Currency)
	if err != nil {
		return allowances.Exposure{}, err
	}
	now, err := c.Value.most()
	if err != nil {
		return allowances.Exposure{}, err
	}
	then := c.Value
	rise := allowances.Exposure{Unpriced: bound.Uncovered.Unpriced}
	if then.amount, err = then.amount.Add(bound.Amount.Amount); err != nil {
		return allowances.Exposure{}, err
	}
	if held := ClaimsOf(bound, false); len(held.claims) > 0 {
		if then.coverable, err = then.coverable.Add(held.coverable); err != nil {
			return allowances.Exposure{}, err
		}
		pool, err := f.tx.poolCell(bound.Amount.Currency)
		if err != nil {
			return allowances.Exposure{}, err
		}
		with, err := f.tx.withClaims(pool.Value, bound, held.claims)
		if err != nil {
			return allowances.Exposure{}, err
		}
		most, grown, err := exposedBy(pool.Value, with)
		if err != nil {
			return allowances.Exposure{}, err
		}
		rise.Unpriced = rise.Unpriced || most.Unpriced
		if then.exposed, err = then.exposed.Add(grown); err != nil {
			return allowances.Exposure{}, err
		}
	}
	after, err := then.most()
	if err == nil {
		rise.Amount, err = after.Sub(now)
	}
	return rise, err
}

// withClaims is a pool with one more message. What it may claim is offered as it is now.
func (tx *Tx) withClaims(
	pool allowances.Pool, bound *pricing.Bound, claims []allowances.Claim,
) (allowances.Pool, error) {
	for _, place := range bound.Places() {
		used, err := tx.countCell(place.Key)
		if err != nil {
			return pool, err
		}
		name := pricing.AllowanceName(bound.Amount.Currency, place.Key)
		pool = pool.Offer(name, place.Key.Month, place.Limit, used.Value)
	}
	for _, claim := range claims {
		pool = pool.With(claim)
	}
	return pool, nil
}

// exposedBy is the exposure of a pool after a change, and by how much it has grown.
func exposedBy(before, after allowances.Pool) (most allowances.Exposure, grown money.Decimal, err error) {
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

// putPool stores a pool, and what it leaves to be charged.
func (tx *Tx) putPool(currency money.Currency, c *txn.Cell[allowances.Pool], after allowances.Pool) error {
	_, grown, err := exposedBy(c.Value, after)
	if err != nil {
		return err
	}
	if !grown.IsZero() {
		sum, err := tx.reservedCell(currency)
		if err != nil {
			return err
		}
		value := sum.Value
		if value.exposed, err = value.exposed.Add(grown); err != nil {
			return err
		}
		if err := txn.Change(tx.Base(), sum, value); err != nil {
			return err
		}
	}
	return txn.Change(tx.Base(), c, after)
}

// use counts what was used of an allowance.
func (tx *Tx) use(currency money.Currency, increment pricing.Increment) error {
	c, err := tx.poolCell(currency)
	if err != nil {
		return err
	}
	name := pricing.AllowanceName(currency, increment.Key)
	return tx.putPool(currency, c, c.Value.Use(name, increment.Key.Month, increment.By))
}

// Reserve adds what a message can cost, and its claims on allowances.
func (tx *Tx) Reserve(bound *pricing.Bound, held HeldClaims) error {
	if err := tx.shiftReserved(bound.Amount, held.coverable, money.Decimal.Add); err != nil || len(held.claims) == 0 {
		return err
	}
	c, err := tx.poolCell(bound.Amount.Currency)
	if err != nil {
		return err
	}
	with, err := tx.withClaims(c.Value, bound, held.claims)
	if err != nil {
		return err
	}
	return tx.putPool(bound.Amount.Currency, c, with)
}

// Release takes back what reserve has added.
func (tx *Tx) Release(amount money.Money, held HeldClaims) error {
	if len(held.claims) > 0 {
		c, err := tx.poolCell(amount.Currency)
		if err != nil {
			return err
		}
		pool := c.Value
		for _, claim := range held.claims {
			pool = pool.Without(claim)
		}
		if err := tx.putPool(amount.Currency, c, pool); err != nil {
			return err
		}
	}
	return tx.shiftReserved(amount, held.coverable, money.Decimal.Sub)
}

func (tx *Tx) shiftReserved(
	amount money.Money, coverable money.Decimal, shift func(money.Decimal, money.Decimal) (money.Decimal, error),
) error {
	if amount.Amount.IsZero() {
		return nil
	}
	c, err := tx.reservedCell(amount.Currency)
	if err != nil {
		return err
	}
	value := c.Value
	if value.amount, err = shift(value.amount, amount.Amount); err != nil {
		return err
	}
	if value.coverable, err = shift(value.coverable, coverable); err != nil {
		return err
	}
	return txn.Change(tx.Base(), c, value)
}

func (tx *Tx) poolCell(currency money.Currency) (*txn.Cell[allowances.Pool], error) {
	tx.hot.pools.Use(currency)
	if c := tx.tally.pools[currency]; c != nil {
		return c, nil
	}
	c := &txn.Cell[allowances.Pool]{}
	var bad error
	_, err := tx.First(
		selectPool, []any{string(currency)}, func(v engine.Row) { c.Value, bad = allowances.ParsePool(v.Text(0)) },
	)
	if err := cmp.Or(err, bad); err != nil {
		return nil, tx.Fail(err)
	}
	tx.tally.pools[currency] = c
	return c, nil
}
