// Package stage is what every network of the simulator plays on: one clock with its schedule, one
// lock, callbacks that webhooks are posted to, and the record of what was sent.
package stage

import (
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
)

// Options are what a stage is given by its surroundings.
type Options struct {
	Clock *clock.Clock
	Log   *slog.Logger
	// Transport posts the webhooks.
	Transport http.RoundTripper
	Webhooks  Webhooks
}

// Webhooks is how updates are posted.
type Webhooks struct {
	// MaxBatch is the most updates in one request, 1 to 1000; 100 unless set.
	MaxBatch int `json:"maxBatch,omitempty"`
	// Workers is the most requests at once per account; 1 unless set. More than
	// one gives up the order.
	Workers int `json:"workers,omitempty"`
	// MaxPending is the most updates that wait per account before new ones are
	// dropped and counted; 200,000 unless set.
	MaxPending int `json:"maxPending,omitempty"`
	// Timeout is how long an answer may take; 10s unless set.
	Timeout Duration `json:"timeout,omitempty"`
}

// Stage is what a reset does not touch.
type Stage struct {
	// Mu guards the scene, and everything that the networks hold.
	Mu    sync.Mutex
	Clock *clock.Clock
	// Now is the Clock's.
	Now      func() time.Time
	Log      *slog.Logger
	Schedule *Schedule
	Activity *Activity
	// Feed tells those who watch of changes.
	Feed Feed

	client   *http.Client
	webhooks Webhooks
}

// New returns a stage at rest.
func New(options Options) *Stage {
	activity := newActivity()
	return &Stage{
		Clock:    options.Clock,
		Now:      options.Clock.Now,
		Log:      options.Log,
		Activity: activity,
		Schedule: newSchedule(options.Clock, activity),
		client:   &http.Client{Transport: options.Transport, Timeout: time.Duration(options.Webhooks.Timeout)},
		webhooks: options.Webhooks,
	}
}

// Scene is what happened since the last reset, as far as it is alike for all networks. Stage.Mu
// guards it.
type Scene struct {
	Record *Record
	Knobs  Knobs
	Random *rand.Rand
	// Chats are nil unless full records are kept.
	Chats *Chats
	// Prefix makes ids those of this scene.
	Prefix uint32
	// Over says that a reset has ended the scene: what was planned in it does nothing.
	Over bool

	faults []*Fault
	ids    uint64
}

// NewScene begins with nothing. The seed decides about ids and faults.
func NewScene(mode RecordMode, seed uint64) *Scene {
	return &Scene{
		Record: newRecord(mode),
		Random: rand.New(rand.NewPCG(seed, seed)), // #nosec G404 -- faults have to be repeatable
		Prefix: uint32(seed ^ seed>>32),           // #nosec G115 -- any 32 bits do
	}
}

// Plan runs a step of the scene at an instant, with the lock held. After a reset it does nothing.
func (s *Stage) Plan(scene *Scene, at time.Time, step func(now time.Time)) {
	s.Schedule.At(at, func() {
		s.Mu.Lock()
		defer s.Mu.Unlock()
		if !scene.Over {
			step(s.Now())
		}
	})
}

// Transport is what reaches the businesses' hosts.
func (s *Stage) Transport() http.RoundTripper { return s.client.Transport }
