package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/replay"
)

// rateOptions are the flags of rate.
type rateOptions struct {
	plan, compare, zone, events, output                string
	portfolio, primaryLocation, internationalStartTime string
	exemptions                                         []string
}

func newRate() *cobra.Command {
	var o rateOptions
	command := &cobra.Command{
		Use:   "rate --plan FILE --time-zone ZONE --events FILE",
		Short: "Price recorded traffic under a PricingPlan, without a cluster",
		Long: `Price recorded traffic under a PricingPlan, without a cluster: to check a bill, or to see what a plan would have cost.

The events are one JSON object on a line, in the order of their times:

  {"time":"2026-10-05T10:00:00Z","type":"inbound","id":"i1","channel":"1066","customer":"33612345678","kind":"text","entryPoint":false}
  {"time":"2026-10-05T10:01:00Z","type":"send","id":"m1","channel":"1066","customer":"33612345678","kind":"template","category":"utility"}
  {"time":"2026-10-05T10:01:02Z","type":"status","id":"m1","status":"delivered"}

One JSON object is printed for each message, when it is settled or refused, and a last one with the totals.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd.InOrStdin(), cmd.OutOrStdout()) },
	}
	flags := command.Flags()
	flags.StringVar(&o.plan, "plan", "", "file of the PricingPlan")
	flags.StringVar(&o.zone, "time-zone", "", `time zone of the account, for example "Europe/Paris": revisions and months turn at its midnights`)
	flags.StringVar(&o.events, "events", "", `file of the events, "-" for the standard input`)
	flags.StringVar(&o.compare, "compare", "", "file of a second PricingPlan: print the difference by category and market instead of messages")
	flags.StringVarP(&o.output, "output", "o", "json", "json, or table for people")
	flags.StringSliceVar(&o.exemptions, "exemption", nil, "name of an exemption of the plan that was granted to the account; may be repeated")
	flags.StringVar(&o.portfolio, "portfolio", "", "id of the portfolio, as it stands in counts")
	flags.StringVar(&o.primaryLocation, "primary-location", "", `country of the business, for example "FR", for authentication-international rates`)
	flags.StringVar(&o.internationalStartTime, "international-start-time", "", "instant from which authentication-international rates apply, for example 2026-10-01T00:00:00Z")
	for _, name := range []string{"plan", "time-zone", "events"} {
		if err := command.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return command
}

func (o *rateOptions) run(stdin io.Reader, stdout io.Writer) error {
	account, err := o.account()
	if err != nil {
		return err
	}
	printer, err := o.printer()
	if err != nil {
		return err
	}
	books, err := o.books()
	if err != nil {
		return err
	}
	from := stdin
	if o.events != "-" {
		file, err := os.Open(o.events)
		if err != nil {
			return err
		}
		defer file.Close()
		from = file
	}
	out := bufio.NewWriterSize(stdout, 1<<16)
	if err := price(replay.NewReader(o.events, from), books, account, printer, out); err != nil {
		return errors.Join(err, out.Flush())
	}
	return out.Flush()
}

// account is what the flags say of the account.
func (o *rateOptions) account() (*pricing.Account, error) {
	location, err := time.LoadLocation(o.zone)
	if err != nil || o.zone == "" || o.zone == "Local" {
		return nil, fmt.Errorf("--time-zone %.60q must be the name of a zone of the IANA database, for example \"Europe/Paris\"", o.zone)
	}
	account := &pricing.Account{Zone: location, Portfolio: o.portfolio, Exemptions: o.exemptions}
	if o.primaryLocation != "" {
		if account.International.PrimaryLocation, err = market.ParseCountry(o.primaryLocation); err != nil {
			return nil, fmt.Errorf("--primary-location: %w", err)
		}
	}
	if o.internationalStartTime != "" {
		start, err := time.Parse(time.RFC3339, o.internationalStartTime)
		if err != nil {
			return nil, errors.New("--international-start-time must be an instant like 2026-10-01T00:00:00Z")
		}
		account.International.StartTime = start.Unix()
	}
	return account, nil
}

// books are the compiled plans: one, or two to compare.
func (o *rateOptions) books() ([]*pricing.Book, error) {
	paths := []string{o.plan}
	if o.compare != "" {
		paths = append(paths, o.compare)
	}
	var books []*pricing.Book
	for _, path := range paths {
		book, err := readBook(path)
		if err != nil {
			return nil, err
		}
		books = append(books, book)
	}
	if len(books) == 2 && books[0].Currency() != books[1].Currency() {
		return nil, fmt.Errorf("the plans are in %s and %s: amounts are never converted, compare plans of one currency", books[0].Currency(), books[1].Currency())
	}
	return books, nil
}

// price replays the events under each book.
func price(events *replay.Reader, books []*pricing.Book, account *pricing.Account, printer ratePrinter, out *bufio.Writer) error {
	replays := make([]*replay.Replay, len(books))
	sums := make([]*replay.Summary, len(books))
	for i, book := range books {
		replays[i], sums[i] = replay.New(book, account), replay.NewSummary()
	}
	var event replay.Event
	for {
		err := events.Next(&event)
		if errors.Is(err, io.EOF) {
			return printer.end(out, books[0].Currency(), sums)
		}
		if err != nil {
			return err
		}
		for i := range replays {
			result, outcome, err := replays[i].Apply(&event)
			if err != nil {
				return events.Errorf("%w", err)
			}
			switch result {
			case replay.Refused:
				sums[i].Refuse()
				err = printer.refused(out, &event)
			case replay.Settled:
				if err = sums[i].Add(&outcome); err == nil {
					err = printer.settled(out, &event, &outcome)
				}
			}
			if err != nil {
				return err
			}
		}
	}
}
