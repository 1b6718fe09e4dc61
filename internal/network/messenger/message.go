package messenger

import (
	"fmt"

	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Limits of messages. Sources, under
// https://developers.facebook.com/documentation/business-messaging/: messenger-platform/reference/send-api
// and messenger-platform/send-messages/quick-replies; instagram-platform for the bytes of a text.
const (
	maxText           = 2000 // characters
	maxInstagramText  = 1000 // bytes
	maxMetadata       = 1000 // characters
	maxQuickReplies   = 13
	maxTitle          = 20   // characters, of a quick reply and of a button
	maxPayload        = 1000 // characters
	maxURL            = 2048 // characters
	maxAttachmentList = 10   // images of one message
)

// readMessage reads the message: exactly one of text, attachment, attachments and template.
func (n Network) readMessage(s *Send, object rawjson.Object) error {
	message, err := clientbody.At(object, memberMessage).Object()
	if err != nil {
		return err
	}
	if err := s.readMetadata(message.At(memberMetadata)); err != nil {
		return err
	}
	kinds, found := []string{"text", "attachment", "attachments", memberTemplate}, ""
	for _, kind := range kinds {
		switch {
		case message.At(kind).Absent():
		case found != "":
			return message.Fail("must hold one of " + found + " and " + kind)
		default:
			found = kind
		}
	}
	if (s.MessagingType == typeUtility) != (found == memberTemplate) {
		if found == memberTemplate {
			return message.At(memberTemplate).Fail(`needs messaging_type "UTILITY"`)
		}
		return message.Fail(`must hold template where messaging_type is "UTILITY"`)
	}
	switch found {
	case "text":
		err = n.readText(s, message.At("text"))
	case "attachment":
		s.Type, err = n.readAttachment(message.At("attachment"))
	case "attachments":
		s.Type, err = n.readAttachments(message.At("attachments"))
	case memberTemplate:
		err = s.readTemplate(message.At(memberTemplate))
	default:
		return message.Fail("must hold " + clientbody.Alternatives(kinds))
	}
	if err != nil {
		return err
	}
	return readQuickReplies(message.At("quick_replies"))
}

func (s *Send) readMetadata(f clientbody.Field) (err error) {
	s.HasMetadata = !f.Absent()
	s.Metadata, err = f.Text(0, maxMetadata)
	return err
}

func (n Network) readText(s *Send, f clientbody.Field) error {
	s.Type = "text"
	text, err := f.Text(1, maxText)
	if err == nil && n.Instagram && len(text) > maxInstagramText {
		return f.Fail(fmt.Sprintf("must have at most %d bytes and has %d", maxInstagramText, len(text)))
	}
	return err
}

// readQuickReplies reads what the person may tap. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages/quick-replies
func readQuickReplies(f clientbody.Field) error {
	replies, err := f.List(0, maxQuickReplies)
	if err != nil {
		return err
	}
	for _, each := range replies {
		reply, err := each.Object()
		if err != nil {
			return err
		}
		kind, err := reply.At("content_type").OneOf("text", "user_phone_number", "user_email")
		if err != nil {
			return err
		}
		least := 0
		if kind == "text" {
			least = 1
		}
		if _, err := reply.At("title").Text(least, maxTitle); err != nil {
			return err
		}
		if _, err := reply.At("payload").Text(least, maxPayload); err != nil {
			return err
		}
		if image := reply.At("image_url"); !image.Absent() {
			if err := image.URL(maxURL); err != nil {
				return err
			}
		}
	}
	return nil
}

// Types of attachments.
const (
	attachmentTemplate = "template"
	attachmentImage    = "image"
)

// attachmentTypes are those that a network takes.
func (n Network) attachmentTypes() []string {
	if n.Instagram {
		return []string{attachmentImage, "video", "audio", "file", attachmentTemplate, "like_heart", "MEDIA_SHARE"}
	}
	return []string{attachmentImage, "video", "audio", "file", attachmentTemplate}
}

// readAttachment reads an attachment by address or id, or a template of the kind that needs no
// approval, and returns its type.
func (n Network) readAttachment(f clientbody.Field) (string, error) {
	attachment, err := f.Object()
	if err != nil {
		return "", err
	}
	kind, err := attachment.At("type").OneOf(n.attachmentTypes()...)
	if err != nil || kind == "like_heart" {
		return kind, err
	}
	payload, err := attachment.At("payload").Object()
	if err != nil {
		return kind, err
	}
	switch kind {
	case attachmentTemplate:
		return n.readPayload(payload)
	case "MEDIA_SHARE":
		_, err = payload.At("id").ID(maxID)
		return kind, err
	}
	return kind, readFile(payload)
}

// readAttachments reads several images.
func (n Network) readAttachments(f clientbody.Field) (string, error) {
	list, err := f.List(1, maxAttachmentList)
	if err != nil {
		return "", err
	}
	for _, each := range list {
		kind, err := n.readAttachment(each)
		if err != nil {
			return "", err
		}
		if kind != attachmentImage {
			return "", each.Fail(`must be of type "image", as all of several attachments`)
		}
	}
	return attachmentImage, nil
}

// readFile reads a file by its address or by the id of an upload.
func readFile(payload clientbody.Object) error {
	address, id := payload.At("url"), payload.At("attachment_id")
	switch {
	case address.Absent() == id.Absent():
		return payload.Fail("must give exactly one of url and attachment_id")
	case id.Absent():
		return address.URL(maxURL)
	}
	_, err := id.ID(maxID)
	return err
}
