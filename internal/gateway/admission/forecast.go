package admission

import (
	"context"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/durable"
	"github.com/guichet-dev/guichet/internal/gateway/policy"
	"github.com/guichet-dev/guichet/internal/gateway/settlement"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store"
)

// Forecast is what accepting a message would mean: it may go out, and for this price.
type Forecast struct {
	Now time.Time
	// Repeats is the id of the message that was accepted with the same idempotency key; empty if
	// none was. Nothing else is set then: it would cost nothing more.
	Repeats string
	// Outcome is what the message costs if it is delivered at once. It is not set for a message to
	// a group, whose price depends on where each member lives.
	Outcome pricing.Outcome
	// Most is what the message would reserve: the most that it can cost however it ends; to a
	// group, for each of its Members.
	Most    pricing.Bound
	Members int
	// WindowCloses is the end of the customer's service window; zero if none is open.
	WindowCloses time.Time
	// FreeIfAnswered is until when the customer may write so that a message that is charged becomes
	// free; zero if that would not make it free.
	FreeIfAnswered time.Time
	// Cheapest is the cheapest of the forms that may go out to the customer now.
	Cheapest Form
}

// Form is a way to write to a customer, and what that costs now.
type Form struct {
	// Asked says that it is the message of the request.
	Asked bool
	// Template and Language name a template; they are empty for a free-form text.
	Template, Language string
	Outcome            pricing.Outcome
}

// Forecast decides on a message as Accept does, in an operation that is undone: nothing is stored,
// reserved, counted or sent. Its error is what Accept would return.
func (a *Admission) Forecast(ctx context.Context, r *Request) (Forecast, error) {
	wanted := newRepeatable(a.keys, r)
	message, refusal := r.recognise()
	if refusal != nil && wanted.key == nil {
		return Forecast{}, refusal
	}
	var f Forecast
	err := a.store.Try(ctx, func(tx *durable.Tx) error {
		f = Forecast{Now: a.store.Now()}
		known, found, err := wanted.find(tx)
		if err != nil {
			return err
		}
		if found {
			f.Repeats = known
			return nil
		}
		if refusal != nil {
			return refusal
		}
		c := candidate{Request: r, message: &message, id: "forecast", now: f.Now, repeatable: wanted}
		d, err := a.decide(tx, &c)
		if err != nil {
			return err
		}
		return f.fill(tx, &c, d)
	}, store.Subject{Channel: r.Channel.ID, Address: r.Outbound.To, Key: wanted.key})
	if err != nil {
		return Forecast{}, err
	}
	return f, nil
}

// fill prices what was decided.
func (f *Forecast) fill(tx *durable.Tx, c *candidate, d *decision) error {
	f.Most = d.grant.Bound
	if window := d.state.WindowAt(f.Now.Unix()); !window.IsEmpty() {
		f.WindowCloses = time.Unix(window.To, 0)
	}
	if d.envelope.Group {
		f.Members = d.envelope.Shares + 1
		return nil
	}
	m := &store.Message{Channel: c.Channel.ID, AcceptedAt: f.Now}
	f.Outcome = settlement.Forecast(tx, c.Tenant, m, &d.envelope, &d.state)
	f.Cheapest = Form{Asked: true, Outcome: f.Outcome}
	if w := c.Outbound.Template; w != nil {
		f.Cheapest.Template, f.Cheapest.Language = w.Name, w.Language
	}
	if f.Outcome.Result == pricing.Free {
		return nil // nothing is cheaper
	}
	if err := f.compare(tx, c, d); err != nil {
		return err
	}
	answered, err := tx.People().Conversation(c.Channel.ID, d.customer) // a copy that may be changed
	if err != nil {
		return err
	}
	rules := c.Tenant.PricesOf(c.Channel.ID).Book.Rules(f.Now.Unix(), c.Tenant.Zone)
	answered.Receive(conversation.Inbound{At: f.Now.Unix(), Events: conversation.Message}, rules)
	if settlement.Forecast(tx, c.Tenant, m, &d.envelope, &answered).Result == pricing.Free {
		f.FreeIfAnswered = f.Now.Add(c.message.TTL)
	}
	return nil
}

// compare looks for a cheaper form: a text, or another template that may go out to the customer.
func (f *Forecast) compare(tx *durable.Tx, c *candidate, d *decision) error {
	if c.Outbound.Subscribed { // it goes out by a subscription, for which there is no other form
		return nil
	}
	forms := []Form{{}}
	for i := range c.Tenant.Templates {
		t := &c.Tenant.Templates[i]
		forms = append(forms, Form{Template: t.Name, Language: t.Language})
	}
	for _, form := range forms {
		message, able := c.inForm(&form)
		if !able {
			continue
		}
		in := d.in
		in.Bound = message.Bound(c.Tenant, f.Now, &d.state)
		var err error
		if in.Rise, err = tx.Figures().Rise(&in.Bound); err != nil {
			return err
		}
		if _, err := policy.Decide(c.Tenant, &message, &in); err != nil {
			continue // it may not go out
		}
		about := d.envelope
		about.Form, about.Category = message.Form, message.Category
		about.Template, about.Language = form.Template, form.Language
		m := &store.Message{Channel: c.Channel.ID, AcceptedAt: f.Now}
		form.Outcome = settlement.Forecast(tx, c.Tenant, m, &about, &d.state)
		if cheaper(&form.Outcome, &f.Cheapest.Outcome) {
			f.Cheapest = form
		}
	}
	return nil
}

// inForm is a message to the same customer in another form, if the channel can send it.
func (c *candidate) inForm(form *Form) (policy.Message, bool) {
	message := *c.message
	message.Form, message.Category = conversation.FreeForm, conversation.None
	if form.Template == "" {
		return message, true
	}
	t := c.Tenant.TemplateOf(c.Channel.ID, form.Template, form.Language)
	if t == nil || c.Channel.Network.CheckTemplate(t.UpstreamStatus) != nil {
		return message, false
	}
	message.Form, message.TTL = conversation.Templated, t.TTL
	var err error
	message.Category, err = c.Channel.Network.Categorize(c.Outbound, t.Billed, t.Compiled.Capped())
	return message, err == nil
}

// cheaper tells whether an outcome costs less than another one. What has no price is never cheaper
// than what has one.
func cheaper(o, than *pricing.Outcome) bool {
	switch {
	case o.Result == pricing.Unpriced:
		return false
	case than.Result == pricing.Unpriced:
		return true
	}
	return amountOf(o).Cmp(amountOf(than)) < 0
}

func amountOf(o *pricing.Outcome) money.Decimal {
	if o.Result == pricing.Charged {
		return o.Charge
	}
	return money.Decimal{}
}
