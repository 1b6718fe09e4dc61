// Package replay prices recorded traffic: a stream of events, one JSON object a line, in the order
// of time.
//
// It does what a gateway does, without a network and without a store: inbound events open windows,
// sends are permitted or refused, and the first final status of a message settles it. Memory grows
// with the customers and messages of the last two months, not with the length of the stream.
package replay

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// maxAddresses bounds alsoKnownAs.
const maxAddresses = 8

// Type is the type of an event.
type Type uint8

// The types.
const (
	Inbound Type = iota + 1 // the customer did something
	Send                    // the business sent a message
	Status                  // a message was sent on, delivered, read, or failed
)

// Event is one line. Its texts are valid until the next line is read.
type Event struct {
	Time     time.Time
	Type     Type
	ID       []byte // of the message; that of an inbound event is only for people
	Channel  []byte // id of the phone number or page
	Customer []byte // phone number or user id; of a send to a group, one of its recipients, each of whom has a line
	Group    []byte // id of the group; empty without one
	// AlsoKnownAs are further addresses of the customer.
	AlsoKnownAs [][]byte
	Kind        []byte // text, image, …, template, reaction
	Category    []byte // of a template
	Status      []byte // sent, delivered, read, failed
	FromEntry   bool   // an inbound event that came from an advertisement or a page's button
	// Expiry is the end of the free entry point, in Unix seconds, that the upstream stated on a
	// status; 0 without one.
	Expiry int64
	Units  int64 // of a send that has several units; 0 means 1
}

// line is an Event as JSON.
type line struct {
	Time             time.Time  `json:"time"`
	Type             string     `json:"type"`
	ID               string     `json:"id"`
	Channel          string     `json:"channel"`
	Customer         string     `json:"customer"`
	AlsoKnownAs      []string   `json:"alsoKnownAs"`
	Group            string     `json:"group"`
	Kind             string     `json:"kind"`
	Category         string     `json:"category"`
	Status           string     `json:"status"`
	EntryPoint       bool       `json:"entryPoint"`
	EntryPointExpiry *time.Time `json:"entryPointExpiry"`
	Units            int64      `json:"units"`
}

// Parse reads one line. Unknown fields are ignored. Its errors never quote the line.
func Parse(text []byte, e *Event) error {
	if !scan(text, e) {
		if err := decode(text, e); err != nil {
			return err
		}
	}
	return e.check()
}

// decode reads a line with the standard library. It is the reference for scan, and reads the lines
// that scan cannot.
func decode(text []byte, e *Event) error {
	var l line
	decoder := json.NewDecoder(bytes.NewReader(text))
	if err := decoder.Decode(&l); err != nil {
		return describe(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("the line must be one JSON object and nothing more")
	}
	*e = Event{
		Time: l.Time, Type: typeOf(l.Type), ID: []byte(l.ID), Channel: []byte(l.Channel), Customer: []byte(l.Customer),
		Group: []byte(l.Group), Kind: []byte(l.Kind), Category: []byte(l.Category), Status: []byte(l.Status),
		FromEntry: l.EntryPoint, Units: l.Units,
	}
	for _, address := range l.AlsoKnownAs {
		e.AlsoKnownAs = append(e.AlsoKnownAs, []byte(address))
	}
	if l.EntryPointExpiry != nil {
		e.Expiry = l.EntryPointExpiry.Unix()
	}
	return nil
}

// describe says where a line is malformed, without quoting it.
func describe(err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("the line must be a JSON object: it breaks off or goes wrong at byte %d", syntax.Offset)
	case errors.As(err, &kind) && kind.Field == "":
		return errors.New("the line must be a JSON object")
	case errors.As(err, &kind):
		return fmt.Errorf("%q must be a %s", kind.Field, kind.Type)
	default:
		return errors.New("the line must be a JSON object, with times like \"2026-10-05T10:00:00Z\"")
	}
}

func typeOf[text string | []byte](name text) Type {
	switch string(name) {
	case "inbound":
		return Inbound
	case "send":
		return Send
	case "status":
		return Status
	}
	return 0
}

// check returns an error for what the line lacks.
func (e *Event) check() error {
	switch {
	case e.Time.IsZero():
		return errors.New("time must be there, like \"2026-10-05T10:00:00Z\"")
	case e.Type == 0:
		return errors.New("type must be \"inbound\", \"send\" or \"status\"")
	case e.Type != Inbound && len(e.ID) == 0:
		return errors.New("id must be there: it names the message")
	case e.Type != Status && (len(e.Channel) == 0 || len(e.Customer) == 0 && !e.fromGroup()):
		return errors.New("channel and customer must be there")
	case bytes.IndexByte(e.Channel, 0) >= 0 || bytes.IndexByte(e.Customer, 0) >= 0 || bytes.IndexByte(e.Group, 0) >= 0:
		return errors.New("channel, customer and group must not hold a NUL character")
	case e.Type == Send && len(e.Kind) == 0:
		return errors.New("kind must be there, for example \"text\", \"template\" or \"reaction\"")
	case e.Units < 0 || e.Units > maxUnits:
		return fmt.Errorf("units must be from 1 to %d", int64(maxUnits))
	case e.Type == Status && !isStatus(e.Status):
		return errors.New("status must be \"sent\", \"delivered\", \"read\", \"played\" or \"failed\"")
	}
	return e.checkAddresses()
}

// checkAddresses returns an error for further addresses that cannot be used.
func (e *Event) checkAddresses() error {
	switch {
	case len(e.AlsoKnownAs) > maxAddresses:
		return fmt.Errorf("alsoKnownAs must not hold more than %d addresses", maxAddresses)
	case len(e.AlsoKnownAs) > 0 && len(e.Customer) == 0:
		return errors.New("customer must be there with alsoKnownAs")
	case slices.ContainsFunc(e.AlsoKnownAs, func(a []byte) bool { return len(a) == 0 || bytes.IndexByte(a, 0) >= 0 }):
		return errors.New("alsoKnownAs must hold addresses, without a NUL character")
	}
	return nil
}

// fromGroup reports whether the event comes from a group's member. Which member does not matter.
func (e *Event) fromGroup() bool { return e.Type == Inbound && len(e.Group) > 0 }

func isStatus(status []byte) bool {
	switch string(status) {
	case "sent", "delivered", "read", "played", "failed":
		return true
	}
	return false
}
