package request

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/template"
)

// maxPayload is the greatest length of a quick reply's payload, in characters.
const maxPayload = 128

// readComponents reads the components of a template message. Whether they fit
// the template is for template.Match to tell.
func readComponents(f field) ([]template.SendComponent, error) {
	components, err := readComponentList(f, readCarousel)
	if err != nil {
		return nil, err
	}
	if err := template.CheckSend(components); err != nil {
		return nil, graph.NewError(graph.CodeInvalidValue, "template."+err.Error()+".")
	}
	return components, nil
}

// cardReader reads the cards of a component; cards have none themselves.
type cardReader func(field) ([]template.SendCard, error)

func readComponentList(f field, cards cardReader) ([]template.SendComponent, error) {
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
		components[i], err = readComponent(field{fmt.Sprintf("%s[%d]", f.path, i), raw}, cards)
		if err != nil {
			return nil, err
		}
	}
	return components, nil
}

// readCarousel reads the cards of a carousel, each with components of its own.
func readCarousel(f field) ([]template.SendCard, error) {
	if f.absent() {
		return nil, nil
	}
	elements, err := rawjson.Elements(f.raw)
	if err != nil {
		return nil, invalid(f.path, "must be an array of objects with card_index and components")
	}
	cards := make([]template.SendCard, len(elements))
	for i, raw := range elements {
		card, err := field{fmt.Sprintf("%s[%d]", f.path, i), raw}.object()
		if err != nil {
			return nil, err
		}
		if cards[i].Index, err = readIndex(card.at("card_index")); err != nil {
			return nil, err
		}
		if cards[i].Components, err = readComponentList(card.at("components"), nil); err != nil {
			return nil, err
		}
	}
	return cards, nil
}

func readComponent(f field, cards cardReader) (component template.SendComponent, err error) {
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
	case "limited_time_offer":
	case "carousel":
		if cards != nil {
			component.Cards, err = cards(o.at("cards"))
		}
		return component, err
	default:
		return component, nil
	}
	component.Parameters, err = readParameters(o.at("parameters"))
	if err == nil && strings.EqualFold(component.SubType, subTypeReply) {
		err = checkReplies(o.at("parameters"), component.Parameters)
	}
	return component, err
}

// checkReplies bounds what comes back from a tap on a quick reply, by whichever type it is given.
func checkReplies(f field, parameters []template.Parameter) error {
	for i, p := range parameters {
		if utf8.RuneCountInString(p.Text) > maxPayload {
			return invalid(
				fmt.Sprintf("%s[%d].text", f.path, i), fmt.Sprintf("must have at most %d characters", maxPayload),
			)
		}
	}
	return nil
}

const subTypeReply = "quick_reply"

func readParameters(f field) ([]template.Parameter, error) {
	if f.absent() {
		return nil, nil
	}
	elements, err := rawjson.Elements(f.raw)
	if err != nil {
		return nil, invalid(f.path, "must be an array")
	}
	parameters := make([]template.Parameter, len(elements))
	for i, raw := range elements {
		if parameters[i], err = readParameter(field{fmt.Sprintf("%s[%d]", f.path, i), raw}); err != nil {
			return nil, err
		}
	}
	return parameters, nil
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
	case "gif":
		p.GIF, err = readHeaderObject(o.at(p.Type), object.medium)
	case TypeDocument:
		p.Document, err = readHeaderObject(o.at(p.Type), object.medium)
	case TypeLocation:
		p.Location, err = readHeaderObject(o.at(p.Type), object.place)
	case "product":
		p.Product, err = readHeaderObject(o.at(p.Type), object.product)
	case "action":
		p.Action, err = readHeaderObject(o.at(p.Type), object.buttonAction)
	case "limited_time_offer":
		p.Offer, err = readHeaderObject(o.at(p.Type), object.offer)
	case "ttl_minutes":
		err = o.at(p.Type).number(1, maxCallMinutes)
	}
	return p, err
}

// product checks an object that names a product, or the first of a catalogue.
func (o object) product() error {
	if _, err := o.at("catalog_id").text(0, maxCatalogID); err != nil {
		return err
	}
	_, err := o.at("product_retailer_id").text(1, maxProductID)
	return err
}

// buttonAction checks what a button carries: products, an order, or what only the upstream knows.
func (o object) buttonAction() error {
	if sections := o.at("sections"); !sections.absent() {
		if err := sections.products(); err != nil {
			return err
		}
	}
	if order := o.at("order_details"); !order.absent() {
		return orderParameters(order)
	}
	return nil
}

// offer checks when an offer ends.
func (o object) offer() error {
	ends := o.at("expiration_time_ms")
	if ends.absent() {
		return missing(ends.path, "when the offer ends, in milliseconds since 1970")
	}
	return ends.number(1, math.MaxInt64)
}

// readValue reads a text that is put into the template.
func readValue(f field) (string, error) {
	value, err := f.text(0, MaxBody)
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
