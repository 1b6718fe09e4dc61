package simulator

import (
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
)

const (
	// SinkPath takes the callbacks of a business that has no endpoint of its own: behind it comes
	// the id of an account or page.
	SinkPath = "/sink/"
	// maxCallbacks bounds how many are kept; the oldest go first.
	maxCallbacks = 50
)

// Callback is one that the sink took.
type Callback struct {
	// Account is the account or page that it was posted for.
	Account string    `json:"account"`
	At      time.Time `json:"at"`
	// Signature is the header as it came, and Body the bytes.
	Signature string `json:"signature"`
	Body      string `json:"body"`

	version uint64
}

// sink answers every callback with 200, and shows it to those who watch. GET lists those that are
// kept, the newest at the end.
func (s *Simulator) sink(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
	case http.MethodGet:
		s.mu.Lock()
		kept := s.state.callbacks
		s.mu.Unlock()
		writeJSON(w, http.StatusOK, map[string]any{"callbacks": append([]Callback{}, kept...)})
		return
	default:
		badRequest(w, errors.New("post a callback, or get those that came"))
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		badRequest(w, errors.New("the callback could not be read, or is larger than 4 MiB"))
		return
	}
	s.mu.Lock()
	taken := Callback{
		Account: strings.TrimPrefix(r.URL.Path, SinkPath), At: s.stage.Now().UTC(),
		Signature: r.Header.Get(graph.SignatureHeader), Body: string(body), version: s.stage.Feed.Advance(),
	}
	kept := s.state.callbacks
	s.state.callbacks = append(slices.Clone(kept[max(0, len(kept)+1-maxCallbacks):]), taken)
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, done())
}

// callbacksSince are those that came after a version of the feed, the newest at the end.
func (st *state) callbacksSince(version uint64) []Callback {
	at, _ := slices.BinarySearchFunc(st.callbacks, version, func(c Callback, version uint64) int {
		if c.version <= version {
			return -1
		}
		return 1
	})
	return st.callbacks[at:]
}
