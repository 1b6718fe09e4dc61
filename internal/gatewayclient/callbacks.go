package gatewayclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// RefusedCallback is a callback that was set aside because the business's endpoint does not take
// it.
type RefusedCallback struct {
	ID         string    `json:"id"`
	QueuedAt   time.Time `json:"queued_at"`
	SetAsideAt time.Time `json:"set_aside_at"`
	// Status is that of the last answer; 0 if there was none.
	Status int   `json:"status"`
	Bytes  int64 `json:"bytes"`
}

// RefusedCallbacks lists those of a channel, oldest first.
func (c *Client) RefusedCallbacks(ctx context.Context, channel string) (list []RefusedCallback, err error) {
	for after := ""; ; {
		var page struct {
			Data []RefusedCallback `json:"data"`
			Next string            `json:"next"`
		}
		path := "refused_callbacks?after=" + url.QueryEscape(after)
		if err := c.Call(ctx, http.MethodGet, channel, path, nil, &page); err != nil {
			return nil, err
		}
		list = append(list, page.Data...)
		if page.Next == "" {
			return list, nil
		}
		after = page.Next
	}
}

// ReplayCallbacks delivers callbacks again, and returns how many.
func (c *Client) ReplayCallbacks(ctx context.Context, channel string, ids []string) (int, error) {
	return c.changeCallbacks(ctx, http.MethodPost, channel, ids)
}

// DropCallbacks deletes callbacks for good, and returns how many.
func (c *Client) DropCallbacks(ctx context.Context, channel string, ids []string) (int, error) {
	return c.changeCallbacks(ctx, http.MethodDelete, channel, ids)
}

func (c *Client) changeCallbacks(ctx context.Context, method, channel string, ids []string) (changed int, err error) {
	const page = 100 // as many as a request may name
	for len(ids) > 0 {
		n := min(page, len(ids))
		var answer struct {
			Callbacks int `json:"callbacks"`
		}
		body := map[string][]string{"ids": ids[:n]}
		if err := c.Call(ctx, method, channel, "refused_callbacks", body, &answer); err != nil {
			return changed, err
		}
		changed, ids = changed+answer.Callbacks, ids[n:]
	}
	return changed, nil
}

// Choice says which callbacks are meant: by their ids, all, or those that were set aside Since an
// instant like 2026-11-29T10:00:00Z, or for a time like 2h.
type Choice struct {
	IDs   []string
	All   bool
	Since string
}

// ChooseCallbacks returns the ids of the callbacks that are meant.
func (c *Client) ChooseCallbacks(
	ctx context.Context, channel string, by Choice, now time.Time,
) (ids []string, err error) {
	ways := 0
	for _, given := range []bool{by.All, by.Since != "", len(by.IDs) > 0} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		return nil, errors.New("name the callbacks by their ids, or give --since or --all")
	}
	if len(by.IDs) > 0 {
		return by.IDs, nil
	}
	var since time.Time
	if by.Since != "" {
		if since, err = sinceOf(by.Since, now); err != nil {
			return nil, err
		}
	}
	list, err := c.RefusedCallbacks(ctx, channel)
	if err != nil {
		return nil, err
	}
	for _, callback := range list {
		if !callback.SetAsideAt.Before(since) {
			ids = append(ids, callback.ID)
		}
	}
	return ids, nil
}

// sinceOf reads an instant, or how long it is ago.
func sinceOf(text string, now time.Time) (time.Time, error) {
	if at, err := time.Parse(time.RFC3339, text); err == nil {
		return at, nil
	}
	ago, err := time.ParseDuration(text)
	if err != nil || ago <= 0 {
		return time.Time{}, fmt.Errorf(
			"--since %.40q must be an instant like 2026-11-29T10:00:00Z or a time like 90m or 48h", text,
		)
	}
	return now.Add(-ago), nil
}
