package template

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Submission is a definition as POST /{waba-id}/message_templates takes it: its further members
// stand beside the others, and a copy of a library template brings no components.
type Submission Definition

// MarshalJSON writes the body of the request.
func (s Submission) MarshalJSON() ([]byte, error) {
	plain := Definition(s)
	plain.Extra = nil
	if s.LibraryTemplateName != "" {
		plain.Components = nil
	}
	return marshalWith(plain, s.Extra)
}

// ReadSubmission reads the body of POST /{waba-id}/message_templates, or of a change of a template,
// which lacks what stays. What this package does not know becomes a further member.
func ReadSubmission(raw []byte) (Definition, error) {
	var d Definition
	extra, err := unmarshalWith(raw, &d)
	if err != nil {
		return Definition{}, err
	}
	delete(extra, "allow_category_change") // Meta has ignored it since April 2025
	if d.Extra = nil; len(extra) > 0 {
		d.Extra = extra
	}
	d.Category, d.ParameterFormat = strings.ToUpper(d.Category), strings.ToUpper(d.ParameterFormat)
	return d, nil
}

// Edit is a change of a template as POST /{template-id} takes it. It has all components, and of the
// rest what is set. Category is left alone if it is empty.
type Edit struct {
	Category string
	// Definition is what the template shall be.
	Definition Definition
}

// MarshalJSON writes the body of the request.
func (e Edit) MarshalJSON() ([]byte, error) {
	plain := struct {
		Category             string          `json:"category,omitempty"`
		Components           []Component     `json:"components,omitempty"`
		TTLSeconds           *int            `json:"message_send_ttl_seconds,omitempty"`
		LinkTrackingOptedOut *bool           `json:"cta_url_link_tracking_opted_out,omitempty"`
		OptimizationSpec     json.RawMessage `json:"optimization_spec,omitempty"`
	}{
		e.Category, e.Definition.Components, e.Definition.MessageSendTTLSeconds,
		e.Definition.LinkTrackingOptedOut, e.Definition.OptimizationSpec,
	}
	if e.Definition.LibraryTemplateName != "" {
		plain.Components = nil
	}
	return marshalWith(plain, e.Definition.Extra)
}

// plainComponent and plainButton are without the methods below.
type (
	plainComponent Component
	plainButton    Button
)

// MarshalJSON writes the component with its further members.
func (c Component) MarshalJSON() ([]byte, error) { return marshalWith(plainComponent(c), c.Extra) }

// UnmarshalJSON reads a component. What this package does not know of it, or cannot read, becomes a
// further member, so that nothing is lost of what Meta adds. Meta takes and writes the words of
// Type and Format in either case; they are read as capitals.
func (c *Component) UnmarshalJSON(raw []byte) error {
	extra, err := unmarshalWith(raw, (*plainComponent)(c))
	if err != nil {
		return err
	}
	c.Extra = extra
	c.Type, c.Format = strings.ToUpper(c.Type), strings.ToUpper(c.Format)
	return nil
}

// MarshalJSON writes the button with its further members.
func (b Button) MarshalJSON() ([]byte, error) { return marshalWith(plainButton(b), b.Extra) }

// UnmarshalJSON reads a button as a component is read.
func (b *Button) UnmarshalJSON(raw []byte) error {
	extra, err := unmarshalWith(raw, (*plainButton)(b))
	if err != nil {
		return err
	}
	b.Extra = extra
	b.Type, b.OTPType = strings.ToUpper(b.Type), strings.ToUpper(b.OTPType)
	return nil
}

// marshalWith writes a struct and, behind its members, the further ones in the order of their
// names. A further member never replaces one of the struct's.
func marshalWith(plain any, extra map[string]json.RawMessage) ([]byte, error) {
	encoded, err := json.Marshal(plain)
	if err != nil || len(extra) == 0 {
		return encoded, err
	}
	var present map[string]json.RawMessage
	if err := json.Unmarshal(encoded, &present); err != nil {
		return nil, err
	}
	out := bytes.NewBuffer(bytes.TrimSuffix(encoded, []byte{'}'}))
	for _, name := range slices.Sorted(maps.Keys(extra)) {
		if _, there := present[name]; there || len(extra[name]) == 0 {
			continue
		}
		quoted, err := json.Marshal(name)
		if err != nil {
			return nil, err
		}
		if out.Len() > len("{") {
			out.WriteByte(',')
		}
		out.Write(quoted)
		out.WriteByte(':')
		out.Write(extra[name])
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// saidBy are the names of the members that a struct itself may have on the wire. A component's and
// a button's are those that it has: what Meta allows in one of another type is not known.
func saidBy(plain any) map[string]bool {
	names := map[string]bool{}
	_, whole := plain.(Definition)
	value := reflect.ValueOf(plain)
	for i := range value.NumField() {
		name, options, _ := strings.Cut(value.Type().Field(i).Tag.Get("json"), ",")
		if whole || options != "omitempty" || !value.Field(i).IsZero() {
			names[name] = true
		}
	}
	return names
}

// unmarshalWith reads the members of an object into the fields of a struct, one by one, and returns
// those that have no field or do not fit it.
func unmarshalWith(raw []byte, into any) (extra map[string]json.RawMessage, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil {
		return nil, err
	}
	target := reflect.ValueOf(into).Elem()
	target.SetZero()
	for i := range target.NumField() {
		name, _, _ := strings.Cut(target.Type().Field(i).Tag.Get("json"), ",")
		value, there := members[name]
		if !there {
			continue
		}
		field := reflect.New(target.Field(i).Type())
		if json.Unmarshal(value, field.Interface()) == nil {
			target.Field(i).Set(field.Elem())
			delete(members, name)
		}
	}
	if len(members) == 0 {
		return nil, nil
	}
	return members, nil
}
