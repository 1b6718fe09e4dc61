package cli

import (
	"bufio"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/replay"
)

// codeOutsideWindow is the error code of a free-form message outside the service window.
func codeOutsideWindow() int {
	return meta.Common().Refuse(&network.Refusal{Reason: network.OutOfWindow}).Number()
}

// ratePrinter prints the results of rate.
type ratePrinter interface {
	settled(out *bufio.Writer, e *replay.Event, outcome *pricing.Outcome, corrects bool) error
	refused(out *bufio.Writer, e *replay.Event) error
	end(out *bufio.Writer, currency money.Currency, sums []*replay.Summary) error
}

func (o *rateOptions) printer() (ratePrinter, error) {
	switch {
	case o.output == "json" && o.compare != "":
		return compareJSON{}, nil
	case o.output == "json":
		return messagesJSON{codeOutsideWindow()}, nil
	case o.output == "table" && o.compare != "":
		return compareTable{}, nil
	case o.output == "table":
		return summaryTable{}, nil
	default:
		return nil, fmt.Errorf("--output %.20q must be json or table", o.output)
	}
}

// silent prints nothing for a message.
type silent struct{}

func (silent) settled(*bufio.Writer, *replay.Event, *pricing.Outcome, bool) error { return nil }
func (silent) refused(*bufio.Writer, *replay.Event) error                         { return nil }

// messagesJSON prints an object for each message, and one with the totals.
type messagesJSON struct {
	outside int // the code of what is refused outside a window
}

func (messagesJSON) settled(out *bufio.Writer, e *replay.Event, o *pricing.Outcome, corrects bool) error {
	b := out.AvailableBuffer()
	b = append(b, `{"id":`...)
	b = appendJSON(b, e.ID)
	b = append(b, `,"time":"`...)
	b = e.Time.UTC().AppendFormat(b, time.RFC3339)
	b = append(b, `","market":`...)
	b = appendJSON(b, o.Market)
	b = append(b, `,"category":`...)
	b = appendJSON(b, o.Category.String())
	b = append(b, `,"revision":`...)
	b = appendJSON(b, o.Revision)
	if o.Listed {
		b = append(b, `,"price":"`...)
		b = append(o.ListPrice.AppendString(b), '"')
	}
	if o.Cost != o.Charge {
		b = append(b, `,"cost":"`...)
		b = append(o.Cost.AppendString(b), '"')
	}
	if o.Result != pricing.Unpriced {
		b = append(b, `,"charge":"`...)
		b = append(o.Charge.AppendString(b), '"')
	}
	b = append(b, `,"currency":`...)
	b = appendJSON(b, string(o.Currency))
	switch o.Result {
	case pricing.Free:
		b = append(b, `,"freeReason":`...)
		b = appendJSON(b, o.FreeReason.String())
	case pricing.Charged:
		b = append(b, `,"tier":`...)
		b = strconv.AppendInt(b, int64(o.Tier), 10)
	default:
		b = append(b, `,"unpriced":true`...)
	}
	if corrects {
		b = append(b, `,"corrects":"undelivered"`...)
	}
	b = append(b, '}', '\n')
	_, err := out.Write(b)
	return err
}

func (m messagesJSON) refused(out *bufio.Writer, e *replay.Event) error {
	b := out.AvailableBuffer()
	b = append(b, `{"id":`...)
	b = appendJSON(b, e.ID)
	b = append(b, `,"refused":`...)
	b = strconv.AppendInt(b, int64(m.outside), 10)
	b = append(b, '}', '\n')
	_, err := out.Write(b)
	return err
}

func (messagesJSON) end(out *bufio.Writer, currency money.Currency, sums []*replay.Summary) error {
	return writeJSON(out, totalsJSON(currency, sums[0]))
}

// totalsLine is the last line of the output.
type totalsLine struct {
	Total    money.Decimal  `json:"total"`
	Cost     *money.Decimal `json:"cost,omitempty"` // where it is not the total
	Currency money.Currency `json:"currency"`
	Charged  int64          `json:"charged"`
	Free     int64          `json:"free"`
	Refused  int64          `json:"refused"`
	Unpriced int64          `json:"unpriced"`
}

func totalsJSON(currency money.Currency, sum *replay.Summary) totalsLine {
	line := totalsLine{
		Total: sum.Amount, Currency: currency, Charged: sum.Charged, Free: sum.Free, Refused: sum.Refused,
		Unpriced: sum.Unpriced,
	}
	if sum.Cost != sum.Amount {
		line.Cost = &sum.Cost
	}
	return line
}

func writeJSON(out *bufio.Writer, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	_, err = out.Write(append(text, '\n'))
	return err
}

// appendJSON appends a text as a JSON string. Plain text does not go through the standard library.
func appendJSON[text string | []byte](b []byte, t text) []byte {
	for i := range len(t) {
		if c := t[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			quoted, err := json.Marshal(string(t))
			if err != nil { // cannot happen: every string has a JSON form
				panic(err)
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, t...)
	return append(b, '"')
}
