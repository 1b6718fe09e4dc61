package whatsapp

import (
	"encoding/json"
	"errors"

	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/rawjson"
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
func Accept(send *request.Send, id string) SendResponse {
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
		MessagingProduct: request.Product,
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
	response := SendResponse{MessagingProduct: object.Text("messaging_product")}
	for _, raw := range object.List("contacts") {
		if contact, err := rawjson.ParseObject(raw); err == nil {
			response.Contacts = append(response.Contacts, ResponseContact{
				Input: contact.Text("input"), WAID: contact.Text("wa_id"),
				UserID: contact.Text("user_id"), ParentUserID: contact.Text("parent_user_id"),
			})
		}
	}
	for _, raw := range object.List("messages") {
		if message, err := rawjson.ParseObject(raw); err == nil {
			response.Messages = append(response.Messages, ResponseMessage{
				ID: message.Text("id"), GroupID: message.Text("group_id"), Status: message.Text("message_status"),
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
