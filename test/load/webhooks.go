package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/test/rig"
)

// heardPerSecond is the open-loop load of webhooks: five times what a page may send in a second.
const heardPerSecond = 200

// webhooks measures how long the gateway takes to answer webhooks of a page, each with the message
// of a person, while another channel sends as fast as it can. Meta waits for 5 seconds.
func (b *bench) webhooks(ctx context.Context) error {
	t := b.table(fmt.Sprintf(
		"webhooks of a page, %d/s, open loop, %d s a round", heardPerSecond, b.seconds,
	), "p50", "p99", "longest", "aim for the longest")
	for _, sends := range []int{0, b.messages} {
		var p50, p99, longest series
		for n := range b.rounds {
			took, err := b.heard(ctx, sends)
			if err != nil {
				return err
			}
			p50.add(took.at(50))
			p99.add(took.at(99))
			longest.add(millis(took[len(took)-1]))
			b.round("webhooks of a page", n, "p99 "+p99.last(" ms"), "longest "+longest.last(" ms"))
		}
		name := "nothing else"
		if sends > 0 {
			name = "beside " + whole(int64(sends)) + " lifecycles"
		}
		t.row(name, p50.in(" ms"), p99.in(" ms"), longest.in(" ms"), "5,000 ms")
	}
	return nil
}

// heard posts webhooks beside a number of sends.
func (b *bench) heard(ctx context.Context, sends int) (latencies, error) {
	s, err := b.stage(ctx, func(a *rig.Account) error {
		if err := a.AddPage(a.Document.Channels[0].BaseURL); err != nil {
			return err
		}
		return a.WriteDocument()
	})
	if err != nil {
		return nil, err
	}
	defer s.stop()
	sent := make(chan error, 1)
	go func() { sent <- saturate(sends, func(n int) error { return s.accepted(ctx, n) }) }()
	took, err := openLoop(b.seconds, heardPerSecond, func(n int) error { return s.hear(ctx, n) })
	if failure := <-sent; err == nil {
		err = failure
	}
	return took, err
}

// hear posts a webhook with a message to the page, from one of twenty thousand people.
func (s *stage) hear(ctx context.Context, n int) error {
	const people = 20_000
	body := rig.PageWebhook(strconv.Itoa(24_000_000+n%people), "m_load"+strconv.Itoa(n), time.Now())
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, s.gateway.API()+"/webhooks", strings.NewReader(body),
	)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set(graph.SignatureHeader, rig.SignedByMeta(body))
	response, err := s.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("a webhook got %d", response.StatusCode)
	}
	return err
}
