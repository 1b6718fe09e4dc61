package stage

import (
	"context"
	"sync"
	"time"
)

// App is whom webhooks are posted for.
type App struct {
	// Name is the id that logs have.
	Name string
	// Secret signs the webhooks.
	Secret string
	// Callback receives them; without one they are counted and dropped.
	Callback string
	// Verify is the token of the handshake; without one there is no handshake.
	Verify string
}

// Outbox holds an app's updates until they are posted.
type Outbox[Update any] struct {
	stage *Stage
	scene *Scene
	app   string
	sign  string
	// envelope writes the body of a webhook.
	envelope func(batch []Update, now time.Time) []byte

	mu       sync.Mutex
	callback string
	verify   string
	queue    []Update
	stop     context.CancelFunc
	// ready is closed once the callback has answered the handshake.
	ready  chan struct{}
	opened sync.Once
	wake   chan struct{}
}

// NewOutbox returns an outbox whose webhooks envelope writes. Nothing is posted before Start.
func NewOutbox[Update any](
	stage *Stage, scene *Scene, app App, envelope func(batch []Update, now time.Time) []byte,
) *Outbox[Update] {
	return &Outbox[Update]{
		stage:    stage,
		scene:    scene,
		app:      app.Name,
		sign:     app.Secret,
		envelope: envelope,
		callback: app.Callback,
		verify:   app.Verify,
		ready:    make(chan struct{}),
		wake:     make(chan struct{}, 1),
	}
}

// Post takes an update, as the knobs want it. The caller holds the stage's lock.
func (o *Outbox[Update]) Post(u Update) {
	scene := o.scene
	knobs := &scene.Knobs
	delay := time.Duration(knobs.WebhookDelay)
	if knobs.ReorderRate > 0 && scene.Random.Float64() < knobs.ReorderRate {
		delay += time.Duration(scene.Random.Float64() * float64(knobs.ReorderWithin))
	}
	copies := 1
	if knobs.DuplicateRate > 0 && scene.Random.Float64() < knobs.DuplicateRate {
		copies = 2
		scene.Record.Counts.Duplicates++
	}
	for range copies {
		if delay == 0 {
			o.enqueue(u)
			continue
		}
		o.stage.Plan(scene, o.stage.Now().Add(delay), func(time.Time) { o.enqueue(u) })
	}
}

func (o *Outbox[Update]) enqueue(u Update) {
	if !o.put(u, o.stage.webhooks.MaxPending) {
		o.scene.Record.Counts.Lost++
	}
}

// put queues an update, unless there is no callback or the queue is full.
func (o *Outbox[Update]) put(u Update, limit int) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.callback == "" || len(o.queue) >= limit {
		return false
	}
	o.stage.Activity.begin(1)
	o.queue = append(o.queue, u)
	o.signal()
	return true
}

func (o *Outbox[Update]) signal() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// take removes the oldest updates, at most limit.
func (o *Outbox[Update]) take(limit int) []Update {
	o.mu.Lock()
	defer o.mu.Unlock()
	count := min(limit, len(o.queue))
	if count == 0 {
		return nil
	}
	batch := append([]Update(nil), o.queue[:count]...)
	if count == len(o.queue) {
		o.queue = o.queue[:0]
	} else {
		o.queue = o.queue[count:]
		o.signal()
	}
	return batch
}

// Start posts batches until the context ends, or Halt; workers are then done.
func (o *Outbox[Update]) Start(ctx context.Context, workers *sync.WaitGroup) {
	ctx, stop := context.WithCancel(ctx)
	o.mu.Lock()
	o.stop = stop
	o.mu.Unlock()
	workers.Go(func() { o.introduce(ctx) })
	for range o.stage.webhooks.Workers {
		workers.Go(func() { o.work(ctx) })
	}
}

// Halt stops the webhooks and forgets those that wait.
func (o *Outbox[Update]) Halt() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.stop != nil {
		o.stop()
	}
	o.stage.Activity.end(len(o.queue))
	o.queue, o.callback = nil, ""
}

func (o *Outbox[Update]) work(ctx context.Context) {
	select {
	case <-ctx.Done():
		return
	case <-o.ready:
	}
	for {
		batch := o.take(o.stage.webhooks.MaxBatch)
		if len(batch) > 0 {
			o.deliver(ctx, batch)
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-o.wake:
		}
	}
}

// Redirect directs the webhooks to a callback that has answered the handshake.
func (o *Outbox[Update]) Redirect(callback, verify string) {
	o.mu.Lock()
	o.callback, o.verify = callback, verify
	o.mu.Unlock()
	o.open()
}

// Address is where the webhooks go.
func (o *Outbox[Update]) Address() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.callback
}

// open lets the updates flow.
func (o *Outbox[Update]) open() { o.opened.Do(func() { close(o.ready) }) }
