package report

import (
	"net/url"
	"strconv"
)

// StatementPath is where a gateway serves the statement of a month, beside its report: what the
// ledger has of it up to now, a statement.Content. While the gateway has not read that far, the
// answer is 202 without a body. A gateway of a release without statements answers 404.
const StatementPath = "/statement"

// StatementQuery says which records a statement is about, see statement.Range.
type StatementQuery struct {
	// Period is the month, such as "2026-11".
	Period string
	From   int64
	// LateAfter is nil while the statement before is open.
	LateAfter *int64
}

// The query's parameters.
const (
	queryPeriod    = "period"
	queryFrom      = "from"
	queryLateAfter = "lateAfter"
)

// Encode is the query in a URL.
func (q StatementQuery) Encode() string {
	values := url.Values{queryPeriod: {q.Period}, queryFrom: {strconv.FormatInt(q.From, 10)}}
	if q.LateAfter != nil {
		values.Set(queryLateAfter, strconv.FormatInt(*q.LateAfter, 10))
	}
	return values.Encode()
}

// ReadStatementQuery reads what Encode wrote. The period is not checked.
func ReadStatementQuery(values url.Values) (q StatementQuery, err error) {
	q.Period = values.Get(queryPeriod)
	if q.From, err = strconv.ParseInt(values.Get(queryFrom), 10, 64); err != nil {
		return q, err
	}
	if text := values.Get(queryLateAfter); text != "" {
		late, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return q, err
		}
		q.LateAfter = &late
	}
	return q, nil
}
