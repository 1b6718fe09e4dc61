package graph

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/graph/rawjson"
)

// Values of message_status, which only template messages have.
const (
	StatusAccepted     = "accepted"
	StatusHeldForCheck = "held_for_quality_assessment"
)

// SendResponse is the answer to an accepted message:
// {"messaging_product":"whatsapp","contacts":[…],"messages":[…]}.
type SendResponse struct {
	MessagingProduct string            `json:"messaging_product"`
	Contacts         []ResponseContact `json:"contacts"`
	Messages         []ResponseMessage `json:"messages"`
}

// ResponseContact names the customer as given and as known.
type ResponseContact struct {
	Input        string `json:"input"`
	WAID         string `json:"wa_id,omitempty"`
	UserID       string `json:"user_id,omitempty"`
	ParentUserID string `json:"parent_user_id,omitempty"`
}

// ResponseMessage carries the id of the message, opaque to everybody but Meta.
type ResponseMessage struct {
	ID      string `json:"id"`
	GroupID string `json:"group_id,omitempty"`
	Status  string `json:"message_status,omitempty"`
}

// Accept returns the answer to an accepted message.
func Accept(send *Send, id string) SendResponse {
	contact := ResponseContact{Input: send.Input, UserID: send.BSUID}
	message := ResponseMessage{ID: id}
	if send.Group {
		message.GroupID = send.To
	} else {
		contact.WAID = send.To
	}
	if send.IsTemplate() {
		message.Status = StatusAccepted
	}
	return SendResponse{
		MessagingProduct: messagingProduct,
		Contacts:         []ResponseContact{contact},
		Messages:         []ResponseMessage{message},
	}
}

// Success is the body of the answer to a read receipt.
func Success() json.RawMessage { return json.RawMessage(`{"success":true}`) }

var errNoMessageID = errors.New("the answer holds no message id: the base URL may not be a Graph API")

// ParseSendResponse reads the answer to an accepted message.
func ParseSendResponse(body []byte) (SendResponse, error) {
	if !json.Valid(body) {
		return SendResponse{}, errNoMessageID
	}
	object, err := rawjson.ParseObject(body)
	if err != nil {
		return SendResponse{}, errNoMessageID
	}
	response := SendResponse{MessagingProduct: text(object, "messaging_product")}
	for _, raw := range list(object, "contacts") {
		if contact, err := rawjson.ParseObject(raw); err == nil {
			response.Contacts = append(response.Contacts, ResponseContact{
				Input: text(contact, "input"), WAID: text(contact, "wa_id"),
				UserID: text(contact, "user_id"), ParentUserID: text(contact, "parent_user_id"),
			})
		}
	}
	for _, raw := range list(object, "messages") {
		if message, err := rawjson.ParseObject(raw); err == nil {
			response.Messages = append(response.Messages, ResponseMessage{
				ID: text(message, "id"), GroupID: text(message, "group_id"), Status: text(message, "message_status"),
			})
		}
	}
	if len(response.Messages) == 0 || response.Messages[0].ID == "" {
		return SendResponse{}, errNoMessageID
	}
	return response, nil
}

// PhoneNumber is what GET /{phone-number-id} tells.
type PhoneNumber struct {
	ID                 string      `json:"id"`
	DisplayPhoneNumber string      `json:"display_phone_number,omitempty"`
	VerifiedName       string      `json:"verified_name,omitempty"`
	QualityRating      string      `json:"quality_rating,omitempty"`
	Status             string      `json:"status,omitempty"`
	Throughput         *Throughput `json:"throughput,omitempty"`
}

// Throughput is the level of a number: STANDARD (80 messages a second) or HIGH.
type Throughput struct {
	Level string `json:"level"`
}

// BlockResult is the outcome of blocking or unblocking.
type BlockResult struct {
	// Done are the users of added_users or removed_users.
	Done []BlockedUser
	// Failed are those that could not be blocked, each with its errors.
	Failed []BlockFailure
}

// BlockedUser names a customer as given and as known.
type BlockedUser struct {
	Input string `json:"input"`
	WAID  string `json:"wa_id"`
}

// BlockFailure is a user that could not be blocked. An error of code 131047 means
// that the user has not written within 24 hours.
type BlockFailure struct {
	BlockedUser
	// Errors is the list of errors as it came.
	Errors json.RawMessage `json:"errors,omitempty"`
}

// RetryDelay is the pause before try n+1 (n counts from 0) of a message that
// met an error of the class, without jitter: 1, 2, 4 … seconds for Backoff and
// 1, 4, 16 … for PairBackoff, at most limit.
func RetryDelay(class Class, n int, limit time.Duration) time.Duration {
	doublings := 1
	if class == PairBackoff {
		doublings = 2
	}
	delay := time.Second
	for range n {
		if delay >= limit {
			return limit
		}
		delay <<= doublings
	}
	return min(delay, limit)
}
