package ledger

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// undeliveredReason is the free reason of a message that did not arrive.
var undeliveredReason = pricing.Undelivered.String()

var (
	monthShape    = regexp.MustCompile(`^[0-9]{4}-(0[1-9]|1[0-2])$`)
	currencyShape = regexp.MustCompile(`^[A-Z]{3}$`)
)

// Local time is between these offsets from UTC, see https://data.iana.org/time-zones/tz-link.html.
const (
	westernmost = -12 * time.Hour
	easternmost = 14 * time.Hour
)

// problem returns the rule that a record breaks by itself, or an empty text. docs/ledger.md lists
// the rules.
func (r *Record) problem() string {
	if r.Kind == Adoption {
		return r.adoptionProblem()
	}
	if r.Change != nil {
		return "only an adoption names owners"
	}
	if r.MessageID == "" {
		return "it is about no message: messageID is missing"
	}
	switch r.Kind {
	case Settlement:
		if r.Corrects != 0 || r.CorrectedFreeReason != "" {
			return "a settlement corrects nothing"
		}
		return r.endingProblem()
	case Correction:
		if r.Corrects <= 0 {
			return "a correction must say which record it corrects"
		}
		return r.endingProblem()
	case Doubt:
		return r.doubtProblem()
	default:
		return fmt.Sprintf("its kind %q is none of settlement, correction, doubt and adoption", r.Kind)
	}
}

func (r *Record) doubtProblem() string {
	switch {
	case !r.Charge.IsZero() || !r.Cost.IsZero():
		return "a doubt has no amounts"
	case r.FreeReason != "":
		return "a doubt settles nothing, so it has no freeReason"
	case r.Note == "":
		return "a doubt must have a note"
	case !isNote(r.Note):
		return unknownNote(r.Note)
	default:
		return ""
	}
}

// endingProblem checks the end of a message: when it ended, in which month it counts, and what it
// costs.
func (r *Record) endingProblem() string {
	for _, rule := range []func() string{r.timeProblem, r.priceProblem, r.amountProblem, r.wordProblem} {
		if problem := rule(); problem != "" {
			return problem
		}
	}
	return ""
}

func (r *Record) timeProblem() string {
	ended := r.DeliveredAt
	switch {
	case r.SettledAt.IsZero():
		return "settledAt is missing"
	case r.DeliveredAt.IsZero() == r.FailedAt.IsZero():
		return "a message ends in one way: one of deliveredAt and failedAt must be there"
	case r.DeliveredAt.IsZero():
		ended = r.FailedAt
	}
	if ended.Before(r.AcceptedAt.Truncate(time.Second)) {
		return "the message ended before it was accepted"
	}
	if !monthShape.MatchString(r.Period) {
		return fmt.Sprintf("its period %q is no month", r.Period)
	}
	first, last := monthOf(ended.Add(westernmost)), monthOf(ended.Add(easternmost))
	if r.Period < first || r.Period > last {
		return fmt.Sprintf("its period is %s, and the message ended at %s", r.Period, ended.UTC().Format(timeLayout))
	}
	return ""
}

func monthOf(t time.Time) string { return t.UTC().Format("2006-01") }

func (r *Record) priceProblem() string {
	switch {
	case !currencyShape.MatchString(string(r.Currency)):
		return fmt.Sprintf("its currency %q is no ISO 4217 code", r.Currency)
	case r.Revision != "" && r.Plan == "":
		return "it names a revision and no plan"
	case r.FreeReason == "" && (r.Revision == "" || r.Category == ""):
		return "it is charged, and does not say by which revision and category"
	case r.Tier < 0 || r.AllowanceUsed < 0 || r.Listed && r.ListPrice.Sign() < 0:
		return "its tier, allowanceUsed and listPrice cannot be negative"
	case r.AllowanceUsed > 0 && r.Allowance == "":
		return "it counts in an allowance that it does not name"
	default:
		return ""
	}
}

// wordProblem looks for words that no gateway writes, and for ones that contradict each other.
func (r *Record) wordProblem() string {
	if _, known := pricing.ParseFreeReason(r.FreeReason); !known {
		return fmt.Sprintf("its freeReason %q is not one of the reasons", r.FreeReason)
	}
	if _, err := conversation.ParseCategory(r.Category); err != nil && r.Category != "" {
		return fmt.Sprintf("its category %q is not one of the categories", r.Category)
	}
	switch {
	case r.Note != "" && !isNote(r.Note):
		return unknownNote(r.Note)
	case (r.FreeReason == pricing.InAllowance.String()) != (r.Allowance != ""):
		return "a message names an allowance if that makes it free, and only then"
	case r.Allowance != "" && r.AllowanceUsed == 0:
		return "it is free by an allowance, and does not say how much of it is used"
	default:
		return ""
	}
}

func unknownNote(note string) string { return fmt.Sprintf("its note %q is not one of the notes", note) }

func (r *Record) amountProblem() string {
	failed, undelivered := !r.FailedAt.IsZero(), r.FreeReason == undeliveredReason
	switch {
	case failed != undelivered:
		return "a message that failed is free as undelivered, and no other one is"
	case r.Kind == Correction && failed:
		return "a correction is of a message that was delivered"
	case r.Kind == Settlement && (r.Charge.Sign() < 0 || r.Cost.Sign() < 0):
		return "a settlement owes no less than 0"
	case r.Kind == Settlement && r.FreeReason != "" && !(r.Charge.IsZero() && r.Cost.IsZero()):
		return "it is free, and has amounts"
	default:
		return ""
	}
}

// messages are the messages of a ledger so far, each with its latest record.
type messages struct {
	settled idSet
	latest  [1 << 16][]latest // shelves of the same shape
	used    map[allowance]int64
	owners  owners
}

// allowance is one in which the messages of a channel and a month count.
type allowance struct{ name, revision, channel, period string }

// latest is the latest record of a message in eight bytes: its sequence, its outcome, and a
// checksum of what a correction may not change.
type latest uint64

type outcome uint64

const (
	free outcome = iota
	undelivered
	charged

	// The bits behind those of the sequence.
	outcomeBits = 2
	checkBits   = 24
)

func (l latest) sequence() int64  { return int64(l >> (outcomeBits + checkBits)) }
func (l latest) outcome() outcome { return outcome(l>>checkBits) & (1<<outcomeBits - 1) }
func (l latest) check() uint64    { return uint64(l) & (1<<checkBits - 1) }

// latestOf returns what is kept about a record.
func latestOf(r *Record) latest {
	o, check := charged, r.owed(r.Charge, r.Cost)
	switch r.FreeReason {
	case "":
	case undeliveredReason:
		o, check = undelivered, r.sender()
	default:
		o = free
	}
	return latest(uint64(r.Sequence)<<(outcomeBits+checkBits) | uint64(o)<<checkBits | check)
}

// sender returns a checksum of the channel, or 0 if the record does not name it.
func (r *Record) sender() uint64 {
	if r.Channel == "" {
		return 0
	}
	return checksum(r.Channel)
}

// owed returns a checksum of amounts and of where they count.
func (r *Record) owed(charge, cost money.Decimal) uint64 {
	return checksum(charge.String(), cost.String(), string(r.Currency), r.Period, r.Category, r.Channel)
}

// checksum returns one of 24 bits. Two different lists share one in 17 million cases.
func checksum(words ...string) uint64 {
	hash := Next(Hash{}, []byte(strings.Join(words, " ")))
	return uint64(hash[0])<<16 | uint64(hash[1])<<8 | uint64(hash[2])
}

func negative(d money.Decimal) money.Decimal {
	opposite, err := money.Decimal{}.Sub(d)
	if err != nil {
		return d // too large to have been owed
	}
	return opposite
}

// add takes the next record, which is good by itself, and returns the rule that it breaks together
// with the earlier ones.
func (m *messages) add(r *Record) (problem string) {
	if r.Kind == Adoption {
		return m.owners.add(r.Change)
	}
	if problem := m.count(r); problem != "" {
		return problem
	}
	shelf, at, known := m.settled.find(r.MessageID)
	switch {
	case r.Kind == Settlement && known:
		return "its message was settled before"
	case r.Kind == Settlement:
		m.settled.insert(shelf, at, r.MessageID)
		m.latest[shelf] = insertTight(m.latest[shelf], at, latestOf(r))
		return ""
	case r.Corrects == 0: // a doubt
		return ""
	case !known:
		return fmt.Sprintf("it corrects record %d, and its message was never settled", r.Corrects)
	}
	before := m.latest[shelf][at]
	if problem := r.correctionProblem(before); problem != "" || r.Kind == Doubt {
		return problem
	}
	m.latest[shelf][at] = latestOf(r)
	return ""
}

// count compares the use of an allowance with the earlier ones: each counts one more. It passes
// over messages that began in one month and ended in another, since the plan may count them in
// either.
func (m *messages) count(r *Record) (problem string) {
	first, last := monthOf(r.AcceptedAt.Add(westernmost)), monthOf(r.AcceptedAt.Add(easternmost))
	if r.Allowance == "" || first != r.Period || last != r.Period {
		return ""
	}
	key := allowance{r.Allowance, r.Revision, r.Channel, r.Period}
	if before := m.used[key]; r.AllowanceUsed <= before {
		return fmt.Sprintf(
			"it is number %d of an allowance of which an earlier record used number %d", r.AllowanceUsed, before,
		)
	}
	if m.used == nil {
		m.used = map[allowance]int64{}
	}
	m.used[key] = r.AllowanceUsed
	return ""
}

// correctionProblem compares a correction, or the note of one that has no rate yet, with the latest
// record of its message. Only two things are ever corrected: a message that was given up was
// delivered after all, and a charge is taken back.
func (r *Record) correctionProblem(before latest) string {
	if r.Corrects != before.sequence() {
		return fmt.Sprintf(
			"it corrects record %d, and the latest of its message is record %d", r.Corrects, before.sequence(),
		)
	}
	switch before.outcome() {
	case undelivered:
		switch {
		case r.CorrectedFreeReason != undeliveredReason:
			return fmt.Sprintf(
				"record %d was free as undelivered, and correctedFreeReason is %q", r.Corrects, r.CorrectedFreeReason,
			)
		case r.Charge.Sign() < 0 || r.Cost.Sign() < 0:
			return "nothing was owed for the message that could be taken back"
		case r.FreeReason != "" && !(r.Charge.IsZero() && r.Cost.IsZero()):
			return "it is free, and has amounts"
		case before.check() != 0 && before.check() != r.sender():
			return fmt.Sprintf("record %d is of another channel", r.Corrects)
		}
		return ""
	case charged:
		switch {
		case r.CorrectedFreeReason != "":
			return fmt.Sprintf(
				"record %d was charged, and correctedFreeReason is %q", r.Corrects, r.CorrectedFreeReason,
			)
		case r.FreeReason == "" || r.Charge.Sign() > 0 ||
			before.check() != r.owed(negative(r.Charge), negative(r.Cost)):
			return fmt.Sprintf(
				"record %d was charged, and only all of its amounts can be taken back, in its period, category "+
					"and channel, with a freeReason", r.Corrects,
			)
		}
		return ""
	default:
		return fmt.Sprintf(
			"record %d owes nothing for a message that was delivered: there is nothing to correct", r.Corrects,
		)
	}
}
