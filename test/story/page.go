package story

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// Page is a business's client of the Send API, for one page: it knows a base URL, a token and the
// page's id, and nothing of Guichet.
type Page struct {
	BaseURL string
	Token   string
	ID      string
	HTTP    *http.Client
}

// page is the client of an account's page.
func (b Business) page(account *v1alpha1.BusinessAccount) (Page, error) {
	for _, channel := range account.Spec.Channels {
		if channel.Type == v1alpha1.ChannelMessenger {
			return Page{BaseURL: b.BaseURL, Token: b.Token, ID: channel.PageID, HTTP: b.HTTP}, nil
		}
	}
	return Page{}, fmt.Errorf("account %q has no page", account.Name)
}

// Message is a call of the Send API. ByPerson says that a person of the business wrote it.
type Message struct {
	To       string
	Type     string
	Tag      string
	Content  map[string]any
	ByPerson bool
}

// Send sends a message from the page.
func (p Page) Send(ctx context.Context, message Message) (Answer, error) {
	wire := map[string]any{
		"recipient": map[string]string{"id": message.To}, "messaging_type": message.Type, "message": message.Content,
	}
	if message.Tag != "" {
		wire["tag"] = message.Tag
	}
	body, err := json.Marshal(wire)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, p.BaseURL+"/"+apiVersion+"/"+p.ID+"/messages", bytes.NewReader(body),
	)
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+p.Token)
	request.Header.Set("Content-Type", "application/json")
	if message.ByPerson {
		request.Header.Set("Guichet-Written-By", "person")
	}
	response, err := p.HTTP.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("send a message: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Answer{}, fmt.Errorf("read the gateway's answer: %w", err)
	}
	var answer struct {
		MessageID string `json:"message_id"`
		Error     struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return Answer{}, fmt.Errorf(
			"the gateway answered %d with something that is not JSON: %w", response.StatusCode, err,
		)
	}
	return Answer{
		Status: response.StatusCode, MessageID: answer.MessageID, Code: answer.Error.Code,
		Message: answer.Error.Message,
	}, nil
}

// Act has somebody act on a page, and returns when the business's gateway has been told.
func (p Phones) Act(ctx context.Context, person string, act pages.Act) error {
	body, err := json.Marshal(act)
	if err != nil {
		return err
	}
	if err := p.do(ctx, http.MethodPost, "/control/people/"+url.PathEscape(person), body, nil); err != nil {
		return err
	}
	return p.do(ctx, http.MethodGet, "/control/idle?timeout="+idleTimeout, nil, nil)
}
