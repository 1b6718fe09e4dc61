package story

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// Page is a business's client of the Send API, for one page and its ad account: it knows a base
// URL, a token and the two ids, and nothing of Guichet.
type Page struct {
	BaseURL     string
	Token       string
	ID          string
	AdAccountID string
	HTTP        *http.Client
}

// page is the client of an account's page.
func (b Business) page(account *v1alpha1.BusinessAccount) (Page, error) {
	for _, channel := range account.Spec.Channels {
		if channel.Type == v1alpha1.ChannelMessenger {
			return Page{
				BaseURL: b.BaseURL, Token: b.Token, ID: channel.PageID, AdAccountID: channel.AdAccountID, HTTP: b.HTTP,
			}, nil
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
	return p.post(ctx, p.ID+"/messages", wire, message.ByPerson)
}

// Campaign creates a campaign of marketing messages with a budget for each day, in the currency's
// smallest unit, and returns its id.
func (p Page) Campaign(ctx context.Context, name string, dailyBudget int) (string, error) {
	answer, err := p.post(ctx, "act_"+p.AdAccountID+"/message_campaign", map[string]any{
		"name": name, "page_id": p.ID, "daily_budget": dailyBudget,
	}, false)
	if err == nil && answer.Refused() {
		err = fmt.Errorf("the campaign was refused: %d %s", answer.Code, answer.Message)
	}
	return answer.MessageID, err
}

// Advertise sends a marketing message of a campaign to whoever has subscribed with a token.
func (p Page) Advertise(ctx context.Context, campaign, token, text string) (Answer, error) {
	return p.post(ctx, "act_"+p.AdAccountID+"/messages", map[string]any{
		"message_id": campaign, "messenger_delivery_data": map[string]string{"subscription_token": token},
		"message": map[string]string{"text": text},
	}, false)
}

// post makes a call. The answer's MessageID is whatever the call has made.
func (p Page) post(ctx context.Context, path string, wire map[string]any, byPerson bool) (Answer, error) {
	body, err := json.Marshal(wire)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, p.BaseURL+"/"+apiVersion+"/"+path, bytes.NewReader(body),
	)
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+p.Token)
	request.Header.Set("Content-Type", "application/json")
	if byPerson {
		request.Header.Set("Guichet-Written-By", "person")
	}
	response, err := p.HTTP.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("call the Send API: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Answer{}, fmt.Errorf("read the gateway's answer: %w", err)
	}
	return parsePageAnswer(response.StatusCode, raw)
}

func parsePageAnswer(status int, raw []byte) (Answer, error) {
	var wire struct {
		ID         string `json:"id"`
		MessageID  string `json:"message_id"`
		TrackingID string `json:"marketing_message_tracking_id"`
		Error      struct {
			Code    int    `json:"code"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return Answer{}, fmt.Errorf("the gateway answered %d with something that is not JSON: %w", status, err)
	}
	answer := Answer{
		Status: status, MessageID: cmp.Or(wire.MessageID, wire.TrackingID, wire.ID), Code: wire.Error.Code,
		Message: wire.Error.Message,
	}
	if status == http.StatusOK && answer.MessageID == "" {
		return Answer{}, fmt.Errorf("the gateway answered 200 without an id")
	}
	return answer, nil
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
