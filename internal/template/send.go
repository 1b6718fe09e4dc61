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
	// MaxName is the greatest length of a template's name.
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
	// Type is header, body, footer, button or another lower-case name.
	Type string `json:"type"`
	// SubType is quick_reply, url, copy_code, flow or catalog on buttons.
	SubType string `json:"sub_type,omitempty"`
	// Index is the button's place, from 0.
	Index      *Index      `json:"index,omitempty"`
	Parameters []Parameter `json:"parameters,omitempty"`
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
	// Type is text, currency, date_time, image, video, document, location,
	// payload, coupon_code or action.
	Type string `json:"type"`
	// ParameterName names the variable of a template with named parameters.
	ParameterName string `json:"parameter_name,omitempty"`
	Text          string `json:"text,omitempty"`
	Payload       string `json:"payload,omitempty"`
	CouponCode    string `json:"coupon_code,omitempty"`
	// Currency and DateTime carry the text to show in fallback_value.
	Currency *Fallback `json:"currency,omitempty"`
	DateTime *Fallback `json:"date_time,omitempty"`
	// The media and flow objects are passed through.
	Image    json.RawMessage `json:"image,omitempty"`
	Video    json.RawMessage `json:"video,omitempty"`
	Document json.RawMessage `json:"document,omitempty"`
	Location json.RawMessage `json:"location,omitempty"`
	Action   json.RawMessage `json:"action,omitempty"`
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
func CheckSend(components []SendComponent) error {
	if len(components) > maxSendComponents {
		return fmt.Errorf("components must have at most %d entries", maxSendComponents)
	}
	for i, c := range components {
		if c.Type == "" {
			return fmt.Errorf("components[%d].type is missing: give header, body or button", i)
		}
		if len(c.Parameters) > maxSendParameters {
			return fmt.Errorf("components[%d].parameters must have at most %d entries", i, maxSendParameters)
		}
		for j, p := range c.Parameters {
			if p.Type == "" {
				return fmt.Errorf(
					"components[%d].parameters[%d].type is missing: give text, image, payload or another type", i, j,
				)
			}
			if utf8.RuneCountInString(p.Value()) > maxSendValue {
				return fmt.Errorf("components[%d].parameters[%d] must have at most %d characters", i, j, maxSendValue)
			}
		}
	}
	return nil
}
