package callbacks

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

const (
	// RefusalPatience is how long an endpoint may refuse a callback until it is set aside, and the
	// line goes on.
	RefusalPatience = 15 * time.Minute
	// longestPause bounds the pause between two tries.
	longestPause = 15 * time.Minute
)

// outcome is what came of a delivery.
type outcome struct {
	result string
	// status is that of an answer that refuses the callback; 0 if none does.
	status int
	retry  time.Duration
}

// judge decides what follows from a delivery. What the endpoint refuses is set aside after a while,
// so that it does not hold up the customer's line; what fails otherwise is tried for RetryFor.
func judge(c *store.Callback, err error, now time.Time) outcome {
	if err == nil {
		return outcome{result: telemetry.ResultDelivered}
	}
	o := outcome{
		result: telemetry.ResultRetry, retry: network.RetryDelay(network.Backoff, c.Attempts-1, longestPause),
	}
	if answer, ok := errors.AsType[*answerError](err); ok && answer.refuses() {
		o.status = answer.status
		since := c.RefusedAt
		if since.IsZero() {
			since = now
		}
		left := RefusalPatience - now.Sub(since)
		if left <= 0 {
			o.result = telemetry.ResultSetAside
			return o
		}
		o.retry = min(o.retry, left)
		return o
	}
	if now.Sub(c.CreatedAt) > RetryFor {
		o.result = telemetry.ResultDropped
	}
	return o
}

// record writes what came of a delivery. It is false if another claim has the callback by now.
// Forgotten is how many callbacks that were set aside had to go for it.
func (o outcome) record(tx *durable.Tx, c *store.Callback, now time.Time) (recorded bool, forgotten int64, err error) {
	switch o.result {
	case telemetry.ResultSetAside:
		return tx.Callbacks().SetAside(c, o.status, now)
	case telemetry.ResultRetry:
		if o.status != 0 {
			if err := tx.Callbacks().NoteRefusal(c, now); err != nil {
				return false, 0, err
			}
		}
		recorded, err = tx.Callbacks().Retry(c, now.Add(o.retry))
	default:
		recorded, err = tx.Callbacks().Finish(c, now)
	}
	return recorded, 0, err
}
