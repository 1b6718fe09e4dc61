package simulator

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// update is one message, status or other change that the business is told.
type update struct {
	// number and display are empty on changes of the account.
	number, display string
	field           string
	// list is messages, statuses or user_preferences; if it is empty, raw is the
	// whole value.
	list string
	// contact is the raw contact of an inbound message.
	contact []byte
	raw     []byte
}

// outbox holds an account's updates until they are posted.
type outbox struct {
	simulator *Simulator
	account   string
	secret    string

	mu       sync.Mutex
	callback string
	verify   string
	queue    []update
	// ready is closed once the callback has answered the handshake.
	ready  chan struct{}
	opened sync.Once
	wake   chan struct{}
}

func newOutbox(s *Simulator, config Account) *outbox {
	return &outbox{
		simulator: s,
		account:   config.ID,
		secret:    config.AppSecret,
		callback:  config.CallbackURL,
		verify:    config.VerifyToken,
		ready:     make(chan struct{}),
		wake:      make(chan struct{}, 1),
	}
}

// post hands an update to its account, as the knobs want it. The caller holds mu.
func (s *Simulator) post(st *state, n *number, u update) { s.postTo(st, n.account, u) }

func (s *Simulator) postTo(st *state, a *account, u update) {
	delay := time.Duration(st.knobs.WebhookDelay)
	if st.knobs.ReorderRate > 0 && st.random.Float64() < st.knobs.ReorderRate {
		delay += time.Duration(st.random.Float64() * float64(st.knobs.ReorderWithin))
	}
	copies := 1
	if st.knobs.DuplicateRate > 0 && st.random.Float64() < st.knobs.DuplicateRate {
		copies = 2
		st.record.counts.Duplicates++
	}
	for range copies {
		if delay == 0 {
			s.enqueue(st, a.outbox, u)
			continue
		}
		s.schedule.at(s.now().Add(delay), func() {
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.state == st {
				s.enqueue(st, a.outbox, u)
			}
		})
	}
}

func (s *Simulator) enqueue(st *state, o *outbox, u update) {
	if !o.put(u, s.config.Webhooks.MaxPending) {
		st.record.counts.Lost++
	}
}

// put queues an update, unless there is no callback or the queue is full.
func (o *outbox) put(u update, limit int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.callback == "" || len(o.queue) >= limit {
		return false
	}
	o.simulator.activity.begin(1)
	o.queue = append(o.queue, u)
	o.signal()
	return true
}

func (o *outbox) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take removes the oldest updates, at most limit.
func (o *outbox) take(limit int) []update {
	o.mu.Lock()
	defer o.mu.Unlock()
	count := min(limit, len(o.queue))
	if count == 0 {
		return nil
	}
	batch := append([]update(nil), o.queue[:count]...)
	if count == len(o.queue) {
		o.queue = o.queue[:0]
	} else {
		o.queue = o.queue[count:]
		o.signal()
	}
	return batch
}

// clear forgets what waits.
func (o *outbox) clear() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.simulator.activity.end(len(o.queue))
	o.queue, o.callback = nil, ""
}

// run posts batches until the context ends.
func (o *outbox) run(ctx context.Context, workers int) {
	var group sync.WaitGroup
	group.Go(func() { o.introduce(ctx) })
	for range workers {
		group.Go(func() { o.work(ctx) })
	}
	group.Wait()
}

func (o *outbox) work(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-o.ready:
	}
	for {
		batch := o.take(o.simulator.config.Webhooks.MaxBatch)
		if len(batch) > 0 {
			o.deliver(ctx, batch, 0)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		}
	}
}

// envelope writes the body of a webhook: neighbours of one number and field
// share a change. Characters beyond ASCII are escaped, as Meta escapes them.
func envelope(account string, batch []update, now time.Time) []byte {
	out := make([]byte, 0, 256+512*len(batch))
	out = append(out, `{"object":"`+whatsapp.ObjectWhatsApp+`","entry":[{"id":`...)
	out = appendString(out, account)
	out = append(out, `,"time":`...)
	out = strconv.AppendInt(out, now.Unix(), 10)
	out = append(out, `,"changes":[`...)
	for i := 0; i < len(batch); {
		if i > 0 {
			out = append(out, ',')
		}
		end := i + 1
		for end < len(batch) && batch[i].joins(batch[end]) {
			end++
		}
		out = appendChange(out, batch[i:end])
		i = end
	}
	out = append(out, `]}]}`...)
	return rawjson.ASCII(out)
}

func (u update) joins(next update) bool {
	return u.list != "" && u.number == next.number && u.field == next.field && u.list == next.list
}

func appendChange(out []byte, run []update) []byte {
	first := run[0]
	out = append(out, `{"value":`...)
	if first.list == "" {
		out = append(out, first.raw...)
	} else {
		out = append(out, `{"messaging_product":"whatsapp","metadata":{"display_phone_number":`...)
		out = appendString(out, first.display)
		out = append(out, `,"phone_number_id":`...)
		out = appendString(out, first.number)
		out = append(out, '}')
		out = appendList(out, "contacts", run, func(u update) []byte { return u.contact })
		out = appendList(out, first.list, run, func(u update) []byte { return u.raw })
		out = append(out, '}')
	}
	out = append(out, `,"field":`...)
	out = appendString(out, first.field)
	return append(out, '}')
}

// appendList writes a member with a list, unless the list would be empty.
func appendList(out []byte, name string, run []update, element func(update) []byte) []byte {
	count := 0
	for _, u := range run {
		raw := element(u)
		if raw == nil {
			continue
		}
		if count == 0 {
			out = append(out, `,"`+name+`":[`...)
		} else {
			out = append(out, ',')
		}
		out = append(out, raw...)
		count++
	}
	if count > 0 {
		out = append(out, ']')
	}
	return out
}

func appendString(out []byte, s string) []byte { return append(out, rawjson.Quote(s)...) }
