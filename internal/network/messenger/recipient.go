package messenger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
)

// Kinds of recipients, as a request names them.
const (
	recipientID      = "id"
	recipientComment = "comment_id"
	recipientPost    = "post_id"
	recipientRef     = "user_ref"
	recipientPhone   = "phone_number"
)

// maxID is the greatest length of an id, in characters.
const maxID = 256

// recipient is whom a message goes to: a person, or what a person has written in public.
type recipient struct {
	kind, id string
}

// isPublic tells whether the message is a private reply to a comment or post.
func (r recipient) isPublic() bool { return r.kind == recipientComment || r.kind == recipientPost }

// address is what the customer is looked up by.
func (n Network) address(r recipient) identity.Address {
	switch r.kind {
	case recipientComment, recipientPost:
		return n.commentAddress(r.id)
	case recipientRef:
		return identity.OfScoped("user_ref", r.id)
	case recipientPhone:
		number, _ := identity.ParsePhone(r.id)
		return number
	}
	return n.personAddress(r.id)
}

// personAddress is the address of a person by the id that a page, or an account on Instagram, knows
// the person by. Such ids are ids of the Graph API, of which no two are alike.
func (n Network) personAddress(id string) identity.Address {
	if n.Instagram {
		return identity.OfScoped("igsid", id)
	}
	return identity.OfScoped("psid", id)
}

func (n Network) commentAddress(id string) identity.Address {
	if n.Instagram {
		return identity.OfScoped("ig_comment", id)
	}
	return identity.OfScoped("comment", id)
}

// country is that of a phone number; nothing else tells one.
func (r recipient) country() market.Country {
	if r.kind != recipientPhone {
		return 0
	}
	number, _ := identity.ParsePhone(r.id)
	country, _ := market.CountryOf(string(number)) // unknown is a country too
	return country
}

// readRecipient reads whom a message goes to.
func (n Network) readRecipient(f clientbody.Field) (recipient, error) {
	object, err := f.Object()
	if err != nil {
		return recipient{}, err
	}
	kinds := []string{recipientID, recipientComment, recipientPost, recipientRef, recipientPhone}
	if n.Instagram {
		kinds = []string{recipientID, recipientComment}
	}
	var r recipient
	for name := range object.All() {
		switch {
		case name == "notification_messages_token", name == "one_time_notif_token":
			return r, object.Fail("has a token of an opt-in, to which this path sends nothing. " +
				"Marketing messages are sent to /act_{ad-account-id}/messages")
		case !slices.Contains(kinds, name):
			return r, object.Fail("must hold " + clientbody.Alternatives(kinds) + " and nothing else")
		case r.kind != "":
			return r, object.Fail("must name one recipient only")
		}
		r.kind = name
	}
	if r.kind == "" {
		return r, object.Fail("must hold " + clientbody.Alternatives(kinds))
	}
	field := object.At(r.kind)
	if r.kind != recipientPhone {
		r.id, err = field.ID(maxID)
		return r, err
	}
	if r.id, err = field.Text(1, maxID); err != nil {
		return r, err
	}
	if _, ok := identity.ParsePhone(r.id); !ok {
		return r, field.Fail("must be a phone number of 7 to 15 digits with its country code")
	}
	return r, nil
}

// ParseAddress implements network.Sender: the id by which the channel knows a person.
func (n Network) ParseAddress(text string) (identity.Address, error) {
	if text == "" || len(text) > maxID || !isID(text) {
		return "", errNoAddress
	}
	return n.personAddress(text), nil
}

var errNoAddress = errors.New("must be the id by which the page or account knows the person, in digits")

func isID(text string) bool {
	return !slices.ContainsFunc([]byte(text), func(c byte) bool { return c < '0' || c > '9' })
}

// String hides the id.
func (r recipient) String() string { return fmt.Sprintf("recipient{%s}", r.kind) }
