package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
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
	exemptions, internationalExceptions, channelPlans  []string
}

func newRate() *cobra.Command {
	var o rateOptions
	command := &cobra.Command{
		Use:   "rate --plan FILE --time-zone ZONE --events FILE",
		Short: "Price recorded traffic under a PricingPlan, without a cluster",
		Long: `Price recorded traffic under a PricingPlan, without a cluster: to check a bill, or to see
what a plan would have cost.

The input has one event a line, as a JSON object, in the order of time:

  {"time":"2026-10-05T10:00:00Z","type":"inbound","id":"i1","channel":"1066",` +
			`"customer":"33612345678","kind":"text","entryPoint":false}
  {"time":"2026-10-05T10:01:00Z","type":"send","id":"m1","channel":"1066",` +
			`"customer":"33612345678","kind":"template","category":"utility"}
  {"time":"2026-10-05T10:01:02Z","type":"status","id":"m1","status":"delivered"}

The output has one JSON object for each message that is settled or refused, and a last one with the
totals. A message that had failed and is delivered after all has a second one, which corrects the
first.

--channel-plan names the plan of a channel that has one of its own, as spec.channels[].planName of a
BusinessAccount does.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		},
	}
	flags := command.Flags()
	flags.StringVar(&o.plan, "plan", "", "file of the PricingPlan")
	flags.StringArrayVar(
		&o.channelPlans, "channel-plan", nil,
		"a channel that has a plan of its own, and the file of that: 1066=own.yaml; may be repeated",
	)
	flags.StringVar(
		&o.zone, "time-zone", "",
		`time zone of the account, for example "Europe/Paris": revisions and months turn at its midnights`,
	)
	flags.StringVar(&o.events, "events", "", `file of the events, "-" for the standard input`)
	flags.StringVar(
		&o.compare, "compare", "",
		"file of a second PricingPlan: print the difference by category and market instead of messages",
	)
	flags.StringVarP(&o.output, "output", "o", "json", "json, or table for people")
	flags.StringSliceVar(
		&o.exemptions, "exemption", nil,
		"name of an exemption of the plan that was granted to the account; may be repeated",
	)
	flags.StringVar(
		&o.portfolio, "portfolio", "",
		"id of the portfolio; what the plan counts per portfolio is counted over these events only",
	)
	flags.StringVar(
		&o.primaryLocation, "primary-location", "",
		`country of the business, for example "FR", for authentication-international rates`,
	)
	flags.StringVar(
		&o.internationalStartTime, "international-start-time", "",
		"instant from which authentication-international rates apply, for example 2026-10-01T00:00:00Z",
	)
	flags.StringArrayVar(
		&o.internationalExceptions, "international-exception", nil,
		"country with its own start, for example IN=2026-11-01T00:00:00Z; may be repeated",
	)
	for _, name := range []string{"plan", "time-zone", "events"} {
		if err := command.MarkFlagRequired(name); err != nil {
			panic(err)
		}
	}
	return command
}

func (o *rateOptions) run(stdin io.Reader, stdout, stderr io.Writer) error {
	account, err := o.account()
	if err != nil {
		return err
	}
	printer, err := o.printer()
	if err != nil {
		return err
	}
	plans, err := o.plans()
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
	replayed, err := price(replay.NewReader(o.events, from), plans, account, printer, out)
	if err := errors.Join(err, out.Flush()); err != nil {
		return err
	}
	return writeNotes(stderr, replayed)
}

// writeNotes counts the events that are in no total.
func writeNotes(stderr io.Writer, replayed *replay.Replay) error {
	passed := replayed.PassedOver()
	for _, note := range []struct {
		text  string
		count int64
	}{
		{
			"messages that were sent and have no final status (delivered, read or failed) in the file, " +
				"and so are not in the total",
			replayed.Unsettled(),
		},
		{"statuses of messages that the file does not send, and so are not in the total", passed.Statuses},
		{"sends with the id of a message that had not ended, and so are not in the total", passed.Sends},
	} {
		if note.count == 0 {
			continue
		}
		if _, err := fmt.Fprintf(stderr, "note: %s: %d\n", note.text, note.count); err != nil {
			return err
		}
	}
	return nil
}

// account returns the account that the flags describe.
func (o *rateOptions) account() (*pricing.Account, error) {
	location, err := time.LoadLocation(o.zone)
	if err != nil || o.zone == "" || o.zone == "Local" {
		return nil, fmt.Errorf(
			"--time-zone %.60q must be the name of a zone of the IANA database, for example \"Europe/Paris\"", o.zone,
		)
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
	account.International.Exceptions, err = o.exceptions()
	return account, err
}

// exceptions returns the countries with their own start time, in Unix seconds.
func (o *rateOptions) exceptions() (map[market.Country]int64, error) {
	starts := map[market.Country]int64{}
	for _, text := range o.internationalExceptions {
		code, instant, _ := strings.Cut(text, "=")
		start, err := time.Parse(time.RFC3339, instant)
		if err != nil {
			return nil, fmt.Errorf(
				"--international-exception %.40q must be a country and an instant, like IN=2026-11-01T00:00:00Z", text,
			)
		}
		country, err := market.ParseCountry(code)
		if err != nil {
			return nil, fmt.Errorf("--international-exception %.40q: %w", text, err)
		}
		starts[country] = start.Unix()
	}
	if len(starts) > 0 && o.internationalStartTime == "" {
		return nil, errors.New(
			"--international-exception must come with --international-start-time, to which it is the exception",
		)
	}
	return starts, nil
}

// price replays the events under each of the account's plans and returns the replay under the first
// one.
func price(
	events *replay.Reader, plans ratePlans, account *pricing.Account, printer ratePrinter, out *bufio.Writer,
) (*replay.Replay, error) {
	r := rating{printer: printer, out: out}
	for _, book := range plans.books {
		r.replays, r.sums = append(r.replays, plans.replay(book, account)), append(r.sums, replay.NewSummary())
	}
	var event replay.Event
	for {
		err := events.Next(&event)
		switch {
		case errors.Is(err, io.EOF):
			return r.replays[0], printer.end(out, plans.books[0].Currency(), r.sums)
		case err != nil:
			return nil, err
		}
		if err := r.apply(events, &event); err != nil {
			return nil, err
		}
	}
}

// rating replays one stream of events under one plan, or under two to compare.
type rating struct {
	replays []*replay.Replay
	sums    []*replay.Summary
	printer ratePrinter
	out     *bufio.Writer
}

// apply replays one event, then sums and prints the result. A message that both plans settle is
// summed in the first plan's group, so that its two prices are on one line.
func (r *rating) apply(events *replay.Reader, event *replay.Event) error {
	var group replay.Group
	for i := range r.replays {
		result, outcome, err := r.replays[i].Apply(event)
		if err != nil {
			return events.Errorf("%w", err)
		}
		switch result {
		case replay.Refused:
			r.sums[i].Refuse()
			err = r.printer.refused(r.out, event)
		case replay.Settled, replay.Corrected:
			if group == (replay.Group{}) {
				group = replay.GroupOf(&outcome)
			}
			corrects := result == replay.Corrected
			if corrects {
				err = r.sums[i].Correct(r.replays[0].CorrectedGroup(), group, &outcome)
			} else {
				err = r.sums[i].Add(group, &outcome)
			}
			if err == nil {
				err = r.printer.settled(r.out, event, &outcome, corrects)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}
