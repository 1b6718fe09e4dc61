//go:build chaos && linux

package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/test/rig"
)

const (
	senders   = 24
	perSecond = 150
	// repeatAfter is the pause before a client repeats a send that got no final answer.
	repeatAfter = 30 * time.Millisecond
)

// flow is the business's client. It repeats a send under its key until it has a final answer, as a
// careful client does.
type flow struct {
	run    *run
	client *http.Client
	pace   *rate.Limiter

	mu       sync.Mutex
	promised map[string]rig.Send // what was accepted, by message id
	byKey    map[string]string   // the id that each key was answered with
	refused  map[int]int         // by Meta's code
	repeats  int                 // sends repeated because no final answer came
	again    int                 // sends repeated although they had been answered
	renamed  []string            // keys that got two different ids
}

func newFlow(r *run) *flow {
	f := newFlowAt(perSecond)
	f.run = r
	return f
}

// newFlowAt returns a client that sends so many messages a second.
func newFlowAt(perSecond int) *flow {
	return &flow{
		pace:     rate.NewLimiter(rate.Limit(perSecond), perSecond/10),
		client:   &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: senders}},
		promised: map[string]rig.Send{}, byKey: map[string]string{}, refused: map[int]int{},
	}
}

// drive sends until ctx is done, and then until every send has its answer.
func (f *flow) drive(ctx context.Context) { f.driveAs(ctx, "key") }

// driveAs is drive with keys of its own.
func (f *flow) driveAs(ctx context.Context, name string) {
	var work sync.WaitGroup
	for i := range senders {
		work.Go(func() {
			random := f.run.settings.random(actorSender + uint64(i))
			for n := 0; f.pace.Wait(ctx) == nil; n++ {
				f.send(f.run.gateway.API(), nextSend(random, fmt.Sprintf("%s-%d-%d", name, i, n)), random.IntN(20) == 0)
			}
		})
	}
	work.Wait()
}

// nextSend draws a message: free-form to somebody who wrote, a template to anybody, and now and
// then free-form to somebody who never wrote.
func nextSend(random *rand.Rand, key string) rig.Send {
	s := rig.Send{Number: rig.PhoneNumberIDs()[random.IntN(2)], Key: key}
	switch draw := random.IntN(100); {
	case draw < 40:
		s.Body = rig.Text(writer(random.IntN(writers)), "About "+key)
	case draw < 44:
		s.Body = rig.Text(stranger(random.IntN(strangers)), "To a stranger: "+key)
	case draw < 60:
		s.Body = rig.Template(writer(random.IntN(writers)), "utility", key)
	case draw < 85:
		s.Body = rig.Template(stranger(random.IntN(strangers)), "utility", key)
	default:
		s.Body = rig.Template(stranger(random.IntN(strangers)), "marketing", key)
	}
	return s
}

// send repeats until there is a final answer. Twice sends once more after that.
func (f *flow) send(api string, s rig.Send, twice bool) {
	for {
		answer, err := s.Post(context.Background(), f.client, api)
		switch {
		case err != nil, answer.Status >= 500, answer.Code == graph.CodeThroughput:
			f.mu.Lock()
			f.repeats++
			f.mu.Unlock()
			pause(context.Background(), repeatAfter)
			continue
		case answer.Status == http.StatusOK:
			f.accept(s, answer.ID)
			if twice {
				f.mu.Lock()
				f.again++
				f.mu.Unlock()
				twice = false
				continue
			}
		default:
			f.mu.Lock()
			f.refused[answer.Code]++
			f.mu.Unlock()
		}
		return
	}
}

// refusals returns how many sends were refused with a code so far.
func (f *flow) refusals(code int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.refused[code]
}

// accepted returns how many messages were accepted so far.
func (f *flow) accepted() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.promised)
}

func (f *flow) accept(s rig.Send, id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if known, answered := f.byKey[s.Key]; answered && known != id {
		f.renamed = append(f.renamed, s.Key)
	}
	f.byKey[s.Key], f.promised[id] = id, s
}
