package admission

import (
	"errors"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/template"
)

// recognise judges a request by the configuration alone.
func (r *Request) recognise() (policy.Message, error) {
	m, err := recognise(r.Tenant, r.Channel, r.Outbound)
	if err == nil && m.Form == conversation.HumanAgent {
		err = policy.HumanAgent(r.Tenant, r.ByPerson)
	}
	return m, err
}

// recognise judges a message by the configuration alone. Its refusals are those of templates and of
// recipients.
func recognise(t *served.Tenant, c *served.Channel, out *network.Outbound) (policy.Message, error) {
	m := policy.Message{
		Channel: c.ID, Country: out.Country, Form: out.Form, Category: out.Category, TTL: out.TTL, Group: out.Group,
	}
	if out.Unservable != nil {
		return m, out.Unservable
	}
	capped := false
	if out.Template != nil {
		known, err := findTemplate(t, c, out.Template)
		if err != nil {
			return m, err
		}
		m.Form, m.Category, m.TTL = conversation.Templated, known.Billed, known.TTL
		capped = known.Compiled.Capped()
	}
	var err error
	m.Category, err = c.Network.Categorize(out, m.Category, capped)
	return m, err
}

// findTemplate finds the template of a message, if it may be sent and the parameters fit.
func findTemplate(t *served.Tenant, c *served.Channel, wanted *template.Send) (*served.Template, error) {
	known := t.TemplateOf(c.ID, wanted.Name, wanted.Language)
	if known == nil {
		return nil, &network.Refusal{Reason: network.NoTemplate}
	}
	if refusal := c.Network.CheckTemplate(known.UpstreamStatus); refusal != nil {
		return nil, refusal
	}
	err := known.Compiled.Match(wanted.Components)
	if mismatch, ok := errors.AsType[*template.Mismatch](err); ok {
		return nil, &network.Refusal{Reason: network.TemplateMismatch, Mismatch: mismatch}
	}
	return known, err
}
