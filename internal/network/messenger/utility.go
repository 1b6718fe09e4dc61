package messenger

import (
	"encoding/json"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/rawjson"
	"github.com/guichet-dev/guichet/internal/template"
)

// readTemplate reads a utility message, which is made of an approved template. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/utility-messages
func (s *Send) readTemplate(f clientbody.Field) error {
	s.Type = memberTemplate
	object, err := f.Object()
	if err != nil {
		return err
	}
	wanted := &template.Send{}
	if wanted.Name, err = object.At("name").Text(1, template.MaxName); err != nil {
		return err
	}
	if wanted.Language, err = readLanguage(object.At("language")); err != nil {
		return err
	}
	components, err := object.At("components").List(0, maxComponents)
	if err != nil {
		return err
	}
	for _, each := range components {
		read, err := readComponent(each)
		if err != nil {
			return err
		}
		wanted.Components = append(wanted.Components, read...)
	}
	if err := template.CheckSend(wanted.Components); err != nil {
		return f.Fail(strings.TrimPrefix(err.Error(), "components"))
	}
	s.Template = wanted
	return nil
}

const (
	maxComponents = 32
	maxLanguage   = 16
)

// readLanguage reads {"code":"en_US"}, or the code alone.
func readLanguage(f clientbody.Field) (string, error) {
	if _, isText := rawjson.String(f.Raw()); isText {
		return f.Text(1, maxLanguage)
	}
	object, err := f.Object()
	if err != nil {
		return "", err
	}
	return object.At("code").Text(1, maxLanguage)
}

// readComponent reads a component as templates are matched. The parameters of all buttons stand in
// one component here, in the order of the buttons.
func readComponent(f clientbody.Field) ([]template.SendComponent, error) {
	object, err := f.Object()
	if err != nil {
		return nil, err
	}
	kind, err := object.At("type").Text(1, maxID)
	if err != nil {
		return nil, err
	}
	if strings.EqualFold(kind, "buttons") {
		return readButtonParameters(object)
	}
	var component template.SendComponent
	if err := json.Unmarshal(f.Raw(), &component); err != nil {
		return nil, f.Fail("holds a value that its field does not take")
	}
	component.Type = strings.ToLower(kind)
	for i := range component.Parameters {
		component.Parameters[i].Type = strings.ToLower(component.Parameters[i].Type)
	}
	return []template.SendComponent{component}, nil
}

func readButtonParameters(object clientbody.Object) (components []template.SendComponent, err error) {
	parameters, err := object.At("parameters").List(0, maxComponents)
	if err != nil {
		return nil, err
	}
	for i, each := range parameters {
		parameter, err := each.Object()
		if err != nil {
			return nil, err
		}
		kind, err := parameter.At("type").OneOf("POSTBACK", "URL", "postback", "url")
		if err != nil {
			return nil, err
		}
		index := template.Index(i)
		component := template.SendComponent{Type: "button", Index: &index}
		if strings.EqualFold(kind, "URL") {
			address, err := parameter.At("url").Text(1, maxURL)
			if err != nil {
				return nil, err
			}
			component.SubType = "url"
			component.Parameters = []template.Parameter{{Type: "text", Text: address}}
		} else {
			payload, err := parameter.At("payload").Text(1, maxPayload)
			if err != nil {
				return nil, err
			}
			component.SubType = "quick_reply"
			component.Parameters = []template.Parameter{{Type: "payload", Payload: payload}}
		}
		components = append(components, component)
	}
	return components, nil
}
