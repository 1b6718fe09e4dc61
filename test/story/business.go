package story

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// Business is a business's Cloud API client: it knows a base URL and a token, and nothing of
// Guichet.
type Business struct {
	BaseURL       string
	Token         string
	PhoneNumberID string
	HTTP          *http.Client
	// IdempotencyKey, if it is set, makes a repeated request the same message.
	IdempotencyKey string
}

const (
	apiVersion     = "v26.0"
	requestTimeout = 10 * time.Second
	maxAnswer      = 1 << 20
)

// Answer is what came back for a message: an id, or an error in Meta's shape.
type Answer struct {
	Status    int
	MessageID string
	Code      int
	Message   string
	Details   string
}

// Refused reports whether the message was refused.
func (a Answer) Refused() bool { return a.Status != http.StatusOK }

// Text sends a free-form message.
func (b Business) Text(ctx context.Context, to, text string) (Answer, error) {
	return b.send(ctx, map[string]any{
		"messaging_product": "whatsapp", "recipient_type": "individual", "to": to,
		"type": "text", "text": map[string]any{"body": text},
	})
}

// Filled is a template with the values of its variables, in order; those of a template with named
// parameters have names.
type Filled struct {
	Name, Language string
	Header, Body   []v1alpha1.TemplateExample
	// Links are the ends of the links of the template's buttons, by the button's index.
	Links map[int]string
}

// FilledWithExamples fills a template with its own examples.
func FilledWithExamples(spec v1alpha1.MessageTemplateSpec) Filled {
	filled := Filled{Name: spec.Name, Language: spec.Language, Body: spec.Body.Examples, Links: map[int]string{}}
	for i, button := range spec.Buttons {
		if button.Type == v1alpha1.ButtonURL && button.Example != "" {
			fixed, _, _ := strings.Cut(button.URL, "{{")
			filled.Links[i] = strings.TrimPrefix(button.Example, fixed)
		}
	}
	if spec.Header != nil {
		filled.Header = spec.Header.Examples
	}
	return filled
}

// Template sends a template.
func (b Business) Template(ctx context.Context, to string, filled Filled) (Answer, error) {
	components := []map[string]any{}
	for _, part := range []struct {
		component string
		values    []v1alpha1.TemplateExample
	}{{"header", filled.Header}, {"body", filled.Body}} {
		if len(part.values) == 0 {
			continue
		}
		parameters := make([]map[string]any, len(part.values))
		for i, value := range part.values {
			parameters[i] = map[string]any{"type": "text", "text": value.Value}
			if value.Name != "" {
				parameters[i]["parameter_name"] = value.Name
			}
		}
		components = append(components, map[string]any{"type": part.component, "parameters": parameters})
	}
	for index, link := range filled.Links {
		components = append(components, map[string]any{
			"type": "button", "sub_type": "url", "index": strconv.Itoa(index),
			"parameters": []map[string]any{{"type": "text", "text": link}},
		})
	}
	return b.send(ctx, map[string]any{
		"messaging_product": "whatsapp", "recipient_type": "individual", "to": to,
		"type": "template", "template": map[string]any{
			"name": filled.Name, "language": map[string]any{"code": filled.Language}, "components": components,
		},
	})
}

func (b Business) send(ctx context.Context, message map[string]any) (Answer, error) {
	body, err := json.Marshal(message)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, b.BaseURL+"/"+apiVersion+"/"+b.PhoneNumberID+"/messages", bytes.NewReader(body),
	)
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Authorization", "Bearer "+b.Token)
	request.Header.Set("Content-Type", "application/json")
	if b.IdempotencyKey != "" {
		request.Header.Set("Idempotency-Key", b.IdempotencyKey)
	}
	response, err := b.HTTP.Do(request)
	if err != nil {
		return Answer{}, fmt.Errorf("send a message: %w", err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return Answer{}, fmt.Errorf("read the gateway's answer: %w", err)
	}
	return parseAnswer(response.StatusCode, raw)
}

func parseAnswer(status int, raw []byte) (Answer, error) {
	var wire struct {
		Messages []struct {
			ID string `json:"id"`
		} `json:"messages"`
		Error struct {
			Code      int    `json:"code"`
			Message   string `json:"message"`
			ErrorData struct {
				Details string `json:"details"`
			} `json:"error_data"`
		} `json:"error"`
	}
	if err := json.Unmarshal(raw, &wire); err != nil {
		return Answer{}, fmt.Errorf("the gateway answered %d with something that is not JSON: %w", status, err)
	}
	answer := Answer{
		Status: status, Code: wire.Error.Code, Message: wire.Error.Message, Details: wire.Error.ErrorData.Details,
	}
	if len(wire.Messages) > 0 {
		answer.MessageID = wire.Messages[0].ID
	}
	if status == http.StatusOK && answer.MessageID == "" {
		return Answer{}, fmt.Errorf("the gateway answered 200 without a message id")
	}
	return answer, nil
}
