package main

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/test/rig"
)

// delayCommand makes this program a network with a round trip. It is a process of its own, whose
// timers the load generator's goroutines cannot hold up.
const delayCommand = "delay"

// serveDelay delays what goes to an address and comes back, and tells where it listens, until it is
// killed.
func serveDelay(to, roundTrip string) error {
	trip, err := time.ParseDuration(roundTrip)
	if err != nil {
		return err
	}
	network, err := rig.NewDelay(to, trip)
	if err != nil {
		return err
	}
	fmt.Println(network.Address())
	select {}
}

// delayed is a database's URL behind a network with a round trip, and what ends that.
func delayed(database string, roundTrip time.Duration) (located string, stop func(), err error) {
	where, err := url.Parse(database)
	if err != nil {
		return "", nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	network := child(self, delayCommand, where.Host, roundTrip.String())
	output, err := network.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := network.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { end(network) }
	address, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, errors.Join(errors.New("the network did not tell where it listens"), err)
	}
	where.Host = strings.TrimSpace(address)
	return where.String(), stop, nil
}
