package requests

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/store"
	"github.com/guichet-dev/guichet/internal/template"
)

// What a template is while the operator has not taken a request about it, in Meta's words.
const (
	statusPending  = "PENDING"
	statusDeletion = "PENDING_DELETION"
)

// WaitingTemplate is a request that the operator has not taken yet. Wanted is what the template
// shall be; nil if it shall be deleted.
type WaitingTemplate struct {
	store.TemplateRequest
	Wanted *template.Definition
}

// takesTemplates tells whether clients may ask for templates.
func takesTemplates(t *served.Tenant) bool { return t.TemplatesFromAPI == config.TemplatesReviewed }

// Waiting are the requests that the operator has not taken yet, in their order.
func Waiting(tx *store.Tx, t *served.Tenant) (list []WaitingTemplate, err error) {
	if !takesTemplates(t) {
		return nil, nil
	}
	kept, err := tx.Intake().TemplateRequests()
	if err != nil {
		return nil, err
	}
	for _, r := range kept {
		if r.ID <= t.TakenTemplateRequest {
			continue
		}
		w := WaitingTemplate{TemplateRequest: r}
		if r.Definition != "" {
			w.Wanted = &template.Definition{}
			if err := json.Unmarshal([]byte(r.Definition), w.Wanted); err != nil {
				return nil, fmt.Errorf("read the request %d for a template: %w", r.ID, err)
			}
		}
		list = append(list, w)
	}
	return list, nil
}

// keptFor is how long a request is kept at least: longer than a replica may serve an older
// configuration, by which it takes no requests, or knows less of what the operator has taken.
const keptFor = time.Hour

// DropTaken forgets the requests that the operator has taken; all of them where it takes none.
func DropTaken(tx *durable.Tx, t *served.Tenant, now time.Time) error {
	through := firstID(now.Add(-keptFor))
	if takesTemplates(t) {
		through = min(through, t.TakenTemplateRequest)
	}
	return tx.Intake().DropTemplateRequests(through)
}

// withWaiting are the account's templates as its clients have asked for them a moment ago.
func (q *Requests) withWaiting(
	ctx context.Context, t *served.Tenant, configured []network.AccountTemplate,
) (templates []network.AccountTemplate, err error) {
	templates = slices.Clone(configured)
	err = q.store.View(ctx, func(tx *store.Tx) error {
		waiting, err := Waiting(tx, t)
		for _, w := range waiting {
			id := strconv.FormatInt(w.Target, 10)
			at := slices.IndexFunc(templates, func(of network.AccountTemplate) bool { return of.RequestID == id })
			switch {
			case at >= 0 && w.Wanted == nil:
				templates[at].Status = statusDeletion
			case at < 0 && w.Wanted != nil:
				templates = append(templates, network.AccountTemplate{
					Definition: *w.Wanted, ID: id, RequestID: id, Status: statusPending,
				})
			}
		}
		return err
	})
	return templates, err
}

// ask keeps what a client wants done with templates, until the operator has taken it.
func (q *Requests) ask(
	ctx context.Context, t *served.Tenant, by string, wanted []network.WantedTemplate,
) (ids []string, err error) {
	err = q.store.Update(ctx, func(tx *durable.Tx) error {
		ids = ids[:0]
		waiting, err := Waiting(tx.Tx, t)
		if err != nil {
			return err
		}
		now := q.store.Now()
		for _, w := range wanted {
			r, err := nextRequest(waiting, t.TakenTemplateRequest, now, by, w)
			if err != nil {
				return err
			}
			ids = append(ids, strconv.FormatInt(r.Target, 10))
			if r.ID == 0 { // the same is asked already
				continue
			}
			waiting = append(slices.DeleteFunc(waiting, func(before WaitingTemplate) bool {
				return before.Target == r.Target
			}), WaitingTemplate{TemplateRequest: r})
			if len(waiting) > report.MaxTemplateRequests {
				return network.Refuse(network.Busy, "")
			}
			if err := tx.Intake().PutTemplateRequest(r); err != nil {
				return err
			}
		}
		return nil
	})
	return ids, err
}

// nextRequest is what is kept of a wish. Its ID is 0 if the same waits already.
func nextRequest(
	waiting []WaitingTemplate, taken int64, now time.Time, by string, w network.WantedTemplate,
) (r store.TemplateRequest, err error) {
	r = store.TemplateRequest{By: by, At: now, Name: w.Definition.Name, Language: w.Definition.Language}
	if !w.Delete {
		encoded, err := json.Marshal(w.Definition)
		if err != nil {
			return r, fmt.Errorf("encode a template: %w", err)
		}
		r.Definition = string(encoded)
	}
	if len(r.Definition) > report.MaxTemplateDefinition {
		return r, network.Refuse(network.TooLarge,
			fmt.Sprintf("The template is larger than %d bytes.", report.MaxTemplateDefinition))
	}
	last := taken
	for _, before := range waiting {
		last = max(last, before.ID)
		// What is to be deleted is made anew under an id of its own: it may go meanwhile.
		same := before.Name == r.Name && before.Language == r.Language && before.Wanted != nil
		if w.RequestID == "" && same || strconv.FormatInt(before.Target, 10) == w.RequestID {
			r.Target = before.Target
			if before.Definition == r.Definition {
				return r, nil
			}
		}
	}
	if r.ID, err = newID(now, last); err != nil {
		return r, err
	}
	switch {
	case r.Target != 0:
	case w.RequestID == "":
		r.Target = r.ID
	default:
		if r.Target, err = strconv.ParseInt(w.RequestID, 10, 64); err != nil {
			return r, network.Refuse(network.UnknownObject, "")
		}
	}
	return r, nil
}

// newID is an id behind last that no other replica makes at the same time. It looks like the
// upstream's own: 19 digits.
func newID(now time.Time, last int64) (int64, error) {
	some, err := rand.Int(rand.Reader, big.NewInt(idsPerMilli))
	if err != nil {
		return 0, fmt.Errorf("make an id: %w", err)
	}
	return max(firstID(now), last+1) + some.Int64(), nil
}

// mayBeAsked tells whether an id may be one that newID has made, here or on another replica.
func (q *Requests) mayBeAsked(text string) bool {
	const clocks = time.Hour // how much clocks may differ, with room
	id, err := strconv.ParseInt(text, 10, 64)
	return err == nil && id >= firstID(time.Unix(0, 0).AddDate(30, 0, 0)) && id < firstID(q.store.Now().Add(clocks))
}

// idsPerMilli is how many ids there are in a millisecond.
const idsPerMilli = 1_000_000

// firstID is the least id that is made at an instant.
func firstID(at time.Time) int64 { return at.UnixMilli() * idsPerMilli }
