package upstream

import (
	"testing"
)

// A message is sent as it is accepted only while nothing of its channel waits: what waits is not
// overtaken.
func TestSlotsLetNobodyOvertake(t *testing.T) {
	s := newSlots(2)
	refused := func(why string) {
		t.Helper()
		if _, may := s.tryAcquire("1066"); may {
			t.Fatalf("a message was let through although %s", why)
		}
	}
	s.setWaiting("1066", false)
	refused("no dispatcher runs")
	s.begin(t.Context())
	s.setWaiting("1067", false)
	s.setWaiting("1066", true)
	refused("another one waits")
	if !s.anyWaits() {
		t.Fatal("1066 waits, whatever 1067 does")
	}
	s.setWaiting("1066", false)
	if s.anyWaits() {
		t.Fatal("nothing waits any more")
	}
	for range 2 {
		if _, may := s.tryAcquire("1066"); !may {
			t.Fatal("a message was held up although nothing waits")
		}
	}
	refused("no slot is free")
	s.release()
	if s.free() != 1 {
		t.Fatalf("%d slots are free, want 1", s.free())
	}
	s.release()
	s.end()
	refused("the dispatcher has ended")
}
