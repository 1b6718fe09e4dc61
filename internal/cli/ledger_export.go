package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/ledger"
)

// exportOptions are the flags of ledger export.
type exportOptions struct {
	ledgerFlags
	format, output          string
	period, from, to        string
	zone, provider, display string
}

// The formats of ledger export.
const (
	formatLines       = "jsonl"
	formatCSV         = "csv"
	formatCloudEvents = "cloudevents"
	formatFOCUS       = "focus"
)

func newLedgerExport() *cobra.Command {
	var o exportOptions
	command := &cobra.Command{
		Use:   "export --format FORMAT {--store FILE | --jsonl FILE} [-o FILE]",
		Short: "Write a ledger as JSON Lines, CSV, CloudEvents or FOCUS",
		Long: `Write a ledger, or a part of it, in another form:

  jsonl        one JSON object a line, from which the whole chain can be verified
  csv          one row a record, for spreadsheets
  cloudevents  one CloudEvents 1.0 event a line; source and id identify a record in every export
  focus        a cost and usage dataset of FOCUS ` + ledger.FOCUSVersion + `,
               https://focus.finops.org/focus-specification/v1-2/

Memory does not grow with the ledger. Only an export of the whole ledger can be verified.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	o.register(command)
	flags := command.Flags()
	flags.StringVar(&o.format, "format", "", "jsonl, csv, cloudevents or focus")
	flags.StringVarP(
		&o.output, "output", "o", "-",
		`file to write, "-" for the standard output; a file appears only once it is complete`,
	)
	flags.StringVar(&o.period, "period", "", "only the records that count in this month, for example 2026-11")
	flags.StringVar(
		&o.from, "from", "", "only the records made at or after this instant, for example 2026-11-01T00:00:00Z",
	)
	flags.StringVar(&o.to, "to", "", "only the records made before this instant")
	flags.StringVar(
		&o.zone, "time-zone", "",
		`focus: time zone of the account, for example "Europe/Paris": its months are the billing periods`,
	)
	flags.StringVar(&o.provider, "provider", "Guichet", "focus: who sells the messages and sends the invoice")
	flags.StringVar(
		&o.display, "account-name", "", "focus: display name of the account, the BusinessAccount's spec.displayName",
	)
	if err := command.MarkFlagRequired("format"); err != nil {
		panic(err)
	}
	return command
}

func (o *exportOptions) run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	selection, err := o.selection()
	if err != nil {
		return err
	}
	zone, err := o.check()
	if err != nil {
		return err
	}
	source, err := o.open(ctx, stdin)
	if err != nil {
		return err
	}
	defer source.Close()
	write := func(out io.Writer) error {
		return errors.Join(o.write(out, source.id, zone, selection.Of(source.entries)), source.Close())
	}
	if o.output == "-" {
		err = write(stdout)
	} else {
		err = writeWhole(o.output, write)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", source.name, err)
	}
	return nil
}

// check validates the format and the flags that it needs. The zone is nil if the format needs none.
func (o *exportOptions) check() (*time.Location, error) {
	formats := []string{formatLines, formatCSV, formatCloudEvents, formatFOCUS}
	if !slices.Contains(formats, o.format) {
		return nil, fmt.Errorf("--format %.40q must be one of %s", o.format, strings.Join(formats, ", "))
	}
	if o.format != formatFOCUS {
		return nil, nil
	}
	if o.provider == "" {
		return nil, errors.New("--provider must name who sends the invoice")
	}
	if o.display == "" {
		return nil, errors.New(
			"--account-name must be the BusinessAccount's spec.displayName: FOCUS wants the name of an account",
		)
	}
	zone, err := time.LoadLocation(o.zone)
	if err != nil || o.zone == "" || o.zone == "Local" {
		return nil, fmt.Errorf(
			"--time-zone %.60q must be the BusinessAccount's spec.timeZone, for example \"Europe/Paris\"", o.zone,
		)
	}
	return zone, nil
}

func (o *exportOptions) write(
	out io.Writer, id string, zone *time.Location, entries iter.Seq2[ledger.Entry, error],
) error {
	switch o.format {
	case formatCSV:
		return ledger.WriteCSV(out, entries)
	case formatCloudEvents:
		return ledger.WriteCloudEvents(out, id, entries)
	case formatFOCUS:
		return ledger.WriteFOCUS(
			out, ledger.FOCUS{AccountUID: id, AccountName: o.display, Provider: o.provider, Zone: zone}, entries,
		)
	}
	return ledger.WriteJSONLines(out, id, entries)
}

// selection returns the part of the ledger that the flags ask for.
func (o *exportOptions) selection() (ledger.Selection, error) {
	selection := ledger.Selection{Period: o.period}
	if o.period != "" {
		if _, err := civil.ParseMonth(o.period); err != nil {
			return selection, fmt.Errorf("--period: %w", err)
		}
	}
	for _, bound := range []struct {
		name, text string
		at         *time.Time
	}{{"from", o.from, &selection.From}, {"to", o.to, &selection.To}} {
		if bound.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, bound.text)
		if err != nil {
			return selection, fmt.Errorf(
				"--%s %.40q must be an instant like 2026-11-01T00:00:00Z", bound.name, bound.text,
			)
		}
		*bound.at = at
	}
	return selection, nil
}

// writeWhole writes a file that appears under its name only once it is complete. Only its owner may
// read it.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	file, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.part")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(file.Name()))
		}
	}()
	if err := errors.Join(write(file), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), path)
}
