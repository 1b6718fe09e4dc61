package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/ledger"
)

// verifyOptions are the flags of ledger verify.
type verifyOptions struct {
	ledgerFlags
	published []string
}

func newLedgerVerify() *cobra.Command {
	var o verifyOptions
	command := &cobra.Command{
		Use:   "verify {--store FILE | --jsonl FILE}",
		Short: "Check a ledger's chain, rules and sums, and name the first record that is bad",
		Long: `Check a ledger's chain, rules and sums, and name the first record that is bad.

Every record must be in its place, carry the hash of the one before it, be in the canonical encoding,
and keep the rules of docs/ledger.md, such as one settlement for each message. The sums that a store
keeps must be those of its records.

Only a published hash can tell whether records were cut off at the end: give the rootHash of an
earlier status.usage.ledger of the BusinessAccount.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return o.run(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	o.register(command)
	command.Flags().StringSliceVar(
		&o.published, "published", nil,
		"published hash, sha256:…, which must be that of a record; may be repeated",
	)
	return command
}

func (o *verifyOptions) run(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	for _, hash := range o.published {
		if digits, ok := strings.CutPrefix(hash, "sha256:"); !ok || len(digits) != 64 {
			return fmt.Errorf(`--published %.80q must be "sha256:" and 64 hex digits`, hash)
		}
	}
	sum, err := o.sum(ctx, stdin, o.published, (*ledgerSum).compare)
	if err != nil {
		return err
	}
	if len(sum.missing) > 0 {
		return fmt.Errorf(
			"%s: no record has the published hash %s: records are missing at the end, or it is of another ledger",
			sum.name, sum.missing[0],
		)
	}
	_, err = fmt.Fprintf(
		stdout, "ledger    %s\nsequence  %d\nhash      %s\nThe ledger is good\n", sum.id, sum.head.Sequence,
		sum.head.Hash,
	)
	return err
}

// ledgerSum is a ledger that was verified.
type ledgerSum struct {
	name, id string
	head     ledger.Head
	totals   ledger.Totals
	// missing are published hashes that no record has.
	missing []string
}

// sum verifies the ledger, recomputes its totals from the records alone, and compares them with
// those that a store keeps.
func (f *ledgerFlags) sum(
	ctx context.Context, stdin io.Reader, published []string, compare func(sum *ledgerSum, stored ledger.Totals) error,
) (sum *ledgerSum, err error) {
	source, err := f.open(ctx, stdin)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	sum = &ledgerSum{name: source.name, id: source.id, missing: slices.Clone(published)}
	if sum.head, sum.totals, err = ledger.Verify(source.id, sum.lookForPublished(source.entries)); err != nil {
		return nil, fmt.Errorf("%s: %w", source.name, err)
	}
	if source.storedTotals == nil {
		return sum, nil
	}
	stored, err := source.storedTotals()
	if err == nil {
		err = compare(sum, stored)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", source.name, err)
	}
	return sum, nil
}

// lookForPublished removes the hashes of the records that pass from those that are missing.
func (s *ledgerSum) lookForPublished(entries iter.Seq2[ledger.Entry, error]) iter.Seq2[ledger.Entry, error] {
	return func(yield func(ledger.Entry, error) bool) {
		for entry, err := range entries {
			if len(s.missing) > 0 && err == nil {
				hash := entry.Hash.String()
				s.missing = slices.DeleteFunc(
					s.missing, func(published string) bool { return strings.EqualFold(published, hash) },
				)
			}
			if !yield(entry, err) {
				return
			}
		}
	}
}

// compare returns an error for the first total, by period, that differs from the sum of the
// records.
func (s *ledgerSum) compare(stored ledger.Totals) error {
	union := ledger.Totals{}
	for _, totals := range []ledger.Totals{stored, s.totals} {
		for key := range totals {
			union[key] = ledger.Total{}
		}
	}
	for _, key := range sortedKeys(union) {
		has, adds := stored[key], s.totals[key]
		if has != adds {
			return fmt.Errorf(
				"the records are good, but the store's total of period %s, category %s, is %d messages, "+
					"%d of them charged, for %s %s, and the records add up to %d, %d of them charged, for %s %s: "+
					"guichet ledger totals -o sql mends it",
				key.Period, categoryName(key), has.Messages, has.Charged, has.Billed, key.Currency,
				adds.Messages, adds.Charged, adds.Billed, key.Currency,
			)
		}
	}
	return nil
}
