package request

import (
	"fmt"

	"github.com/guichet-dev/guichet/internal/rawjson"
)

// Names of actions that are the kinds of their messages too.
const (
	actionLink = "cta_url"
	actionFlow = "flow"
)

func passAction(field) error { return nil }

func replyButtons(f field) error {
	action, err := f.object()
	if err != nil {
		return err
	}
	return action.at("buttons").replies("reply")
}

// replies checks buttons of the given kinds, each with the object that its kind is called by.
func (f field) replies(kinds ...string) error {
	buttons, err := f.list(1, maxReplyButtons)
	if err != nil {
		return err
	}
	ids, titles := unique{}, unique{}
	for _, b := range buttons {
		button, err := b.object()
		if err != nil {
			return err
		}
		kind := button.at("type")
		if err := kind.oneOf(kinds...); err != nil {
			return err
		}
		name, _ := rawjson.String(kind.raw)
		reply, err := button.at(name).object()
		if err != nil {
			return err
		}
		if err := ids.add(reply.at("id"), maxReplyID); err != nil {
			return err
		}
		if err := reply.at("title").checkLabel(maxReplyTitle); err != nil {
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
	if err := action.at("button").checkLabel(maxOpenButton); err != nil {
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
	if err := row.at("title").checkLabel(maxRowTitle); err != nil {
		return err
	}
	_, err = row.at("description").text(0, maxRowDescription)
	return err
}

// linkParameters check a button that opens a link.
func linkParameters(f field) error {
	parameters, err := f.object()
	if err != nil {
		return err
	}
	if err := parameters.at("display_text").checkLabel(maxOpenButton); err != nil {
		return err
	}
	link, err := parameters.at("url").text(1, MaxBody)
	if err != nil {
		return err
	}
	return absoluteURL(parameters.path+".url", link)
}

// named checks an action that says by its name what it is, and its parameters.
func named(name string, check func(parameters field) error) func(field) error {
	return func(f field) error {
		action, err := f.object()
		if err != nil {
			return err
		}
		if err := action.at("name").oneOf(name); err != nil {
			return err
		}
		return check(action.at("parameters"))
	}
}

// passParameters leaves parameters to the upstream; there may be none.
func passParameters(f field) error {
	if f.absent() {
		return nil
	}
	_, err := f.object()
	return err
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
