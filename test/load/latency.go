package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/guichet-dev/guichet/test/port"
)

// perSecond is the open-loop load.
const perSecond = 1000

// latency measures how long a durable acceptance takes under an open-loop load, beside a bare
// net/http server that decodes the same JSON and answers with it. The two take turns, so that
// whatever else the machine does falls on both.
func (b *bench) latency(ctx context.Context) error {
	var p50, p99, echo50, echo99, ratio50, ratio99 series
	for n := range b.rounds {
		ours, err := b.acceptances(ctx, backing{}, perSecond)
		if err != nil {
			return err
		}
		bare, err := b.echoes(ctx)
		if err != nil {
			return err
		}
		p50.add(ours.at(50))
		p99.add(ours.at(99))
		echo50.add(bare.at(50))
		echo99.add(bare.at(99))
		ratio50.add(ours.at(50) / bare.at(50))
		ratio99.add(ours.at(99) / bare.at(99))
		b.round("acceptance, SQLite", n, "p50 "+p50.last(" ms"), "p99 "+p99.last(" ms"))
	}
	t := b.latencyTable(backing{}, perSecond)
	t.row("durable acceptance", p50.in(" ms"), p99.in(" ms"), "10 ms")
	t.row("bare net/http echo", echo50.in(" ms"), echo99.in(" ms"), "")
	t.row("ratio of each round", ratio50.in(""), ratio99.in(""), "")
	return nil
}

// latencyTable begins the table of acceptances on a store.
func (b *bench) latencyTable(on backing, rate int) *table {
	return b.table(
		fmt.Sprintf("acceptance, %s, %s/s, open loop, %d s a round", on, whole(int64(rate)), b.seconds), "p50", "p99",
		"aim for p99",
	)
}

func (b *bench) acceptances(ctx context.Context, on backing, rate int) (latencies, error) {
	s, err := b.stageOn(ctx, on, nil)
	if err != nil {
		return nil, err
	}
	defer s.stop()
	return openLoop(b.seconds, rate, func(n int) error { return s.accepted(ctx, n) })
}

func (b *bench) echoes(ctx context.Context) (latencies, error) {
	addresses, err := port.Free(1)
	if err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	server := child(self, echoCommand, addresses[0])
	if err := server.Start(); err != nil {
		return nil, err
	}
	defer end(server)
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 8 * clients}}
	url := "http://" + addresses[0]
	if err := get(ctx, client, url, nil); err != nil {
		return nil, err
	}
	return openLoop(b.seconds, perSecond, func(n int) error {
		_, err := template(n).Post(ctx, client, url)
		return err
	})
}

// latencies are how long each request took, from the instant at which it was due, in order of
// length.
type latencies []time.Duration

// at returns a percentile in milliseconds.
func (l latencies) at(percent int) float64 { return millis(l[len(l)*percent/100]) }

// openLoop makes requests on time, so many in each second, whether or not earlier ones have been
// answered.
func openLoop(seconds, rate int, do func(int) error) (latencies, error) {
	n := seconds * rate
	took := make(latencies, n)
	failures := make([]error, n)
	var answers sync.WaitGroup
	start := time.Now()
	for i := range n {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		answers.Go(func() {
			failures[i] = do(i)
			took[i] = time.Since(due)
		})
	}
	answers.Wait()
	slices.Sort(took)
	return took, errors.Join(failures...)
}

// echoCommand has this program serve the echo at an address.
const echoCommand = "echo"

// serveEcho answers every request with an acceptance in Meta's shape, and keeps nothing.
func serveEcho(address string) error {
	server := &http.Server{Addr: address, ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(
		w http.ResponseWriter, r *http.Request,
	) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		var message struct {
			To string `json:"to"`
		}
		_ = json.Unmarshal(body, &message) // the first request has no body
		answer, err := json.Marshal(map[string]any{
			"messaging_product": "whatsapp", "contacts": []map[string]string{
				{"input": message.To, "wa_id": message.To},
			}, "messages": []map[string]string{{"id": "wamid.echo"}},
		})
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json; charset=UTF-8")
		_, _ = w.Write(answer) // nobody is left to tell
	})}
	return server.ListenAndServe()
}
