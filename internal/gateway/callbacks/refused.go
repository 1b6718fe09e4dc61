package callbacks

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/store"
)

// refusedPage is how many callbacks one answer lists, and one request may name.
const refusedPage = 100

// Refused is a callback that was set aside, as the API lists it.
type Refused struct {
	ID         string    `json:"id"`
	QueuedAt   time.Time `json:"queued_at"`
	SetAsideAt time.Time `json:"set_aside_at"`
	// Status is that of the endpoint's last answer; 0 if there was none.
	Status int `json:"status"`
	// Bytes is about the size of the body.
	Bytes int64 `json:"bytes"`
}

// RefusedPage are callbacks that were set aside, oldest first.
type RefusedPage struct {
	Data []Refused `json:"data"`
	// Next is there if there may be more: it is what the next page comes after.
	Next string `json:"next,omitempty"`
}

// ListRefused lists the callbacks of a channel that were set aside, from behind the one with the id
// after, or from the first if that is empty.
func (q *Queue) ListRefused(ctx context.Context, channel, after string) (*RefusedPage, error) {
	var last int64
	if after != "" {
		var err error
		if last, err = strconv.ParseInt(after, 10, 64); err != nil {
			return nil, network.Refuse(network.Malformed, "after must be the next of the answer before.")
		}
	}
	var list []store.RefusedCallback
	if err := q.store.View(ctx, func(tx *store.Tx) (err error) {
		list, err = tx.Callbacks().Refused(channel, last, refusedPage)
		return err
	}); err != nil {
		return nil, err
	}
	page := &RefusedPage{Data: make([]Refused, 0, len(list))}
	for _, c := range list {
		page.Data = append(page.Data, Refused{
			ID: strconv.FormatInt(c.ID, 10), QueuedAt: c.CreatedAt, SetAsideAt: c.SetAsideAt,
			Status: c.Status, Bytes: c.Bytes,
		})
	}
	if len(list) == refusedPage {
		page.Next = page.Data[refusedPage-1].ID
	}
	return page, nil
}

// ReplayRefused delivers callbacks that were set aside once more, and tells how many there were.
// Each goes to the end of its customer's line and is tried as a new one.
func (q *Queue) ReplayRefused(ctx context.Context, channel string, ids []string) (int, error) {
	now := q.store.Now()
	return q.eachRefused(ctx, ids, func(tx *durable.Tx, id int64) (bool, error) {
		return tx.Callbacks().Replay(channel, id, now)
	})
}

// DropRefused forgets callbacks that were set aside, and tells how many there were.
func (q *Queue) DropRefused(ctx context.Context, channel string, ids []string) (int, error) {
	return q.eachRefused(ctx, ids, func(tx *durable.Tx, id int64) (bool, error) {
		return tx.Callbacks().Drop(channel, id)
	})
}

// eachRefused does something to each of the callbacks in one commit, and tells how many were found.
func (q *Queue) eachRefused(
	ctx context.Context, names []string, do func(tx *durable.Tx, id int64) (bool, error),
) (done int, err error) {
	if len(names) == 0 || len(names) > refusedPage {
		return 0, network.Refuse(network.InvalidValue, fmt.Sprintf("ids must name 1 to %d callbacks.", refusedPage))
	}
	ids := make([]int64, 0, len(names))
	for i, name := range names {
		id, err := strconv.ParseInt(name, 10, 64)
		if err != nil {
			return 0, network.Refuse(network.InvalidValue, fmt.Sprintf("ids[%d] must be an id of the list.", i))
		}
		ids = append(ids, id)
	}
	err = q.store.Update(ctx, func(tx *durable.Tx) error {
		done = 0
		for _, id := range ids {
			found, err := do(tx, id)
			if err != nil {
				return err
			}
			if found {
				done++
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	q.Notify()
	return done, nil
}
