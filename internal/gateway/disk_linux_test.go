package gateway

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/guichet-dev/guichet/internal/simulator"
)

// limitFiles bounds the size of the files that the process may write; unlimited ends that.
func (p *process) limitFiles(bytes uint64) {
	p.t.Helper()
	limit := unix.Rlimit{Cur: bytes, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(p.command.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		p.t.Skipf("this system does not let the test limit another process: %v", err)
	}
}

func TestP1FullDiskAcknowledgesNothingAndRecovers(t *testing.T) {
	t.Parallel()
	p := newProcess(t)
	kept := p.accepted(templateTo(ana, "parcel_ready"))
	p.settled(1)
	info, err := os.Stat(filepath.Join(p.directory, "data", "gateway.db"+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	p.limitFiles(uint64(info.Size()))
	hello := p.inbound(phoneID, ana, "wamid.full", "hello")
	for range 3 {
		if got := p.send(
			templateTo(ana, "parcel_ready"),
		); got.status != http.StatusServiceUnavailable || got.code != 131016 {
			t.Fatalf("a send got %d %s, want 503 with 131016", got.status, got.body)
		}
		if got := p.webhook(hello, appSecret); got.status != http.StatusServiceUnavailable {
			t.Fatalf("a webhook got %d %s, want 503", got.status, got.body)
		}
	}
	if r := p.report(); r.StoreOutage == nil || r.StoreOutage.Since.IsZero() || r.Period.Messages != 1 {
		t.Fatalf(
			"the report says %+v of the store and %d messages, want an outage and the figures", r.StoreOutage,
			r.Period.Messages,
		)
	}
	p.limitFiles(unix.RLIM_INFINITY)
	p.until("the outage is over", func() bool { return p.report().StoreOutage == nil })
	p.until(
		"it takes messages again",
		func() bool { return p.send(templateTo(ana, "parcel_ready")).status == http.StatusOK },
	)
	if got := p.webhook(hello, appSecret); got.status != http.StatusOK {
		t.Fatalf("the webhook got %d %s, want 200", got.status, got.body)
	}
	r := p.settled(2)
	if r.OpenWindows != 1 || r.Period.Messages != 2 {
		t.Fatalf("%d windows and %d settlements, want 1 and 2", r.OpenWindows, r.Period.Messages)
	}
	if sent := p.sim.Messages(simulator.MessageFilter{}); len(sent) != 2 || sent[0].CallbackData != kept {
		t.Fatalf("the upstream has %d messages, want the two that were acknowledged", len(sent))
	}
}
