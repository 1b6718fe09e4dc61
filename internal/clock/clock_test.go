package clock_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/clock"
)

func TestClockGoesOnWithTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		c := clock.New(nil)
		c.Advance(25 * time.Hour)
		time.Sleep(time.Second)
		if want := began.Add(25*time.Hour + time.Second); !c.Now().Equal(want) {
			t.Errorf("the time is %v, want %v", c.Now(), want)
		}
		if want := began.Add(time.Second); !c.Machine().Equal(want) {
			t.Errorf("the machine's time is %v, want %v", c.Machine(), want)
		}
		if since := c.Since(began); since != 25*time.Hour+time.Second {
			t.Errorf("%v have passed, want 25h0m1s", since)
		}
	})
}

func TestAdvancedTimersGoOffOnce(t *testing.T) {
	tests := map[string]struct {
		timer, advance time.Duration
		waits          time.Duration // from the advance on
	}{
		"nothing advanced":        {time.Minute, 0, time.Minute},
		"due within the advance":  {time.Minute, time.Hour, 0},
		"due at its very end":     {time.Hour, time.Hour, 0},
		"due behind it":           {time.Hour, time.Minute, 59 * time.Minute},
		"due before it was reset": {-time.Second, time.Minute, 0},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := clock.New(nil)
				timer := c.NewTimer(tc.timer)
				defer timer.Stop()
				c.Advance(tc.advance)
				began := time.Now()
				<-timer.C
				if waited := time.Since(began); waited != tc.waits {
					t.Errorf("the timer went off after %v, want %v", waited, tc.waits)
				}
				c.Advance(100 * time.Hour)
				time.Sleep(100 * time.Hour)
				select {
				case <-timer.C:
					t.Error("the timer went off twice")
				default:
				}
			})
		})
	}
}

func TestStoppedTimersAreSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := clock.New(nil)
		timer := c.NewTimer(time.Minute)
		time.Sleep(time.Minute)
		synctest.Wait() // it has gone off, and nobody has received yet
		timer.Stop()
		c.Advance(time.Hour)
		select {
		case <-timer.C:
			t.Error("a stopped timer went off")
		case <-time.After(time.Hour):
		}
		timer.Reset(time.Second)
		timer.Reset(time.Minute)
		began := time.Now()
		<-timer.C
		if waited := time.Since(began); waited != time.Minute {
			t.Errorf("the timer went off after %v, want the last reset's minute", waited)
		}
	})
}
