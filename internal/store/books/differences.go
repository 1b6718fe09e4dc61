package books

import (
	"strings"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Difference says how many messages of a period the upstream judged otherwise, for one cause.
// Samples are the first of them, three at most.
type Difference struct {
	Cause    string
	Messages int64
	Samples  []string
}

// maxSamples is how many messages a Difference names.
const maxSamples = 3

// ByCounts begins the cause of what differs in the upstream's daily counts. A cause without it is
// of its statuses.
const ByCounts = "counts/"

// A message's id has no space, so that samples are a list with spaces between.
const (
	countDifference = `INSERT INTO differences (period, cause, messages, samples) VALUES ($1, $2, $3, $4)
		ON CONFLICT (period, cause) DO UPDATE SET messages = differences.messages + excluded.messages, samples =
			CASE WHEN LENGTH(differences.samples) - LENGTH(REPLACE(differences.samples, ' ', '')) < 2
			THEN differences.samples || ' ' || excluded.samples ELSE differences.samples END`
	selectDifferences = `SELECT cause, messages, samples FROM differences WHERE period = $1 ORDER BY cause`
)

// CountDifference counts a message that the upstream judges otherwise than its record. Call it once
// for each record and cause.
func (f Figures) CountDifference(period, cause, message string) error {
	return f.CountDifferences(period, cause, 1, []string{message})
}

// CountDifferences counts several messages that the upstream judges otherwise for one cause, of
// which some are named.
func (f Figures) CountDifferences(period, cause string, messages int64, named []string) error {
	named = named[:min(len(named), maxSamples)]
	return f.tx.Exec(countDifference, period, cause, messages, strings.Join(named, " "))
}

// Differences are what the upstream judges otherwise of a period, by cause.
func (f Figures) Differences(period string) ([]Difference, error) {
	var all []Difference
	err := f.tx.Each(selectDifferences, []any{period}, func(v engine.Row) bool {
		samples := strings.Fields(v.Text(2))
		all = append(all, Difference{
			Cause: v.Text(0), Messages: v.Int(1), Samples: samples[:min(len(samples), maxSamples)],
		})
		return true
	})
	return all, err
}

// Compared says how far the ledger was compared with the upstream's daily counts of one business
// account: through Day, such as "2026-11-28", empty before the first. Failure says in stable words
// why the next day was not compared; empty if nothing keeps it.
type Compared struct{ Account, Day, Failure string }

const (
	selectCompared = `SELECT account, day, failure FROM upstream_counts ORDER BY account`
	upsertCompared = `INSERT INTO upstream_counts (account, day, failure) VALUES ($1, $2, $3)
		ON CONFLICT (account) DO UPDATE SET day = excluded.day, failure = excluded.failure`
)

// Compared says of each business account how far it was compared, in the order of their ids.
func (f Figures) Compared() (all []Compared, err error) {
	err = f.tx.Each(selectCompared, nil, func(v engine.Row) bool {
		all = append(all, Compared{Account: v.Text(0), Day: v.Text(1), Failure: v.Text(2)})
		return true
	})
	return all, err
}

// PutCompared records how far a business account was compared.
func (f Figures) PutCompared(c Compared) error {
	return f.tx.Exec(upsertCompared, c.Account, c.Day, c.Failure)
}
