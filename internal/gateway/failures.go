package gateway

import "time"

// failureInterval is how often the log says that messages fail with a code.
const failureInterval = time.Minute

// failures lets the log show that messages fail, and not drown in it: for each code it speaks at
// the first failure, and then once in an interval of all since. The exact counts are metrics. Only
// operations of the store use it, of which one runs at a time.
type failures map[string]*failing

type failing struct {
	untold int
	next   time.Time
}

// add counts a failure, and returns how many are to be told now; 0 for none yet.
func (f failures) add(code string, now time.Time) int {
	of := f[code]
	if of == nil {
		of = &failing{}
		f[code] = of
	}
	of.untold++
	if now.Before(of.next) {
		return 0
	}
	n := of.untold
	of.untold, of.next = 0, now.Add(failureInterval)
	return n
}
