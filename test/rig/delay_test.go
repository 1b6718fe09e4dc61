package rig

import (
	"io"
	"net"
	"slices"
	"testing"
	"time"
)

// What goes and comes back takes the round trip, and hardly longer: one byte as well as many, which
// arrive in several pieces.
func TestDelayIsPrecise(t *testing.T) {
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		for {
			c, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(c, c) }()
		}
	}()
	const roundTrip = 2 * time.Millisecond
	d, err := NewDelay(echo.Addr().String(), roundTrip)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Stop()
	for name, size := range map[string]int{"a byte": 1, "64 KiB": 64 << 10} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", d.Address())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			b := make([]byte, size)
			var took []time.Duration
			for range 100 {
				began := time.Now()
				if _, err := c.Write(b); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(c, b); err != nil {
					t.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			t.Logf("median %v, least %v", took[50], took[0])
			if took[0] < roundTrip {
				t.Errorf("a round trip took %v, want at least %v", took[0], roundTrip)
			}
			if most := roundTrip + 500*time.Microsecond; took[0] > most {
				t.Errorf("the fastest round trip took %v, want at most %v", took[0], most)
			}
		})
	}
}
