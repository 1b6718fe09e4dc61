package story

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"

	"github.com/guichet-dev/guichet/internal/simulator"
)

// deliveryTimeout is how long a message may take to a customer.
const deliveryTimeout = time.Minute

// idleTimeout bounds the wait until the simulator has posted all of its webhooks.
const idleTimeout = "9s"

// Phones are the customers' phones, held through the simulator's control API.
type Phones struct {
	BaseURL string
	HTTP    *http.Client
}

// Write lets a customer write to a business number at an instant, which may be long ago, and
// returns when the business's gateway has taken the message.
func (p Phones) Write(ctx context.Context, from, phoneNumberID, text string, at time.Time) error {
	body, err := json.Marshal(
		map[string]string{"to": phoneNumberID, "text": text, "timestamp": at.Format(time.RFC3339)},
	)
	if err != nil {
		return err
	}
	if err := p.do(ctx, http.MethodPost, "/control/phones/"+url.PathEscape(from)+"/messages", body, nil); err != nil {
		return err
	}
	return p.do(ctx, http.MethodGet, "/control/idle?timeout="+idleTimeout, nil, nil)
}

// Reset makes the simulator forget everything but its configuration.
func (p Phones) Reset(ctx context.Context) error {
	return p.do(ctx, http.MethodPost, "/control/reset", nil, nil)
}

// Inbox returns what the simulator accepted for a customer, oldest first.
func (p Phones) Inbox(ctx context.Context, customer string) ([]simulator.Sent, error) {
	var answer struct {
		Messages []simulator.Sent `json:"messages"`
	}
	if err := p.do(ctx, http.MethodGet, "/control/messages?to="+url.QueryEscape(customer), nil, &answer); err != nil {
		return nil, err
	}
	return answer.Messages, nil
}

// AwaitDelivery waits until a customer has been delivered a number of messages in all, and returns
// the last of them.
func (p Phones) AwaitDelivery(ctx context.Context, customer string, count int) (simulator.Sent, error) {
	var last simulator.Sent
	err := wait.PollUntilContextTimeout(ctx, pollInterval, deliveryTimeout, true, func(
		ctx context.Context,
	) (bool, error) {
		inbox, err := p.Inbox(ctx, customer)
		if err != nil || len(inbox) < count {
			return false, err
		}
		last = inbox[count-1]
		return slices.ContainsFunc(
			last.Statuses, func(s simulator.StatusStep) bool { return s.Status == "delivered" },
		), nil
	})
	if err != nil {
		return simulator.Sent{}, fmt.Errorf(
			"wait for the delivery of message %d to a customer: %w; the gateway's log may say why", count, err,
		)
	}
	return last, nil
}

func (p Phones) do(ctx context.Context, method, path string, body []byte, into any) error {
	request, err := http.NewRequestWithContext(ctx, method, p.BaseURL+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := p.HTTP.Do(request)
	if err != nil {
		return fmt.Errorf("talk to the simulator: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read the simulator's answer: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return fmt.Errorf("the simulator answered %d: %s", response.StatusCode, raw)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(raw, into)
}
