package simulator

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"
)

// A day ahead, what was under way has arrived before, and the window is closed.
func TestClockIsSetForward(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	before := w.s.stage.Now()
	w.write("15550001111", Inbound{Text: "Hello"})
	var told ClockTime
	answer := w.control(http.MethodPost, "/control/clock", `{"advance":"25h"}`, http.StatusOK)
	if err := json.Unmarshal([]byte(answer), &told); err != nil {
		t.Fatal(err)
	}
	if ahead := told.Now.Sub(before); ahead < 25*time.Hour || ahead > 25*time.Hour+time.Minute {
		t.Errorf("the clock is %s ahead, want 25h", ahead)
	}
	if len(w.business.messages()) != 1 {
		t.Errorf("the customer's message had not arrived before the day had passed")
	}
	w.refused(text("15550001111"), 131047)
}

func TestClockIsNeverSetBack(t *testing.T) {
	w := newWorld(t, testConfig(), nil)
	for _, advance := range []string{`"-1h"`, `"0s"`, `"8785h"`, `"tomorrow"`, `null`} {
		w.control(http.MethodPost, "/control/clock", `{"advance":`+advance+`}`, http.StatusBadRequest)
	}
}
