package stage

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
func (o *Outbox[Update]) deliver(ctx context.Context, batch []Update) {
	o.mu.Lock()
	callback := o.callback
	o.mu.Unlock()
	now := o.stage.Now()
	o.deliverBody(ctx, callback, o.envelope(batch, now), len(batch), 0, now)
}

// deliverBody posts the same bytes again and again, as Meta does.
func (o *Outbox[Update]) deliverBody(
	ctx context.Context, callback string, body []byte, updates, tries int, first time.Time,
) {
	s := o.stage
	err := o.postBody(ctx, callback, body)
	defer s.Activity.end(updates)
	s.Mu.Lock()
	counts := &o.scene.Record.Counts
	if err == nil {
		counts.Requests++
		counts.Updates += updates
	} else if ctx.Err() == nil {
		counts.Retries++
	}
	s.Mu.Unlock()
	if err == nil || ctx.Err() != nil {
		return
	}
	if s.Now().Sub(first) > retryFor {
		s.Log.Error("Webhook given up", "account", o.app, "updates", updates, "error", err)
		return
	}
	s.Log.Warn(
		"Webhook failed and will be repeated", "account", o.app, "updates", updates, "tries", tries+1, "error", err,
	)
	s.Schedule.At(s.Now().Add(retryDelay(tries)), func() {
		s.Activity.begin(updates)
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

func (o *Outbox[Update]) postBody(ctx context.Context, callback string, body []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, callback, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "facebookexternalua")
	if o.sign != "" {
		request.Header.Set(graph.SignatureHeader, graph.Sign(body, o.sign))
	}
	response, err := o.stage.client.Do(request)
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
func (o *Outbox[Update]) introduce(ctx context.Context) {
	for tries := 0; ; tries++ {
		o.mu.Lock()
		callback, verify := o.callback, o.verify
		o.mu.Unlock()
		if callback == "" {
			return
		}
		err := error(nil)
		if verify != "" {
			err = o.stage.ShakeHands(ctx, o.scene, callback, verify)
		}
		if err == nil {
			o.open()
			return
		}
		if tries == 0 {
			o.stage.Log.Info("Callback has not answered the handshake yet", "account", o.app, "error", err)
		}
		timer := o.stage.Clock.NewTimer(handshakeRetry)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// ShakeHands asks a callback to prove that it knows the verify token.
func (s *Stage) ShakeHands(ctx context.Context, scene *Scene, callback, verify string) error {
	s.Mu.Lock()
	challenge := strconv.FormatUint(uint64(scene.Random.Uint32()), 10)
	s.Mu.Unlock()
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
