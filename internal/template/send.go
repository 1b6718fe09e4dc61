package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// The bounds of a message's parameters.
const (
	// MaxName is the greatest length of a template's name, in characters.
	MaxName = 512

	maxSendComponents = 32
	maxSendParameters = 256
	maxSendValue      = maxLoneBody
)

// Send is the template object of a message.
type Send struct {
	Name       string          `json:"name"`
	Language   string          `json:"language"`
	Components []SendComponent `json:"components,omitempty"`
}

// SendComponent fills one component of the template.
type SendComponent struct {
	// Type is header, body, footer, button, carousel or another lower-case name.
	Type string `json:"type"`
	// SubType is quick_reply, url, copy_code, flow or catalog on buttons.
	SubType string `json:"sub_type,omitempty"`
	// Index is the button's place, from 0.
	Index      *Index      `json:"index,omitempty"`
	Parameters []Parameter `json:"parameters,omitempty"`
	// Cards fill the cards of a carousel.
	Cards []SendCard `json:"cards,omitempty"`
}

// SendCard fills one card of a carousel.
type SendCard struct {
	// Index is the card's place, from 0.
	Index      *Index          `json:"card_index,omitempty"`
	Components []SendComponent `json:"components,omitempty"`
}

// Index is a number that is written as a number or as a string.
type Index int

// UnmarshalJSON reads 0 or "0".
func (i *Index) UnmarshalJSON(raw []byte) error {
	text := string(raw)
	if unquoted, err := strconv.Unquote(text); err == nil {
		text = unquoted
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return errors.New("index must be a whole number from 0")
	}
	*i = Index(n)
	return nil
}

// Parameter is one value of a component.
type Parameter struct {
	// Type is text, currency, date_time, image, video, gif, document, location, product, payload,
	// coupon_code, action, limited_time_offer or another lower-case name.
	Type string `json:"type"`
	// ParameterName names the variable of a template with named parameters.
	ParameterName string `json:"parameter_name,omitempty"`
	Text          string `json:"text,omitempty"`
	Payload       string `json:"payload,omitempty"`
	CouponCode    string `json:"coupon_code,omitempty"`
	// Currency and DateTime carry the text to show in fallback_value.
	Currency *Fallback `json:"currency,omitempty"`
	DateTime *Fallback `json:"date_time,omitempty"`
	// The objects of media, products, buttons and offers are passed through.
	Image    json.RawMessage `json:"image,omitempty"`
	Video    json.RawMessage `json:"video,omitempty"`
	GIF      json.RawMessage `json:"gif,omitempty"`
	Document json.RawMessage `json:"document,omitempty"`
	Location json.RawMessage `json:"location,omitempty"`
	Product  json.RawMessage `json:"product,omitempty"`
	Action   json.RawMessage `json:"action,omitempty"`
	Offer    json.RawMessage `json:"limited_time_offer,omitempty"`
}

// Fallback is the part of a currency or date_time value that is shown.
type Fallback struct {
	FallbackValue string `json:"fallback_value"`
}

// Value returns the text that the parameter puts into the message.
func (p Parameter) Value() string {
	switch {
	case p.Type == "currency" && p.Currency != nil:
		return p.Currency.FallbackValue
	case p.Type == "date_time" && p.DateTime != nil:
		return p.DateTime.FallbackValue
	case p.Type == "payload":
		return p.Payload
	case p.Type == "coupon_code":
		return p.CouponCode
	default:
		return p.Text
	}
}

// CheckSend checks the bounds of a message's components before they are matched. The error names
// the place, never a value.
func CheckSend(components []SendComponent) error { return checkSend("components", components) }

func checkSend(path string, components []SendComponent) error {
	if len(components) > maxSendComponents {
		return fmt.Errorf("%s must have at most %d entries", path, maxSendComponents)
	}
	for i := range components {
		if err := components[i].check(fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func (c *SendComponent) check(path string) error {
	if c.Type == "" {
		return fmt.Errorf("%s.type is missing: give header, body or button", path)
	}
	if len(c.Parameters) > maxSendParameters {
		return fmt.Errorf("%s.parameters must have at most %d entries", path, maxSendParameters)
	}
	for i, p := range c.Parameters {
		if p.Type == "" {
			return fmt.Errorf(
				"%s.parameters[%d].type is missing: give text, image, payload or another type", path, i,
			)
		}
		if utf8.RuneCountInString(p.Value()) > maxSendValue {
			return fmt.Errorf("%s.parameters[%d] must have at most %d characters", path, i, maxSendValue)
		}
	}
	if len(c.Cards) > maxCards {
		return fmt.Errorf("%s.cards must have at most %d entries", path, maxCards)
	}
	for i := range c.Cards {
		if err := checkSend(fmt.Sprintf("%s.cards[%d].components", path, i), c.Cards[i].Components); err != nil {
			return err
		}
	}
	return nil
}
