package ledger

import (
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/pricing"
)

// Explain finds the records of a message and says in sentences what they mean: when it was sent,
// what priced it, and why it costs what it costs. It returns nothing if there are none. An error of
// entries is returned as it is.
func Explain(messageID string, entries iter.Seq2[Entry, error]) ([]string, error) {
	var sentences []string
	for entry, err := range entries {
		if err != nil {
			return nil, err
		}
		record, err := ParseCanonical(entry.Canonical)
		if err != nil {
			return nil, &VerifyError{Sequence: entry.Sequence, Problem: err.Error()}
		}
		if record.MessageID == messageID && record.Kind != Adoption {
			sentences = append(sentences, record.sentences()...)
		}
	}
	return sentences, nil
}

// sentences say what a record means.
func (r *Record) sentences() []string {
	switch r.Kind {
	case Doubt:
		return []string{r.doubtSentence()}
	case Correction:
		return append([]string{fmt.Sprintf(
			"Record %d, of %s, corrects record %d: %s.", r.Sequence, instant(r.SettledAt), r.Corrects,
			r.correctionText(),
		)}, r.priceSentences()...)
	}
	first := fmt.Sprintf(
		"Record %d, of %s, settles it: %s, %s.", r.Sequence, instant(r.SettledAt), r.subject(), r.history(),
	)
	return append([]string{first}, r.priceSentences()...)
}

func (r *Record) subject() string {
	kind := "a message"
	if r.MessageKind != "" {
		kind = "a message of type " + r.MessageKind
	}
	if r.Market != "" {
		kind += " to " + r.Market
	}
	if r.Channel != "" {
		kind += " over channel " + r.Channel
	}
	return kind
}

// history is the message's way, by the times that are known.
func (r *Record) history() string {
	var steps []string
	for _, step := range []struct {
		verb string
		at   time.Time
	}{{"accepted", r.AcceptedAt}, {"sent", r.SentAt}, {"delivered", r.DeliveredAt}, {"failed", r.FailedAt}} {
		if !step.at.IsZero() {
			steps = append(steps, step.verb+" at "+instant(step.at))
		}
	}
	return strings.Join(steps, ", ")
}

func (r *Record) correctionText() string {
	if r.CorrectedFreeReason == undeliveredReason {
		return "the message had been given up as undelivered, and was delivered at " + instant(r.DeliveredAt)
	}
	return "what was charged is taken back"
}

// priceSentences say what priced the message, and what is owed for it.
func (r *Record) priceSentences() []string {
	var sentences []string
	counts := "It counts in " + r.Period
	if r.Revision == "" {
		sentences = append(sentences, counts+", and nothing had to price it.")
	} else {
		sentences = append(sentences, fmt.Sprintf(
			"%s and is priced as %s by revision %q of plan %q.", counts, orUnknown(r.Category), r.Revision, r.Plan,
		))
	}
	if r.Listed {
		rate := fmt.Sprintf("The plan's rate for %s in %s is %s %s", orUnknown(r.Category), orUnknown(r.Market),
			r.ListPrice, r.Currency)
		if r.Tier > 0 {
			rate += fmt.Sprintf(", that of volume tier %d", r.Tier)
		}
		sentences = append(sentences, rate+".")
	}
	sentences = append(sentences, r.owedSentence())
	if r.UpstreamVerdict != "" {
		sentences = append(sentences, fmt.Sprintf(
			"The upstream said otherwise, %q, which changes no amount.", r.UpstreamVerdict,
		))
	}
	return sentences
}

func (r *Record) owedSentence() string {
	if r.Charge.Sign() < 0 {
		return fmt.Sprintf(
			"It is free by the reason %q, and %s %s is given back.", r.FreeReason, negative(r.Charge), r.Currency,
		)
	}
	reason, _ := pricing.ParseFreeReason(r.FreeReason)
	switch reason {
	case pricing.NotFree:
		if r.Charge == r.Cost {
			return fmt.Sprintf("%s %s is owed for it, which is what the upstream charges.", r.Charge, r.Currency)
		}
		return fmt.Sprintf(
			"%s %s is owed for it: the upstream charges %s %s, and the plan's mark-up does the rest.", r.Charge,
			r.Currency, r.Cost, r.Currency,
		)
	case pricing.InServiceWindow:
		return "Nothing is owed: the customer's service window was open."
	case pricing.InFreeEntryPoint:
		return "Nothing is owed: a free entry point was open, from an ad or a page's button."
	case pricing.InConversation:
		return "Nothing is owed: it joined a conversation that was billed before."
	case pricing.InAllowance:
		return fmt.Sprintf(
			"Nothing is owed: it is number %d of the month in allowance %q.", r.AllowanceUsed, r.Allowance,
		)
	case pricing.IsExempt:
		return "Nothing is owed: the account is exempt."
	case pricing.IsReaction:
		return "Nothing is owed: it is a reaction."
	case pricing.Undelivered:
		return "Nothing is owed: it was not delivered."
	}
	return fmt.Sprintf("Nothing is owed, by the reason %q.", r.FreeReason)
}

func (r *Record) doubtSentence() string {
	text := map[string]string{
		NoteDoubtBegan: "whether the upstream had it was not known, and the most that it could cost stayed " +
			"reserved",
		NoteDoubtFailed:       "no word had come of it from the upstream, and it was given up",
		NoteDoubtResent:       "no word had come of it from the upstream, and it was sent again",
		NoteDoubtAnswered:     "a late answer of the upstream said that it had it",
		NoteDoubtConfirmed:    "a status of the upstream said that it had it",
		NoteDeliveredUnpriced: "it was delivered after it had been given up, and waits for a rate in the plan",
	}[r.Note]
	if text == "" {
		text = r.Note
	}
	return fmt.Sprintf("Record %d, of %s: %s.", r.Sequence, instant(r.SettledAt), text)
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func orUnknown(text string) string {
	if text == "" {
		return "an unknown one"
	}
	return text
}
