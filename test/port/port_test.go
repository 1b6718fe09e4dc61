package port

import (
	"net"
	"slices"
	"strconv"
	"testing"
)

func TestFreeIsOutsideOfWhatTheKernelGivesOut(t *testing.T) {
	addresses, err := Free(20)
	if err != nil {
		t.Fatal(err)
	}
	if len(slices.Compact(slices.Sorted(slices.Values(addresses)))) != 20 {
		t.Fatalf("got %q, want 20 different addresses", addresses)
	}
	for _, address := range addresses {
		_, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		if number, err := strconv.Atoi(port); err != nil || number < 20_000 || number > 32_767 {
			t.Errorf("port %s: want one from 20000 to 32767", port)
		}
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Error(err)
			continue
		}
		listener.Close()
	}
}
