package request

import (
	"fmt"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/emoji"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/rawjson"
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
		return graph.NewError(
			graph.CodeUnsupportedType, "type must be one of text, template, image, video, audio, document, sticker, "+
				"location, contacts, interactive, reaction, pin.",
		)
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
	case TypeLocation:
		return readLocation
	case TypeInteractive:
		return readInteractive
	case TypeContacts:
		return readContacts
	case TypePin:
		return readPin
	}
	return nil
}

func readText(s *Send, kind string, raw []byte) error {
	content, err := field{kind, raw}.object()
	if err != nil {
		return err
	}
	body, ok := optionalString(content.members, "body")
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
	content, err := field{kind, raw}.object()
	if err != nil {
		return err
	}
	if s.ReplyTo != "" {
		return invalid("context", "cannot accompany a reaction")
	}
	id, err := messageID(content.members, "reaction.message_id")
	if err != nil {
		return err
	}
	if !content.members.Has("emoji") {
		return missing("reaction.emoji", "one emoji, or an empty string to take the reaction back")
	}
	picture, ok := optionalString(content.members, "emoji")
	if !ok || picture != "" && (len(picture) > maxEmoji || !emoji.Single(picture)) {
		return invalid("reaction.emoji", "must be one emoji, or an empty string to take the reaction back")
	}
	s.Reaction = &Reaction{MessageID: id, Emoji: picture}
	return nil
}

// readPin reads what pins a message of a group for some days, or takes that back. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/groups-messaging
func readPin(s *Send, kind string, raw []byte) error {
	const mostDays = 30
	content, err := field{kind, raw}.object()
	if err != nil {
		return err
	}
	if !s.Group {
		return invalid("recipient_type", `must be "group" with type pin`)
	}
	if err := content.at("type").oneOf(pinMessage, unpinMessage); err != nil {
		return err
	}
	if _, err := messageID(content.members, "pin.message_id"); err != nil {
		return err
	}
	days := content.at("expiration_days")
	if operation, _ := rawjson.String(content.members.Get("type")); operation == pinMessage && days.absent() {
		return missing(days.path, "a whole number from 1 to 30")
	}
	return days.number(1, mostDays)
}

// Values of pin.type.
const (
	pinMessage   = "pin"
	unpinMessage = "unpin"
)

func readMedia(_ *Send, kind string, raw []byte) error {
	content, err := field{kind, raw}.object()
	if err != nil {
		return err
	}
	if err := content.medium(); err != nil {
		return err
	}
	caption, ok := optionalString(content.members, "caption")
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

func readLocation(_ *Send, kind string, raw []byte) error {
	content, err := field{kind, raw}.object()
	if err != nil {
		return err
	}
	return content.place()
}

func readContacts(_ *Send, kind string, raw []byte) error {
	elements, err := rawjson.Elements(raw)
	if err != nil || len(elements) == 0 {
		return invalid(kind, "must be an array with at least one contact")
	}
	for i, element := range elements {
		contact, err := field{fmt.Sprintf("%s[%d]", kind, i), element}.object()
		if err != nil {
			return err
		}
		name, err := contact.at("name").object()
		if err != nil {
			return err
		}
		if _, err := name.at("formatted_name").text(1, MaxTextBody); err != nil {
			return err
		}
	}
	return nil
}

func readTemplate(s *Send, kind string, raw []byte) error {
	content, err := field{kind, raw}.object()
	if err != nil {
		return err
	}
	name, ok := optionalString(content.members, "name")
	switch {
	case !ok:
		return invalid("template.name", "must be a string")
	case name == "":
		return missing("template.name", "the name of an approved template")
	case len(name) > template.MaxName:
		return invalid("template.name", fmt.Sprintf("must have at most %d characters", template.MaxName))
	}
	language, err := readLanguage(content.at("language"))
	if err != nil {
		return err
	}
	components, err := readComponents(content.at("components"))
	if err != nil {
		return err
	}
	s.Template = &template.Send{Name: name, Language: language, Components: components}
	return nil
}

func readLanguage(f field) (string, error) {
	if f.absent() {
		return "", missing(f.path, `an object such as {"code":"en_US"}`)
	}
	language, err := f.object()
	if err != nil {
		return "", err
	}
	code, ok := optionalString(language.members, "code")
	switch {
	case !ok || len(code) > 32:
		return "", invalid("template.language.code", "must be a language code such as en_US")
	case code == "":
		return "", missing("template.language.code", "a language code such as en_US")
	}
	return code, nil
}
