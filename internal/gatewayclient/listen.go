package gatewayclient

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Callback is a callback as the gateway tells those who listen.
type Callback struct {
	// Channel is the id of the number or page that it is about; empty if it is about none.
	Channel string    `json:"channel"`
	At      time.Time `json:"at"`
	// Body is the webhook, byte for byte.
	Body string `json:"body"`
}

// ErrDropped says that a listener read too slowly: callbacks have passed that it was not told of.
var ErrDropped = errors.New("the gateway has dropped a listener that read too slowly")

// maxEvent bounds one event, in bytes: a webhook as a text within JSON.
const maxEvent = 16 << 20

// Listen follows the account's callbacks until ctx is done or the connection ends. Ready is called
// once the gateway tells of them, tell for each.
func (c *Client) Listen(ctx context.Context, ready func(), tell func(Callback)) error {
	address := strings.TrimSuffix(c.Base, "/") + "/callbacks"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("the gateway's base URL is none: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the gateway did not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // what is left is not wanted
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, maxAnswer)) // the status says enough
		return refusalOf(response.StatusCode, text)
	}
	event := ""
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, maxEvent)
	for lines.Scan() {
		if name, found := strings.CutPrefix(lines.Text(), "event: "); found {
			event = name
		}
		data, found := strings.CutPrefix(lines.Text(), "data: ")
		switch {
		case !found:
		case event == "listening":
			ready()
		case event == "dropped":
			return ErrDropped
		case event == "callback":
			var told Callback
			if err := json.Unmarshal([]byte(data), &told); err != nil {
				return fmt.Errorf("the gateway's callback cannot be read: %w", err)
			}
			tell(told)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("the connection to the gateway broke off: %w", err)
	}
	return errors.New("the gateway has ended the connection")
}
