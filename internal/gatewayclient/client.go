// Package gatewayclient calls a gateway's own API, as the business does: with one of the account's
// API tokens.
package gatewayclient

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// version is the version of the Graph API in the paths; a gateway serves every one alike.
const version = "v26.0"

const (
	// timeout bounds a call, and maxAnswer its answer, in bytes.
	timeout   = 30 * time.Second
	maxAnswer = 4 << 20
)

// Client calls a gateway at its base URL.
type Client struct {
	Base  string
	Token string
}

// RefusedError is a gateway's answer that is no success.
type RefusedError struct {
	// Status is that of HTTP, Code the Graph API's.
	Status, Code int
	// Reason says why, for people.
	Reason string
}

// Error says what the gateway has answered.
func (r *RefusedError) Error() string {
	return fmt.Sprintf("the gateway answered %d: %s", r.Status, r.Reason)
}

// Call sends a request about a channel, which is named by its id at the upstream, and reads the
// answer. A nil body is none.
func (c *Client) Call(ctx context.Context, method, channel, path string, body, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	var content io.Reader = http.NoBody
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	address := strings.TrimSuffix(c.Base, "/") + "/" + version + "/" + url.PathEscape(channel) + "/" + path
	request, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return fmt.Errorf("the gateway's base URL is none: %w", err)
	}
	request.Header.Set("Authorization", "Bearer "+c.Token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the gateway did not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it is read to the end
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("the gateway's answer broke off: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return refusalOf(response.StatusCode, text)
	}
	return json.Unmarshal(text, answer)
}

func refusalOf(status int, text []byte) *RefusedError {
	var refused struct {
		Error struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
			Data    struct {
				Details string `json:"details"`
			} `json:"error_data"`
		} `json:"error"`
	}
	_ = json.Unmarshal(text, &refused) // an answer that is no error object has no details
	return &RefusedError{
		Status: status, Code: refused.Error.Code,
		Reason: cmp.Or(refused.Error.Data.Details, refused.Error.Message, "no reason given"),
	}
}
