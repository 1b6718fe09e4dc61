package listeners

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

const (
	// beat is how often a listener hears that it still listens, and its token is checked again.
	beat = 10 * time.Second
	// write bounds how long a listener may take to read a part.
	write = 10 * time.Second
)

// callback is a callback on the wire. The body is a text, so that its bytes stay as they are.
type callback struct {
	Channel string    `json:"channel,omitempty"`
	At      time.Time `json:"at"`
	Body    string    `json:"body"`
}

// Answer writes the callbacks of an account as server-sent events, until the client goes, the
// gateway stops, or the client may no longer listen. The first event, "listening", names the
// replica; "dropped" is the last one of a client that was too slow.
func (l *Listeners) Answer(w http.ResponseWriter, r *http.Request, replica string, may func() bool) error {
	joined := l.join()
	if joined == nil {
		return &network.Refusal{
			Reason: network.Busy, After: beat,
			Details: "Too many listen already. End another one, or try again later.",
		}
	}
	defer l.leave(joined)
	header := w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("Cache-Control", "no-store")
	out := &events{w: w, controller: http.NewResponseController(w)}
	// a request's time to be read would end its answer, too
	if err := out.controller.SetReadDeadline(time.Time{}); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if out.send("listening", map[string]string{"replica": replica}) != nil {
		return nil // the client has gone
	}
	beats := time.NewTicker(beat)
	defer beats.Stop()
	for {
		var err error
		select {
		case told := <-joined.told:
			joined.waiting.Add(-int64(len(told.Body)))
			err = out.send("callback", callback{told.Channel, told.At.UTC(), string(told.Body)})
		case <-joined.dropped:
			_ = out.send("dropped", struct{}{}) // it is the last word in any case
			return nil
		case <-beats.C:
			if !may() {
				return nil
			}
			err = out.write(": still here\n\n")
		case <-l.ending:
			return nil
		case <-r.Context().Done():
			return nil
		}
		if err != nil {
			return nil // the answer has begun, and nobody is left to read why it ends
		}
	}
}

// events writes server-sent events.
type events struct {
	w          http.ResponseWriter
	controller *http.ResponseController
}

func (e *events) send(name string, content any) error {
	encoded, err := json.Marshal(content)
	if err != nil {
		return err
	}
	return e.write("event: " + name + "\ndata: " + string(encoded) + "\n\n")
}

func (e *events) write(text string) error {
	if err := e.controller.SetWriteDeadline(time.Now().Add(write)); err != nil {
		return err
	}
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	return e.controller.Flush()
}
