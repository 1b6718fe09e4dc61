// Package sink is a business's endpoint for callbacks: it takes every one, and shows the last ones
// with their bytes.
package sink

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

const (
	// kept is how many callbacks are shown.
	kept = 100
	// keptBytes is how much of a body is shown, and maxBytes how much is taken.
	keptBytes = 64 << 10
	maxBytes  = 16 << 20
	// beat is the longest time between two events, which tells that the sink is there.
	beat = 15 * time.Second
)

// Callback is a callback that was taken.
type Callback struct {
	// ID counts the callbacks from 1.
	ID int64 `json:"id"`
	// At is when it came, by the process's clock.
	At time.Time `json:"at"`
	// Summary says in a few words what it tells.
	Summary string `json:"summary"`
	// Signature is the header X-Hub-Signature-256, as it came.
	Signature string `json:"signature"`
	// Bytes is the size of the body, and Body its first 64 KiB.
	Bytes int    `json:"bytes"`
	Body  string `json:"body"`
}

// Sink takes callbacks with POST. GET answers with {"callbacks":[…]}, the newest first; to whoever
// accepts text/event-stream, with one event for each, the oldest first, as they come. It is safe
// for concurrent use.
type Sink struct {
	now func() time.Time

	mu   sync.Mutex
	last []Callback // the newest at the end
	next chan struct{}
}

// New returns a sink that has taken nothing.
func New(now func() time.Time) *Sink { return &Sink{now: now, next: make(chan struct{})} }

// ServeHTTP implements http.Handler.
func (s *Sink) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPost:
		s.take(w, r)
	case r.Method != http.MethodGet:
		http.Error(w, "use POST to deliver a callback, and GET to see the last ones", http.StatusMethodNotAllowed)
	case r.Header.Get("Accept") == "text/event-stream":
		s.stream(w, r)
	default:
		callbacks, _ := s.after(0)
		newestFirst := make([]Callback, 0, len(callbacks))
		for i := range callbacks {
			newestFirst = append(newestFirst, callbacks[len(callbacks)-1-i])
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"callbacks": newestFirst}) // who has gone need not be told
	}
}

func (s *Sink) take(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBytes))
	if err != nil {
		http.Error(w, "the body could not be read, or is larger than 16 MiB", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := Callback{
		ID: 1, At: s.now().UTC(), Summary: summary(body), Signature: r.Header.Get("X-Hub-Signature-256"),
		Bytes: len(body), Body: string(body[:min(len(body), keptBytes)]),
	}
	if n := len(s.last); n > 0 {
		c.ID = s.last[n-1].ID + 1
	}
	s.last = append(s.last, c)
	if len(s.last) > kept {
		s.last = append([]Callback(nil), s.last[len(s.last)-kept:]...)
	}
	close(s.next)
	s.next = make(chan struct{})
}

// after are the callbacks after an id, oldest first, and what is closed when another one comes.
func (s *Sink) after(id int64) ([]Callback, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var callbacks []Callback
	for _, c := range s.last {
		if c.ID > id {
			callbacks = append(callbacks, c)
		}
	}
	return callbacks, s.next
}

func (s *Sink) stream(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	writer, pulse := http.NewResponseController(w), time.NewTicker(beat)
	defer pulse.Stop()
	for last := int64(0); ; {
		callbacks, next := s.after(last)
		for _, c := range callbacks {
			event, err := json.Marshal(c)
			if err != nil {
				return
			}
			if _, err := fmt.Fprintf(w, "data: %s\n\n", event); err != nil {
				return // the client has gone
			}
			last = c.ID
		}
		if writer.Flush() != nil {
			return
		}
		select {
		case <-next:
		case <-pulse.C:
			if _, err := io.WriteString(w, ": still here\n\n"); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

// summary says what a callback tells: "status delivered", "message text".
func summary(body []byte) string {
	var webhook struct {
		Entry []struct {
			Changes []struct {
				Field string `json:"field"`
				Value struct {
					Statuses []struct {
						Status string `json:"status"`
					} `json:"statuses"`
					Messages []struct {
						Type string `json:"type"`
					} `json:"messages"`
				} `json:"value"`
			} `json:"changes"`
			Messaging []json.RawMessage `json:"messaging"`
		} `json:"entry"`
	}
	if json.Unmarshal(body, &webhook) != nil {
		return "no webhook"
	}
	for _, entry := range webhook.Entry {
		if len(entry.Messaging) > 0 {
			return "messaging"
		}
		for _, change := range entry.Changes {
			switch value := change.Value; {
			case len(value.Statuses) > 0:
				return "status " + value.Statuses[0].Status
			case len(value.Messages) > 0:
				return "message " + value.Messages[0].Type
			default:
				return change.Field
			}
		}
	}
	return "empty"
}
