package books

import (
	"strings"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Difference says how many messages of a period the upstream's statuses judged otherwise, for one
// cause. Samples are the first of them, three at most.
type Difference struct {
	Cause    string
	Messages int64
	Samples  []string
}

// A message's id has no space, so that samples are a list with spaces between.
const (
	countDifference = `INSERT INTO differences (period, cause, messages, samples) VALUES ($1, $2, 1, $3)
		ON CONFLICT (period, cause) DO UPDATE SET messages = differences.messages + 1, samples =
			CASE WHEN LENGTH(differences.samples) - LENGTH(REPLACE(differences.samples, ' ', '')) < 2
			THEN differences.samples || ' ' || excluded.samples ELSE differences.samples END`
	selectDifferences = `SELECT cause, messages, samples FROM differences WHERE period = $1 ORDER BY cause`
)

// CountDifference counts a message that the upstream judges otherwise than its record. Call it once
// for each record and cause.
func (f Figures) CountDifference(period, cause, message string) error {
	return f.tx.Exec(countDifference, period, cause, message)
}

// Differences are what the upstream judges otherwise of a period, by cause.
func (f Figures) Differences(period string) ([]Difference, error) {
	var all []Difference
	err := f.tx.Each(selectDifferences, []any{period}, func(v engine.Row) bool {
		all = append(all, Difference{Cause: v.Text(0), Messages: v.Int(1), Samples: strings.Fields(v.Text(2))})
		return true
	})
	return all, err
}
