package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/internal/promotion"
)

// Promotional returns the first promotional word of the template, and false if there is none. A
// utility template with one is likely to be approved as marketing, which costs more. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/template-categorization
func Promotional(d Definition) (word string, found bool) {
	for _, t := range texts(d) {
		if words := promotion.Words(t.text, d.Language); len(words) > 0 {
			return words[0], true
		}
	}
	return "", false
}

// Promotion returns everything by which the template reads as promotion: its words, its samples,
// the parameters of its links, and what only promotion has, such as an offer or a product. Each
// finding's message says what it is. Meta writes authentication templates itself: they have none.
func Promotion(d Definition) []Finding {
	if d.Category == CategoryAuthentication {
		return nil
	}
	var found []Finding
	add := func(path, format string, args ...any) {
		finding := Finding{Rule: "promotion", Severity: Warning, Path: path, Message: fmt.Sprintf(format, args...)}
		if !slices.Contains(found, finding) {
			found = append(found, finding)
		}
	}
	for _, t := range append(texts(d), samples(d)...) {
		for _, word := range promotion.Words(t.text, d.Language) {
			add(t.path, "%q", word)
		}
		for _, name := range promotion.Parameters(t.text) {
			add(t.path, "the link's parameter %q", name)
		}
	}
	eachComponent(d, func(path string, c *Component) {
		if c.Type == LimitedTimeOffer {
			add(path+".type", "a limited-time offer")
		}
		if c.Type == Header && c.Format == FormatProduct {
			add(path+".format", "a product")
		}
		for i := range c.Buttons {
			switch c.Buttons[i].Type {
			case ButtonCopyCode:
				add(fmt.Sprintf("%s.buttons[%d].type", path, i), "a coupon")
			case ButtonCatalog, ButtonMPM, ButtonSPM:
				add(fmt.Sprintf("%s.buttons[%d].type", path, i), "a button to products")
			}
		}
	})
	return found
}

// placed is a text and where it stands in the definition.
type placed struct{ path, text string }

// texts returns everything in the template that a customer reads, and where: the texts of its
// components and cards, and what is passed on unread.
func texts(d Definition) []placed {
	var all []placed
	add := func(path, text string) {
		if text != "" {
			all = append(all, placed{path, text})
		}
	}
	eachComponent(d, func(path string, c *Component) {
		add(path+".text", c.Text)
		if c.Offer != nil {
			add(path+".limited_time_offer.text", c.Offer.Text)
		}
		for i := range c.Buttons {
			at := fmt.Sprintf("%s.buttons[%d]", path, i)
			add(at+".text", c.Buttons[i].Text)
			all = append(all, unread(at+".extra", c.Buttons[i].Extra)...)
		}
		all = append(all, unread(path+".extra", c.Extra)...)
	})
	return all
}

// samples returns what the reviewer sees in place of variables, and the links.
func samples(d Definition) []placed {
	var all []placed
	eachComponent(d, func(path string, c *Component) {
		if e := c.Example; e != nil {
			for _, text := range slices.Concat(slices.Concat(e.BodyText...), e.HeaderText) {
				all = append(all, placed{path + ".example", text})
			}
			for _, named := range slices.Concat(e.BodyTextNamedParams, e.HeaderTextNamedParams) {
				all = append(all, placed{path + ".example", named.Example})
			}
		}
		for i := range c.Buttons {
			at := fmt.Sprintf("%s.buttons[%d]", path, i)
			all = append(all, placed{at + ".url", c.Buttons[i].URL})
			all = append(all, stringsIn(at+".flow_json", []byte(c.Buttons[i].FlowJSON))...)
			for _, text := range c.Buttons[i].Example {
				all = append(all, placed{at + ".example", text})
			}
		}
	})
	return append(all, unread("extra", d.Extra)...)
}

// eachComponent visits the components of the template, and those of its cards.
func eachComponent(d Definition, visit func(path string, c *Component)) {
	for i := range d.Components {
		path := fmt.Sprintf("components[%d]", i)
		visit(path, &d.Components[i])
		for j, card := range d.Components[i].Cards {
			for k := range card.Components {
				visit(fmt.Sprintf("%s.cards[%d].components[%d]", path, j, k), &card.Components[k])
			}
		}
	}
}

// unread returns the texts in members that are passed on unread, in the order of their names.
func unread(path string, members map[string]json.RawMessage) []placed {
	if len(members) == 0 {
		return nil
	}
	encoded, err := json.Marshal(members) // in the order of their names
	if err != nil {
		return nil
	}
	return stringsIn(path, encoded)
}

// stringsIn returns the strings of a JSON document, in its order.
func stringsIn(path string, document []byte) []placed {
	var all []placed
	decoder := json.NewDecoder(bytes.NewReader(document))
	for {
		token, err := decoder.Token()
		if err != nil {
			return all
		}
		if text, is := token.(string); is {
			all = append(all, placed{path, text})
		}
	}
}
