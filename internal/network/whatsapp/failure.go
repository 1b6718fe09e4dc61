package whatsapp

import (
	"fmt"
	"strconv"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// errorCodes is the page that Meta's errors in webhooks lead to.
const errorCodes = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"

// FailedCallback implements network.Receiver: it writes the status "failed" as Meta does. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/reference/messages/status
func (Network) FailedCallback(f network.Failure) ([]byte, error) {
	type errorData struct {
		Details string `json:"details"`
	}
	type statusError struct {
		Code      int       `json:"code"`
		Title     string    `json:"title"`
		Message   string    `json:"message"`
		ErrorData errorData `json:"error_data"`
		Reference string    `json:"href"`
	}
	type status struct {
		ID           string        `json:"id"`
		Status       string        `json:"status"`
		Timestamp    string        `json:"timestamp"`
		RecipientID  string        `json:"recipient_id"`
		CallbackData *string       `json:"biz_opaque_callback_data,omitempty"`
		Errors       []statusError `json:"errors"`
	}
	type metadata struct {
		PhoneNumberID string `json:"phone_number_id"`
	}
	cause, ok := graph.AsError(f.Cause)
	if !ok {
		return nil, fmt.Errorf("a failure's cause is %T, none of the Graph API", f.Cause)
	}
	value, err := rawjson.Marshal(struct {
		Product  string   `json:"messaging_product"`
		Metadata metadata `json:"metadata"`
		Statuses []status `json:"statuses"`
	}{
		Product:  request.Product,
		Metadata: metadata{f.Channel},
		Statuses: []status{{
			ID: f.ID, Status: webhook.StatusFailed, Timestamp: strconv.FormatInt(f.At.Unix(), 10),
			RecipientID: f.Recipient, CallbackData: f.CallbackData,
			Errors: []statusError{{cause.Code, cause.Title(), cause.Title(), errorData{cause.Details}, errorCodes}},
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("encode a failed status: %w", err)
	}
	change := webhook.Change{
		Object: webhook.Object, EntryID: f.Account, EntryTime: f.At, Field: webhook.FieldMessages, Value: value,
	}
	return change.Callback(), nil
}
