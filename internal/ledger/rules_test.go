package ledger_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
)

// deliveredAfterAll corrects an undelivered message's settlement.
func deliveredAfterAll(id string, corrects int64) ledger.Record {
	r := utility(id)
	r.Kind, r.Corrects, r.CorrectedFreeReason = ledger.Correction, corrects, "undelivered"
	r.Note = "delivered after it was given up"
	return r
}

// givenUp is an undelivered message of the channel of all others.
func givenUp(id string) ledger.Record {
	r := undelivered(id)
	r.Channel = utility(id).Channel
	return r
}

// takenBack corrects a charge of utility.
func takenBack(id string, corrects int64) ledger.Record {
	r := utility(id)
	r.Kind, r.Corrects, r.FreeReason = ledger.Correction, corrects, "exempt"
	r.Charge, r.Cost = money.MustParse("-0.0335"), money.MustParse("-0.0285")
	return r
}

// withoutRate notes that a message was delivered after all, and that the plan has no rate for it.
func withoutRate(id string, corrects int64) ledger.Record {
	r := deliveredAfterAll(id, corrects)
	r.Kind, r.Charge, r.Cost = ledger.Doubt, money.Decimal{}, money.Decimal{}
	r.Listed, r.ListPrice = false, money.Decimal{}
	return r
}

func doubt(id string) ledger.Record {
	return ledger.Record{
		Kind: ledger.Doubt, MessageID: id, SettledAt: at("2026-11-20T12:00:01Z"), Note: "outcome of the send not known",
	}
}

// ledgers draws the records of a ledger as a gateway keeps it: messages end in every way, in any
// order.
var ledgers = rapid.Custom(func(t *rapid.T) []ledger.Record {
	var list []ledger.Record
	add := func(r ledger.Record) int64 {
		list = append(list, r)
		return int64(len(list))
	}
	for n := range rapid.IntRange(1, 8).Draw(t, "messages") {
		id := fmt.Sprintf("wamid.%d", n)
		if rapid.Bool().Draw(t, "doubted") {
			add(doubt(id))
		}
		moved := func(r ledger.Record) ledger.Record {
			by := time.Duration(rapid.Int64Range(0, 40*24*3600).Draw(t, "moved")) * time.Second
			for _, when := range []*time.Time{&r.AcceptedAt, &r.SentAt, &r.DeliveredAt, &r.FailedAt, &r.SettledAt} {
				if !when.IsZero() {
					*when = when.Add(by)
				}
			}
			ended := r.DeliveredAt
			if ended.IsZero() {
				ended = r.FailedAt
			}
			offset := time.Duration(rapid.Int64Range(-12, 14).Draw(t, "zone")) * time.Hour
			r.Period = ended.UTC().Add(offset).Format("2006-01")
			return r
		}
		switch rapid.SampledFrom(
			[]string{"charged", "free", "undelivered", "after all", "taken back", "without a rate"},
		).Draw(t, "end") {
		case "charged":
			add(moved(utility(id)))
		case "free":
			used := service(id)
			used.AllowanceUsed = int64(n + 1)
			add(moved(used))
		case "undelivered":
			add(moved(givenUp(id)))
		case "after all":
			add(moved(deliveredAfterAll(id, add(moved(givenUp(id))))))
		case "taken back":
			charged := moved(utility(id))
			back := takenBack(id, add(charged))
			back.AcceptedAt, back.SentAt, back.DeliveredAt = charged.AcceptedAt, charged.SentAt, charged.DeliveredAt
			back.Period = charged.Period
			add(back)
		case "without a rate":
			settled := add(moved(givenUp(id)))
			add(moved(withoutRate(id, settled)))
			add(moved(deliveredAfterAll(id, settled)))
		}
	}
	return list
})

// breakages are the ways to break a rule, each of a record to which it can be done. The chain is
// computed anew, so that only the rule can tell.
var breakages = map[string]struct {
	of      func(r *ledger.Record) bool
	spoil   func(r *ledger.Record)
	problem string
}{
	"a kind that nobody knows":                {whatever, func(r *ledger.Record) { r.Kind = "gift" }, `its kind "gift" is none of`},
	"no message":                              {whatever, func(r *ledger.Record) { r.MessageID = "" }, "messageID is missing"},
	"a settlement that corrects":              {settlement, func(r *ledger.Record) { r.Corrects = 1 }, "a settlement corrects nothing"},
	"a correction of nothing":                 {correction, func(r *ledger.Record) { r.Corrects = 0 }, "must say which record"},
	"a correction of what is not there":       {correction, func(r *ledger.Record) { r.Corrects = 4711 }, "it corrects record 4711, and the latest of its message is"},
	"a correction of itself":                  {correction, func(r *ledger.Record) { r.Corrects = r.Sequence }, "and the latest of its message is"},
	"a correction of another message":         {correction, func(r *ledger.Record) { r.MessageID = "wamid.nobody" }, "its message was never settled"},
	"another reason corrected":                {correction, func(r *ledger.Record) { r.CorrectedFreeReason += "x" }, "correctedFreeReason is"},
	"a charge taken back in part":             {refund, func(r *ledger.Record) { r.Charge = money.MustParse("-0.03") }, "only all of its amounts can be taken back"},
	"a charge taken back twice over":          {refund, func(r *ledger.Record) { r.Charge = money.MustParse("-0.067") }, "only all of its amounts can be taken back"},
	"a charge taken back in another currency": {refund, func(r *ledger.Record) { r.Currency = "EUR" }, "only all of its amounts can be taken back"},
	"a delivery after all that is negative":   {lateDelivery, func(r *ledger.Record) { r.Charge = money.MustParse("-0.01") }, "nothing was owed"},
	"a negative settlement":                   {chargedSettlement, func(r *ledger.Record) { r.Charge = money.MustParse("-0.01") }, "a settlement owes no less than 0"},
	"free, and charged":                       {freeSettlement, func(r *ledger.Record) { r.Charge = money.MustParse("0.01") }, "it is free, and has amounts"},
	"free, and costs":                         {freeSettlement, func(r *ledger.Record) { r.Cost = money.MustParse("0.01") }, "it is free, and has amounts"},
	"a doubt with an amount":                  {isDoubt, func(r *ledger.Record) { r.Charge = money.MustParse("0.01") }, "a doubt has no amounts"},
	"a doubt with a reason":                   {isDoubt, func(r *ledger.Record) { r.FreeReason = "exempt" }, "a doubt settles nothing"},
	"a doubt without a note":                  {isDoubt, func(r *ledger.Record) { r.Note = "" }, "a doubt must have a note"},
	"failed, and charged":                     {chargedSettlement, func(r *ledger.Record) { r.FailedAt, r.DeliveredAt = r.DeliveredAt, time.Time{} }, "a message that failed is free as undelivered"},
	"delivered, and undelivered":              {freeSettlement, func(r *ledger.Record) { r.FreeReason = "undelivered" }, "a message that failed is free as undelivered"},
	"delivered and failed":                    {ending, func(r *ledger.Record) { r.DeliveredAt, r.FailedAt = r.SettledAt, r.SettledAt }, "a message ends in one way"},
	"no end":                                  {ending, func(r *ledger.Record) { r.DeliveredAt, r.FailedAt = time.Time{}, time.Time{} }, "a message ends in one way"},
	"no time of its own":                      {ending, func(r *ledger.Record) { r.SettledAt = time.Time{} }, "settledAt is missing"},
	"ended before it began": {
		ending, func(r *ledger.Record) { r.AcceptedAt = endOf(r).Add(time.Second) }, "ended before it was accepted",
	},
	"another month":                           {ending, func(r *ledger.Record) { r.Period = "2026-08" }, "its period is 2026-08, and the message ended at"},
	"a month before":                          {ending, func(r *ledger.Record) { r.Period = "2025-11" }, "its period is 2025-11, and the message ended at"},
	"no month":                                {ending, func(r *ledger.Record) { r.Period = "2026-13" }, `its period "2026-13" is no month`},
	"no period":                               {ending, func(r *ledger.Record) { r.Period = "" }, `its period "" is no month`},
	"no currency":                             {ending, func(r *ledger.Record) { r.Currency = "" }, `its currency "" is no`},
	"a word for a currency":                   {ending, func(r *ledger.Record) { r.Currency = "euro" }, `its currency "euro" is no`},
	"a revision of no plan":                   {priced, func(r *ledger.Record) { r.Plan = "" }, "names a revision and no plan"},
	"charged by no revision":                  {chargedSettlement, func(r *ledger.Record) { r.Revision = "" }, "does not say by which revision"},
	"charged as nothing":                      {chargedSettlement, func(r *ledger.Record) { r.Category = "" }, "does not say by which revision and category"},
	"a negative tier":                         {ending, func(r *ledger.Record) { r.Tier = -1 }, "cannot be negative"},
	"a negative list price":                   {ending, func(r *ledger.Record) { r.Listed, r.ListPrice = true, money.MustParse("-0.01") }, "cannot be negative"},
	"a negative allowance":                    {ending, func(r *ledger.Record) { r.Allowance, r.AllowanceUsed = "service", -1 }, "cannot be negative"},
	"a reason that is none":                   {freeSettlement, func(r *ledger.Record) { r.FreeReason = "because" }, `its freeReason "because" is not one of`},
	"a category that is none":                 {priced, func(r *ledger.Record) { r.Category = "gratis" }, `its category "gratis" is not one of`},
	"a note that is none":                     {ending, func(r *ledger.Record) { r.Note = "whatever" }, `its note "whatever" is not one of`},
	"a doubt with a note that is none":        {isDoubt, func(r *ledger.Record) { r.Note = "whatever" }, `its note "whatever" is not one of`},
	"free by an allowance that is not named":  {freeSettlement, func(r *ledger.Record) { r.Allowance, r.AllowanceUsed = "", 0 }, "names an allowance if that makes it free"},
	"charged, and in an allowance":            {chargedSettlement, func(r *ledger.Record) { r.Allowance, r.AllowanceUsed = "service", 99 }, "names an allowance if that makes it free"},
	"undelivered, and in an allowance":        {failedSettlement, func(r *ledger.Record) { r.Allowance, r.AllowanceUsed = "service", 99 }, "names an allowance if that makes it free"},
	"free by nothing of an allowance":         {freeSettlement, func(r *ledger.Record) { r.AllowanceUsed = 0 }, "does not say how much of it is used"},
	"a charge taken back in another month":    {refund, func(r *ledger.Record) { later(r) }, "in its period, category and channel"},
	"a charge taken back elsewhere":           {refund, func(r *ledger.Record) { r.Channel = "another" }, "in its period, category and channel"},
	"a charge taken back of another category": {refund, func(r *ledger.Record) { r.Category = "marketing" }, "in its period, category and channel"},
	"a delivery after all of another channel": {lateDelivery, func(r *ledger.Record) { r.Channel = "another" }, "is of another channel"},
	"an allowance without a name":             {ending, func(r *ledger.Record) { r.Allowance, r.AllowanceUsed = "", 3 }, "an allowance that it does not name"},
}

func whatever(*ledger.Record) bool       { return true }
func settlement(r *ledger.Record) bool   { return r.Kind == ledger.Settlement }
func correction(r *ledger.Record) bool   { return r.Kind == ledger.Correction }
func isDoubt(r *ledger.Record) bool      { return r.Kind == ledger.Doubt }
func ending(r *ledger.Record) bool       { return r.Kind != ledger.Doubt }
func refund(r *ledger.Record) bool       { return correction(r) && r.FreeReason != "" }
func lateDelivery(r *ledger.Record) bool { return correction(r) && r.FreeReason == "" }
func priced(r *ledger.Record) bool       { return ending(r) && r.Revision != "" }
func chargedSettlement(r *ledger.Record) bool {
	return settlement(r) && r.FreeReason == ""
}

func failedSettlement(r *ledger.Record) bool { return settlement(r) && r.FreeReason == "undelivered" }

// later moves a record to two months later.
func later(r *ledger.Record) {
	for _, when := range []*time.Time{&r.AcceptedAt, &r.SentAt, &r.DeliveredAt} {
		*when = when.AddDate(0, 2, 0)
	}
	r.Period = r.DeliveredAt.UTC().Format("2006-01")
}

// Each use of an allowance is one more than the last one of its channel and month, in whatever
// order messages of others come between.
func TestP5VerifyFindsAPlaceOfAnAllowanceThatIsUsedTwice(t *testing.T) {
	use := func(id string, number int64, change func(*ledger.Record)) ledger.Record {
		r := service(id)
		r.AllowanceUsed = number
		change(&r)
		return r
	}
	same := func(*ledger.Record) {}
	tests := map[string]struct {
		list []ledger.Record
		bad  int64
	}{
		"one after the other":    {[]ledger.Record{use("a", 1, same), use("b", 2, same)}, 0},
		"some of other channels": {[]ledger.Record{use("a", 5, same), use("b", 9, same)}, 0},
		"the same twice":         {[]ledger.Record{use("a", 5, same), use("b", 5, same)}, 2},
		"an earlier one":         {[]ledger.Record{use("a", 5, same), use("b", 6, same), use("c", 4, same)}, 3},
		"of another channel":     {[]ledger.Record{use("a", 5, same), use("b", 5, func(r *ledger.Record) { r.Channel = "2" })}, 0},
		"of another allowance":   {[]ledger.Record{use("a", 5, same), use("b", 5, func(r *ledger.Record) { r.Allowance = "welcome" })}, 0},
		"of another month":       {[]ledger.Record{use("a", 5, same), use("b", 1, later)}, 0},
		"of a message that began in another month": {[]ledger.Record{use("a", 5, same), use("b", 5, func(r *ledger.Record) {
			r.AcceptedAt = r.AcceptedAt.AddDate(0, -1, 0)
		})}, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := ledger.Verify(accountUID, sequence(chain(tc.list...)))
			var bad *ledger.VerifyError
			if errors.As(err, &bad) != (tc.bad != 0) || bad != nil && bad.Sequence != tc.bad {
				t.Errorf("Verify = %v; want a problem of record %d (0: none)", err, tc.bad)
			}
		})
	}
}

func freeSettlement(r *ledger.Record) bool { return settlement(r) && r.FreeReason == "allowance" }

func endOf(r *ledger.Record) time.Time {
	if r.DeliveredAt.IsZero() {
		return r.FailedAt
	}
	return r.DeliveredAt
}

func TestP5VerifyAcceptsWhatAGatewayKeeps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := ledgers.Draw(t, "ledger")
		if head, _, err := ledger.Verify(
			accountUID, sequence(chain(list...)),
		); err != nil || head.Sequence != int64(len(list)) {
			t.Fatalf("Verify = %d, %v; want %d records and no error", head.Sequence, err, len(list))
		}
	})
}

func TestP5VerifyFindsEachBrokenRule(t *testing.T) {
	for name, broken := range breakages {
		t.Run(name, func(t *testing.T) {
			tried := false
			rapid.Check(t, func(t *rapid.T) {
				list := ledgers.Draw(t, "ledger")
				chain(list...) // gives each its sequence
				var can []int
				for i := range list {
					if broken.of(&list[i]) {
						can = append(can, i)
					}
				}
				if len(can) == 0 {
					return
				}
				tried = true
				which := rapid.SampledFrom(can).Draw(t, "which")
				broken.spoil(&list[which])
				_, _, err := ledger.Verify(accountUID, sequence(chain(list...)))
				var bad *ledger.VerifyError
				if !errors.As(err, &bad) || bad.Sequence != int64(which+1) || !strings.Contains(
					bad.Problem, broken.problem,
				) {
					t.Fatalf("Verify = %v; want record %d: %s", err, which+1, broken.problem)
				}
			})
			if !tried {
				t.Error("no ledger had such a record")
			}
		})
	}
}

// What repeats or adds a record to a good ledger.
func TestP5VerifyFindsARecordTooMany(t *testing.T) {
	tests := map[string]struct {
		records  []ledger.Record
		sequence int64
		problem  string
	}{
		"three corrections of one settlement": {
			[]ledger.Record{
				undelivered("a"), deliveredAfterAll("a", 1), deliveredAfterAll("a", 1), deliveredAfterAll("a", 1),
			},
			3,
			"it corrects record 1, and the latest of its message is record 2",
		},
		"a correction of a correction that charges again": {
			[]ledger.Record{
				undelivered("a"), deliveredAfterAll("a", 1), deliveredAfterAll("a", 2),
			}, 3, `record 2 was charged, and correctedFreeReason is "undelivered"`,
		},
		"a charge taken back twice": {
			[]ledger.Record{utility("a"), takenBack("a", 1), takenBack("a", 2)}, 3, "there is nothing to correct",
		},
		"a correction before its settlement": {[]ledger.Record{deliveredAfterAll("a", 2), undelivered("a")}, 1, "its message was never settled"},
		"a correction of a free delivery":    {[]ledger.Record{service("a"), deliveredAfterAll("a", 1)}, 2, "there is nothing to correct"},
		"a note of another message's record": {[]ledger.Record{undelivered("a"), undelivered("b"), withoutRate("b", 1)}, 3, "the latest of its message is record 2"},
		"a message settled twice":            {[]ledger.Record{utility("a"), utility("b"), utility("a")}, 3, "its message was settled before"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := ledger.Verify(accountUID, sequence(chain(tc.records...)))
			var bad *ledger.VerifyError
			if !errors.As(err, &bad) || bad.Sequence != tc.sequence || !strings.Contains(bad.Problem, tc.problem) {
				t.Fatalf("Verify = %v; want record %d: %s", err, tc.sequence, tc.problem)
			}
		})
	}
}
