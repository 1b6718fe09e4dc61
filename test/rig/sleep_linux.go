package rig

import (
	"time"

	"golang.org/x/sys/unix"
)

// preciseTimer lets the thread's sleeps end when they are over. Otherwise the kernel may prolong
// each by 50 µs, to wake up less often.
func preciseTimer() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) }

// sleepUntil sleeps in the kernel: a sleep of Go's may end a millisecond late.
func sleepUntil(due time.Time) {
	for left := time.Until(due); left > 0; left = time.Until(due) {
		wait := unix.NsecToTimespec(left.Nanoseconds())
		_ = unix.Nanosleep(&wait, nil)
	}
}
