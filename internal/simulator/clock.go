package simulator

import (
	"context"
	"errors"
	"net/http"
	"time"
)

const (
	// mostAdvance bounds one advance of the clock.
	mostAdvance = 366 * 24 * time.Hour
	// settleTime is for how long an advance waits until what is under way has arrived: it belongs
	// to the time before.
	settleTime = 2 * time.Second
)

// ClockTime is what the simulator's clock says, as the control API tells it.
type ClockTime struct {
	Now time.Time `json:"now"`
}

// controlReadClock tells the time.
func (s *Simulator) controlReadClock(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, ClockTime{Now: s.stage.Now().UTC()})
}

// controlClock sets the clock forward.
func (s *Simulator) controlClock(w http.ResponseWriter, r *http.Request) {
	var by struct {
		Advance Duration `json:"advance"`
	}
	if err := readStrict(w, r, &by); err != nil {
		badRequest(w, err)
		return
	}
	if by.Advance <= 0 || time.Duration(by.Advance) > mostAdvance {
		badRequest(w, errors.New(`advance: use a duration such as "25h", more than 0 and at most 8784h`))
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), settleTime)
	defer cancel()
	_ = s.WaitIdle(ctx) // what takes longer arrives later
	s.stage.Clock.Advance(time.Duration(by.Advance))
	s.mu.Lock()
	s.stage.Feed.Advance() // those who watch learn the time at once
	s.mu.Unlock()
	s.controlReadClock(w, r)
}
