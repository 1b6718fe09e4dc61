package rig

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Text returns a free-form message to a customer, in digits.
func Text(to, text string) string {
	return `{"messaging_product":"whatsapp","to":"` + to + `","type":"text","text":{"body":` +
		strconv.Quote(text) + `}}`
}

// Template returns a message by one of the account's templates.
func Template(to, name, parameter string) string {
	return `{"messaging_product":"whatsapp","to":"` + to + `","type":"template","template":{"name":"` + name +
		`","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":` +
		strconv.Quote(parameter) + `}]}]}}`
}

// PageText returns a free-form message of the page to a person, by the id that the page knows them
// by.
func PageText(to, text string) string {
	return `{"recipient":{"id":"` + to + `"},"messaging_type":"RESPONSE","message":{"text":` +
		strconv.Quote(text) + `}}`
}

// Send is a request to a gateway's API, for a number or the page. Key is its idempotency key; empty
// is none.
type Send struct {
	Number, Body, Key string
}

// Answer is the answer to a send.
type Answer struct {
	Status int
	// ID is that of the accepted message; Code is of the error.
	ID   string
	Code int
}

// Post makes the request. An error is that of a connection: whether the message was accepted is
// then unknown.
func (s Send) Post(ctx context.Context, client *http.Client, api string) (Answer, error) {
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, api+"/"+APIVersion+"/"+s.Number+"/messages", strings.NewReader(s.Body),
	)
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+APIKey)
	if s.Key != "" {
		request.Header.Set("Idempotency-Key", s.Key)
	}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Status: response.StatusCode}
	if response.StatusCode != http.StatusOK {
		answer.Code = graph.ParseError(response.StatusCode, response.Header, content).Code
		return answer, nil
	}
	answer.ID, err = idOf(s.Number, content)
	return answer, err
}

// idOf reads the id of an accepted message from the answer.
func idOf(channel string, content []byte) (string, error) {
	if channel == PageID {
		object, err := rawjson.ParseObject(content)
		if err != nil {
			return "", err
		}
		return object.Text("message_id"), nil
	}
	parsed, err := whatsapp.ParseSendResponse(content)
	if err != nil {
		return "", err
	}
	return parsed.Messages[0].ID, nil
}
