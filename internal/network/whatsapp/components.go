package whatsapp

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/template"
)

// maxPayload is the greatest length of a quick reply's payload, in characters.
const maxPayload = 128

// readComponents reads the components of a template message. Whether they fit
// the template is for template.Match to tell.
func readComponents(f field) ([]template.SendComponent, error) {
	if f.absent() {
		return nil, nil
	}
	elements, err := rawjson.Elements(f.raw)
	if err != nil {
		return nil, invalid(f.path,
			"must be an array of objects with type and parameters, as in the template's documentation")
	}
	components := make([]template.SendComponent, len(elements))
	for i, raw := range elements {
		if components[i], err = readComponent(field{fmt.Sprintf("%s[%d]", f.path, i), raw}); err != nil {
			return nil, err
		}
	}
	if err := template.CheckSend(components); err != nil {
		return nil, graph.NewError(graph.CodeInvalidValue, "template."+err.Error()+".")
	}
	return components, nil
}

func readComponent(f field) (component template.SendComponent, err error) {
	o, err := f.object()
	if err != nil {
		return component, err
	}
	if component.Type, err = o.at("type").text(0, maxInteractiveType); err != nil {
		return component, err
	}
	switch strings.ToLower(component.Type) {
	case "button":
		if component.SubType, err = readSubType(o.at("sub_type")); err != nil {
			return component, err
		}
		if component.Index, err = readIndex(o.at("index")); err != nil {
			return component, err
		}
	case "header", "body", "footer": // they have neither sub_type nor index, and the upstream passes those over
	default:
		return component, nil
	}
	parameters := o.at("parameters")
	if parameters.absent() {
		return component, nil
	}
	elements, err := rawjson.Elements(parameters.raw)
	if err != nil {
		return component, invalid(parameters.path, "must be an array")
	}
	for i, raw := range elements {
		p, err := readParameter(field{fmt.Sprintf("%s[%d]", parameters.path, i), raw})
		if err != nil {
			return component, err
		}
		component.Parameters = append(component.Parameters, p)
	}
	return component, nil
}

// subTypes are the types of buttons that the Cloud API takes, as it lists them in its refusal of
// any other one.
var subTypes = strings.Fields(
	"booking_confirmation catalog copy_code flow mpm order_details quick_reply reminder url voice_call",
)

// readSubType reads the type of a button, in small or capital letters; "" where it is absent, for
// template.Match to tell.
func readSubType(f field) (string, error) {
	name, err := f.text(0, maxInteractiveType)
	if err == nil && name != "" && !slices.Contains(subTypes, strings.ToLower(name)) {
		return "", graph.NewError(
			graph.CodeInvalidParameter, f.path+" must be one of "+strings.Join(subTypes, ", ")+".",
		)
	}
	return name, err
}

// readIndex reads a button's place; nil if it is absent.
func readIndex(f field) (*template.Index, error) {
	if f.absent() {
		return nil, nil
	}
	var index template.Index
	if err := json.Unmarshal(f.raw, &index); err != nil {
		return nil, invalid(f.path, "must be a whole number from 0")
	}
	return &index, nil
}

func readParameter(f field) (p template.Parameter, err error) {
	o, err := f.object()
	if err != nil {
		return p, err
	}
	if p.Type, err = o.at("type").text(0, maxInteractiveType); err != nil {
		return p, err
	}
	if p.ParameterName, err = o.at("parameter_name").text(0, template.MaxName); err != nil {
		return p, err
	}
	switch p.Type {
	case "text":
		if o.at("text").absent() {
			return p, graph.NewError(
				graph.CodeInvalidParameter, o.at("text").path+" is missing: a parameter of type text needs it.",
			)
		}
		p.Text, err = readValue(o.at("text"))
	case "coupon_code":
		p.CouponCode, err = readValue(o.at("coupon_code"))
	case "payload":
		p.Payload, err = o.at("payload").text(0, maxPayload)
	case "currency":
		p.Currency, err = readFallback(o.at("currency"))
	case "date_time":
		p.DateTime, err = readFallback(o.at("date_time"))
	case TypeImage:
		p.Image, err = readHeaderObject(o.at(p.Type), object.medium)
	case TypeVideo:
		p.Video, err = readHeaderObject(o.at(p.Type), object.medium)
	case TypeDocument:
		p.Document, err = readHeaderObject(o.at(p.Type), object.medium)
	case TypeLocation:
		p.Location, err = readHeaderObject(o.at(p.Type), object.place)
	case "action":
		p.Action = o.at(p.Type).raw
	}
	return p, err
}

// readValue reads a text that is put into the template.
func readValue(f field) (string, error) {
	value, err := f.text(0, MaxSendBody)
	if err == nil && (strings.ContainsAny(value, "\n\r\t") || strings.Contains(value, "     ")) {
		return "", graph.NewError(
			graph.CodeTemplateBadParameters, f.path+" has a newline, a tab or more than four spaces in a row. "+
				"Write the value in one line with single spaces.",
		)
	}
	return value, err
}

// readFallback reads what is shown of a currency or a time; it may be left to
// the upstream, which formats the rest.
func readFallback(f field) (*template.Fallback, error) {
	o, err := f.object()
	if err != nil {
		return nil, err
	}
	value, err := readValue(o.at("fallback_value"))
	return &template.Fallback{FallbackValue: value}, err
}

func readHeaderObject(f field, check func(object) error) (json.RawMessage, error) {
	if f.absent() {
		return nil, nil // the template tells what is missing
	}
	o, err := f.object()
	if err != nil {
		return nil, err
	}
	return f.raw, check(o)
}
