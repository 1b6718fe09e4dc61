package stage

// Feed wakes those who watch what changes. Stage.Mu guards it.
type Feed struct {
	version uint64
	// next is closed at the next change; nil if nobody waits for it.
	next chan struct{}
}

// Version counts the changes.
func (f *Feed) Version() uint64 { return f.version }

// Wait returns a channel that is closed at the next change.
func (f *Feed) Wait() <-chan struct{} {
	if f.next == nil {
		f.next = make(chan struct{})
	}
	return f.next
}

// Advance counts a change, wakes those who wait for it, and returns the new version.
func (f *Feed) Advance() uint64 {
	f.version++
	if f.next != nil {
		close(f.next)
		f.next = nil
	}
	return f.version
}
