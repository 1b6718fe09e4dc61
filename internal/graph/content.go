package graph

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/graph/rawjson"
	"github.com/guichet-dev/guichet/internal/template"
)

// readContent reads the type and the object that carries its name.
func (s *Send) readContent(object rawjson.Object) error {
	kind, ok := optionalString(object, "type")
	if !ok {
		return invalid("type", "must be a string")
	}
	if kind == "" {
		kind = TypeText
	}
	read := readerOf(kind)
	if read == nil {
		return NewError(CodeUnsupportedType,
			"type must be one of text, template, image, video, audio, document, sticker, location, contacts, interactive, reaction.")
	}
	s.Type = kind
	raw := object.Get(kind)
	if raw == nil {
		return missing(kind, "the content that belongs to the type")
	}
	return read(s, kind, raw)
}

type contentReader func(s *Send, kind string, raw []byte) error

// readerOf returns what reads the content of a type, or nil.
func readerOf(kind string) contentReader {
	switch kind {
	case TypeText:
		return readText
	case TypeTemplate:
		return readTemplate
	case TypeReaction:
		return readReaction
	case TypeImage, TypeVideo, TypeDocument, TypeAudio, TypeSticker:
		return readMedia
	case TypeLocation, TypeInteractive:
		return readObject
	case TypeContacts:
		return readContacts
	}
	return nil
}

func content(kind string, raw []byte) (rawjson.Object, error) {
	object, err := rawjson.ParseObject(raw)
	if err != nil {
		return rawjson.Object{}, invalid(kind, "must be an object")
	}
	if object.Len() > maxFields {
		return rawjson.Object{}, invalid(kind, fmt.Sprintf("must have at most %d fields", maxFields))
	}
	if _, twice := object.Duplicate(); twice {
		return rawjson.Object{}, NewError(CodeInvalidParameter, "A field stands twice in "+kind+". Keep one of them.")
	}
	return object, nil
}

func readText(s *Send, kind string, raw []byte) error {
	object, err := content(kind, raw)
	if err != nil {
		return err
	}
	body, ok := optionalString(object, "body")
	switch length := utf8.RuneCountInString(body); {
	case !ok:
		return invalid("text.body", "must be a string")
	case length == 0:
		return missing("text.body", "1 to 4096 characters")
	case length > MaxTextBody:
		return invalid("text.body", fmt.Sprintf("must have at most %d characters and has %d", MaxTextBody, length))
	}
	s.Text = &Text{Body: body}
	return nil
}

func readReaction(s *Send, kind string, raw []byte) error {
	object, err := content(kind, raw)
	if err != nil {
		return err
	}
	if s.ReplyTo != "" {
		return invalid("context", "cannot accompany a reaction")
	}
	id, err := messageID(object, "message_id", "reaction.message_id")
	if err != nil {
		return err
	}
	if !object.Has("emoji") {
		return missing("reaction.emoji", "one emoji, or an empty string to take the reaction back")
	}
	emoji, ok := optionalString(object, "emoji")
	if !ok || len(emoji) > 64 {
		return invalid("reaction.emoji", "must be one emoji, or an empty string to take the reaction back")
	}
	s.Reaction = &Reaction{MessageID: id, Emoji: emoji}
	return nil
}

func readMedia(_ *Send, kind string, raw []byte) error {
	object, err := content(kind, raw)
	if err != nil {
		return err
	}
	id, idOK := optionalString(object, "id")
	link, linkOK := optionalString(object, "link")
	if !idOK || !linkOK {
		return invalid(kind, "must give id or link as a string")
	}
	if (id == "") == (link == "") {
		return NewError(CodeInvalidParameter, kind+" must give exactly one of id and link.")
	}
	caption, ok := optionalString(object, "caption")
	switch {
	case !ok:
		return invalid(kind+".caption", "must be a string")
	case caption != "" && (kind == TypeAudio || kind == TypeSticker):
		return invalid(kind+".caption", "is not possible on this type")
	case utf8.RuneCountInString(caption) > MaxCaption:
		return invalid(kind+".caption", fmt.Sprintf("must have at most %d characters", MaxCaption))
	}
	return nil
}

func readObject(_ *Send, kind string, raw []byte) error {
	_, err := content(kind, raw)
	return err
}

func readContacts(_ *Send, kind string, raw []byte) error {
	contacts, err := rawjson.Elements(raw)
	if err != nil || len(contacts) == 0 {
		return invalid(kind, "must be an array with at least one contact")
	}
	return nil
}

func readTemplate(s *Send, kind string, raw []byte) error {
	object, err := content(kind, raw)
	if err != nil {
		return err
	}
	name, ok := optionalString(object, "name")
	switch {
	case !ok:
		return invalid("template.name", "must be a string")
	case name == "":
		return missing("template.name", "the name of an approved template")
	case len(name) > template.MaxName:
		return invalid("template.name", fmt.Sprintf("must have at most %d characters", template.MaxName))
	}
	language, err := readLanguage(object)
	if err != nil {
		return err
	}
	components, err := readComponents(object.Get("components"))
	if err != nil {
		return err
	}
	s.Template = &template.Send{Name: name, Language: language, Components: components}
	return nil
}

func readLanguage(object rawjson.Object) (string, error) {
	raw := object.Get("language")
	if raw == nil {
		return "", missing("template.language", `an object such as {"code":"en_US"}`)
	}
	language, err := content("template.language", raw)
	if err != nil {
		return "", err
	}
	code, ok := optionalString(language, "code")
	switch {
	case !ok || len(code) > 32:
		return "", invalid("template.language.code", "must be a language code such as en_US")
	case code == "":
		return "", missing("template.language.code", "a language code such as en_US")
	}
	return code, nil
}

func readComponents(raw []byte) ([]template.SendComponent, error) {
	if raw == nil {
		return nil, nil
	}
	var components []template.SendComponent
	if err := json.Unmarshal(raw, &components); err != nil {
		return nil, invalid("template.components", "must be an array of objects with type and parameters, as in the template's documentation")
	}
	if err := template.CheckSend(components); err != nil {
		return nil, NewError(CodeInvalidValue, "template."+err.Error()+".")
	}
	return components, nil
}
