package whatsapp

import (
	"fmt"
	"slices"
)

// Limits of interactive messages, in characters and entries.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/
// (interactive-reply-buttons-messages, interactive-list-messages, interactive-cta-url-messages).
const (
	maxInteractiveType   = 64
	maxInteractiveBody   = 1024
	maxListBody          = 4096
	maxInteractiveHeader = 60
	maxInteractiveFooter = 60
	maxReplyButtons      = 3
	maxReplyID           = 256
	maxReplyTitle        = 20
	maxOpenButton        = 20
	maxSections          = 10
	maxRows              = 10
	maxSectionTitle      = 24
	maxRowID             = 200
	maxRowTitle          = 24
	maxRowDescription    = 72
)

const headerText = "text"

// readInteractive checks the three kinds whose limits are published. Of others
// it checks only what all have in common; the rest is the upstream's to judge.
func readInteractive(_ *Send, path string, raw []byte) error {
	interactive, err := field{path, raw}.object()
	if err != nil {
		return err
	}
	kind, err := interactive.at("type").text(1, maxInteractiveType)
	if err != nil {
		return err
	}
	action, leastBody, mostBody := passAction, 0, maxInteractiveBody
	var headers []string // nil for any
	switch kind {
	case "button":
		action, leastBody, headers = replyButtons, 1, []string{headerText, TypeImage, TypeVideo, TypeDocument}
	case "list":
		action, leastBody, headers = listAction, 1, []string{headerText}
		mostBody = maxListBody
	case "cta_url":
		action, leastBody, headers = linkAction, 1, []string{headerText, TypeImage, TypeVideo, TypeDocument}
	}
	if err := interactiveHeader(interactive.at("header"), headers); err != nil {
		return err
	}
	if err := interactiveText(interactive.at("body"), leastBody, mostBody); err != nil {
		return err
	}
	if err := interactiveText(interactive.at("footer"), 0, maxInteractiveFooter); err != nil {
		return err
	}
	return action(interactive.at("action"))
}

// interactiveHeader checks a header of one of the kinds, or of any for nil.
func interactiveHeader(f field, kinds []string) error {
	if f.absent() {
		return nil
	}
	header, err := f.object()
	if err != nil {
		return err
	}
	kind, err := header.at("type").text(1, maxInteractiveType)
	switch {
	case err != nil:
		return err
	case kinds != nil && !slices.Contains(kinds, kind):
		return invalid(header.path+".type", "must be "+alternatives(kinds))
	}
	switch kind {
	case headerText:
		_, err = header.at("text").text(1, maxInteractiveHeader)
		return err
	case TypeImage, TypeVideo, TypeDocument:
		medium, err := header.at(kind).object()
		if err != nil {
			return err
		}
		return medium.medium()
	}
	return nil
}

// interactiveText checks {"text":…}, which may be absent if it may be empty; one
// that is there is not empty.
func interactiveText(f field, least, most int) error {
	if f.absent() && least == 0 {
		return nil
	}
	object, err := f.object()
	if err != nil {
		return err
	}
	_, err = object.at("text").text(1, most)
	return err
}

func passAction(field) error { return nil }

func replyButtons(f field) error {
	action, err := f.object()
	if err != nil {
		return err
	}
	buttons, err := action.at("buttons").list(1, maxReplyButtons)
	if err != nil {
		return err
	}
	ids, titles := unique{}, unique{}
	for _, b := range buttons {
		button, err := b.object()
		if err != nil {
			return err
		}
		if err := button.at("type").oneOf("reply"); err != nil {
			return err
		}
		reply, err := button.at("reply").object()
		if err != nil {
			return err
		}
		if err := ids.add(reply.at("id"), maxReplyID); err != nil {
			return err
		}
		if err := titles.add(reply.at("title"), maxReplyTitle); err != nil {
			return err
		}
	}
	return nil
}

func listAction(f field) error {
	action, err := f.object()
	if err != nil {
		return err
	}
	if _, err := action.at("button").text(1, maxOpenButton); err != nil {
		return err
	}
	sections, err := action.at("sections").list(1, maxSections)
	if err != nil {
		return err
	}
	ids, rows := unique{}, 0
	for _, s := range sections {
		section, err := s.object()
		if err != nil {
			return err
		}
		leastTitle := 0
		if len(sections) > 1 {
			leastTitle = 1
		}
		if _, err := section.at("title").text(leastTitle, maxSectionTitle); err != nil {
			return err
		}
		entries, err := section.at("rows").list(1, maxRows)
		if err != nil {
			return err
		}
		if rows += len(entries); rows > maxRows {
			return invalid(action.path+".sections", fmt.Sprintf("must have at most %d rows in all", maxRows))
		}
		for _, entry := range entries {
			if err := listRow(entry, ids); err != nil {
				return err
			}
		}
	}
	return nil
}

func listRow(f field, ids unique) error {
	row, err := f.object()
	if err != nil {
		return err
	}
	if err := ids.add(row.at("id"), maxRowID); err != nil {
		return err
	}
	if _, err := row.at("title").text(1, maxRowTitle); err != nil {
		return err
	}
	_, err = row.at("description").text(0, maxRowDescription)
	return err
}

func linkAction(f field) error {
	action, err := f.object()
	if err != nil {
		return err
	}
	if err := action.at("name").oneOf("cta_url"); err != nil {
		return err
	}
	parameters, err := action.at("parameters").object()
	if err != nil {
		return err
	}
	if _, err := parameters.at("display_text").text(1, maxOpenButton); err != nil {
		return err
	}
	link, err := parameters.at("url").text(1, MaxSendBody)
	if err != nil {
		return err
	}
	return absoluteURL(parameters.path+".url", link)
}

// unique are texts that may stand once.
type unique map[string]bool

func (u unique) add(f field, most int) error {
	value, err := f.text(1, most)
	if err != nil {
		return err
	}
	if u[value] {
		return invalid(f.path, "must differ from those before it")
	}
	u[value] = true
	return nil
}
