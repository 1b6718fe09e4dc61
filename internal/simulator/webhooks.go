package simulator

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
)

// Retries of a webhook: at once, then with falling frequency, for 36 hours. The longest pause is
// shorter than Meta's, so that a test need not wait for it. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
const (
	firstRetry   = 100 * time.Millisecond
	longestRetry = 5 * time.Second
	retryFor     = 36 * time.Hour

	handshakeRetry = time.Second
)

// deliver posts a batch and plans another try if that fails.
func (o *outbox) deliver(ctx context.Context, batch []update, tries int) {
	s := o.simulator
	o.mu.Lock()
	callback := o.callback
	o.mu.Unlock()
	body := envelope(o.account, batch, s.now())
	o.deliverBody(ctx, callback, body, len(batch), tries, s.now())
}

// deliverBody posts the same bytes again and again, as Meta does.
func (o *outbox) deliverBody(ctx context.Context, callback string, body []byte, updates, tries int, first time.Time) {
	s := o.simulator
	err := o.postBody(ctx, callback, body)
	defer s.activity.end(updates)
	s.mu.Lock()
	counts := &s.state.record.counts
	if err == nil {
		counts.Requests++
		counts.Updates += updates
	} else if ctx.Err() == nil {
		counts.Retries++
	}
	s.mu.Unlock()
	if err == nil || ctx.Err() != nil {
		return
	}
	if s.now().Sub(first) > retryFor {
		s.log.Error("Webhook given up", "account", o.account, "updates", updates, "error", err)
		return
	}
	s.log.Warn(
		"Webhook failed and will be repeated", "account", o.account, "updates", updates, "tries", tries+1, "error", err,
	)
	s.schedule.at(s.now().Add(retryDelay(tries)), func() {
		s.activity.begin(updates)
		go o.deliverBody(ctx, callback, body, updates, tries+1, first)
	})
}

func retryDelay(tries int) time.Duration {
	delay := firstRetry
	for range tries {
		if delay *= 2; delay >= longestRetry {
			return longestRetry
		}
	}
	return delay
}

func (o *outbox) postBody(ctx context.Context, callback string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, callback, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "facebookexternalua")
	if o.secret != "" {
		request.Header.Set(graph.SignatureHeader, graph.Sign(body, o.secret))
	}
	response, err := o.simulator.client.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // read to the end below
	_, _ = io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the callback answered %d", response.StatusCode)
	}
	return nil
}

// introduce repeats the handshake until the callback answers it, and then lets
// the updates flow. An account without a verify token needs none.
func (o *outbox) introduce(ctx context.Context) {
	for tries := 0; ; tries++ {
		o.mu.Lock()
		callback, verify := o.callback, o.verify
		o.mu.Unlock()
		if callback == "" {
			return
		}
		err := error(nil)
		if verify != "" {
			err = o.simulator.shakeHands(ctx, callback, verify)
		}
		if err == nil {
			o.open()
			return
		}
		if tries == 0 {
			o.simulator.log.Info("Callback has not answered the handshake yet", "account", o.account, "error", err)
		}
		timer := o.simulator.clock.NewTimer(handshakeRetry)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// shakeHands asks a callback to prove that it knows the verify token.
func (s *Simulator) shakeHands(ctx context.Context, callback, verify string) error {
	s.mu.Lock()
	challenge := strconv.FormatUint(uint64(s.state.random.Uint32()), 10)
	s.mu.Unlock()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, callback, nil)
	if err != nil {
		return err
	}
	query := request.URL.Query()
	maps.Copy(query, graph.HandshakeQuery(challenge, verify))
	request.URL.RawQuery = query.Encode()
	response, err := s.client.Do(request)
	if err != nil {
		return errors.New("the callback could not be reached")
	}
	defer func() { _ = response.Body.Close() }() // read to the end below
	answer, err := io.ReadAll(io.LimitReader(response.Body, 1024))
	switch {
	case err != nil:
		return fmt.Errorf("read the callback's answer: %w", err)
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("the callback answered the handshake with %d: check the verify token", response.StatusCode)
	case string(answer) != challenge:
		return errors.New("the callback did not answer the handshake with the challenge")
	}
	return nil
}

// redirect directs an account's webhooks to a callback that has answered the
// handshake.
func (o *outbox) redirect(callback, verify string) {
	o.mu.Lock()
	o.callback, o.verify = callback, verify
	o.mu.Unlock()
	o.open()
}

// open lets the updates flow.
func (o *outbox) open() { o.opened.Do(func() { close(o.ready) }) }
