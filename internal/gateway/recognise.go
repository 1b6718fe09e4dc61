package gateway

import (
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/template"
)

// outgoing is a send as far as it can be judged without the store: what it is, to whom, and how
// long it lives.
type outgoing struct {
	send    *whatsapp.Send
	address identity.Address // what the customer is looked up by
	country market.Country
	form    conversation.Form
	// category is that of a template or of a direct send.
	category conversation.Category
	// ttl is how long the message may take to be delivered.
	ttl time.Duration
}

// recognise judges a send by the configuration alone. Its refusals are those of templates and of
// recipients.
func recognise(t *served.Tenant, send *whatsapp.Send) (outgoing, error) {
	if send.Group {
		return outgoing{}, graph.NewError(
			graph.CodeInvalidValue, `recipient_type "group" is not served: send to each customer.`,
		)
	}
	out := outgoing{send: send, address: identity.Address(recipientOf(send)), ttl: served.DefaultTTL}
	country, err := market.CountryOf(recipientOf(send))
	if err != nil {
		return outgoing{}, graph.NewError(
			graph.CodeInvalidValue, "to must begin with a country code, and recipient with a country code and a dot.",
		)
	}
	out.country = country
	switch {
	case send.IsTemplate():
		if err := recogniseTemplate(t, &out); err != nil {
			return out, err
		}
	case send.DirectCategory != "":
		out.form = conversation.Direct
		out.category, err = conversation.ParseCategory(send.DirectCategory)
		if err != nil {
			return outgoing{}, graph.NewError(
				graph.CodeInvalidParameter, "category is not known. Leave it out or give utility or authentication.",
			)
		}
		if out.category == conversation.Authentication {
			out.ttl = served.AuthenticationTTL
		}
	case send.Type == whatsapp.TypeReaction:
		out.form = conversation.Reaction
	default:
		out.form = conversation.FreeForm
	}
	if out.category == conversation.Authentication && send.To == "" {
		return out, graph.NewError(graph.CodeUserIDNotSupported,
			"An authentication message needs the customer's phone number in to: it is not sent to a user id.")
	}
	return out, nil
}

// recipientOf is the recipient as the market table reads it.
func recipientOf(send *whatsapp.Send) string {
	if send.To != "" {
		return send.To
	}
	return send.BSUID
}

// Words of the upstream on a template. Only an approved one may be sent. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
const (
	templateApproved   = "APPROVED"
	templateReinstated = "REINSTATED"
	templatePaused     = "PAUSED"
	templateDisabled   = "DISABLED"
)

func recogniseTemplate(t *served.Tenant, out *outgoing) error {
	wanted := out.send.Template
	known := t.Template(wanted.Name, wanted.Language)
	if known == nil {
		return whatsapp.TemplateNotFound()
	}
	switch known.UpstreamStatus {
	case templateApproved, templateReinstated:
	case templatePaused:
		return whatsapp.TemplatePaused()
	case templateDisabled:
		return whatsapp.TemplateDisabled()
	default:
		return whatsapp.TemplateNotFound()
	}
	if err := known.Compiled.Match(wanted.Components); err != nil {
		return mismatch(err)
	}
	out.form, out.category, out.ttl = conversation.Templated, known.Billed, known.TTL
	return nil
}

// mismatch is a template.Mismatch as Meta answers it.
func mismatch(err error) error {
	if m, ok := errors.AsType[*template.Mismatch](err); ok {
		return graph.NewError(m.Code, m.Details)
	}
	return err
}
