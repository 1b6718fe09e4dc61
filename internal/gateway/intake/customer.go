package intake

import (
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/gateway/keywords"
	"github.com/guichet-dev/guichet/internal/gateway/people"
	"github.com/guichet-dev/guichet/internal/gateway/served"
	"github.com/guichet-dev/guichet/internal/gateway/telemetry"
	"github.com/guichet-dev/guichet/internal/identity"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/store"
)

// takeInbound takes a customer's message: it opens the window that it opens by its own timestamp
// (P4), may stop marketing, and is queued for the business.
func (c *commit) takeInbound(channel *served.Channel, e *network.Inbound) error {
	if e.ID == "" { // it could not be told from its repetition, so it opens nothing
		customer, err := c.customerAt(channel.ID, people.First(e.From))
		if err != nil && !people.IsDamaged(err) {
			return err
		}
		return c.passOn(channel.ID, customer, kindMessage, telemetry.ResultMalformed, e.Raw, e.Callback(nil))
	}
	first, err := c.firstTime(channel.ID, kindMessage, e.ID)
	if err != nil {
		return err
	}
	if !first {
		c.count(kindMessage, telemetry.ResultDuplicate)
		return nil
	}
	customer, state, readable, err := c.customer(
		channel, e.From, e.At, func(who identity.Address) error { return c.rename(e, who) },
	)
	if err != nil {
		return err
	}
	if !readable {
		return c.forget(channel.ID, kindMessage, e.ID)
	}
	if e.Group != "" {
		if err := c.receiveInGroup(channel, e); err != nil {
			return err
		}
	} else if len(e.From) > 0 {
		if err := c.receive(channel, customer, &state, e.Did, e.At, e.Text); err != nil {
			return err
		}
	}
	c.count(kindMessage, telemetry.ResultApplied)
	if !c.Callbacks.Wanted(c.tenant) {
		return nil
	}
	ours, err := c.quoted(channel, e.Quotes)
	if err != nil {
		return err
	}
	return c.tell(channel.ID, customer, e.Callback(ours))
}

// quoted are the ids by which the business knows messages of its own that a customer answers or
// reacts to; "" for one that is not the business's.
func (c *commit) quoted(channel *served.Channel, upstreamIDs []string) ([]string, error) {
	if len(upstreamIDs) == 0 {
		return nil, nil
	}
	ours := make([]string, len(upstreamIDs))
	for i, id := range upstreamIDs {
		m, found, err := c.tx.Messages().ByUpstreamID(id)
		if err != nil {
			return nil, err
		}
		if found && m.Channel == channel.ID {
			ours[i] = m.ID
		}
	}
	return ours, nil
}

// takeCall takes a step of a call.
func (c *commit) takeCall(channel *served.Channel, e *network.Call) error {
	if e.Did == 0 || len(e.From) == 0 {
		c.count(kindCall, telemetry.ResultIgnored)
		return nil
	}
	customer, state, readable, err := c.customer(channel, e.From, e.At, nil)
	if err != nil || !readable {
		return err
	}
	c.count(kindCall, telemetry.ResultApplied)
	return c.receive(channel, customer, &state, e.Did, e.At, "")
}

// takePreference takes a customer's choice about marketing messages.
func (c *commit) takePreference(channel *served.Channel, e *network.Preference) error {
	if e.Choice == network.NoChoice || len(e.From) == 0 {
		c.count(kindPreference, telemetry.ResultIgnored)
		return nil
	}
	at := c.now.Unix()
	if !e.At.IsZero() {
		at = min(e.At.Unix(), at)
	}
	customer, state, readable, err := c.customer(channel, e.From, e.At, nil)
	if err != nil || !readable {
		return err
	}
	state.StopMarketing(e.Choice == network.Stop, at)
	c.count(kindPreference, telemetry.ResultApplied)
	return c.tx.People().PutConversation(channel.ID, customer, &state)
}

// takeTemplateNews keeps the upstream's word on a template, as the operator hears it.
func (c *commit) takeTemplateNews(channel *served.Channel, e *network.TemplateNews) error {
	event := store.TemplateEvent{
		UpstreamID: e.UpstreamID, Name: e.Name, Language: e.Language, Event: e.Event, At: e.At,
	}
	if event.At.IsZero() || event.At.After(c.now) {
		event.At = c.now
	}
	if err := c.tx.Intake().PutTemplateEvent(event); err != nil {
		return err
	}
	return c.passOn(channel.ID, seal.CustomerHash{}, kindTemplate, telemetry.ResultApplied, e.Callback, e.Callback)
}

// takePassed passes on what changes nothing here.
func (c *commit) takePassed(channel *served.Channel, e *network.Passed) error {
	customer, err := c.customerAt(channel.ID, e.About)
	if err != nil && !people.IsDamaged(err) {
		return err
	}
	return c.passOn(channel.ID, customer, kindOther, telemetry.ResultApplied, e.Callback, e.Callback)
}

func (c *commit) customerAt(channel string, address identity.Address) (seal.CustomerHash, error) {
	return people.Customer(c.tx, c.Keys, channel, address)
}

// customer is who does something, and what is remembered of that person; of nobody it is nothing.
// Before that it learns that the addresses are one person's, and what else the event tells of them.
// Where what is remembered cannot be read it is false: what the webhook says of the customer is
// left out, so that it is as new when the upstream tells it again, and what it says of others is
// stored.
func (c *commit) customer(
	channel *served.Channel, list []identity.Address, told time.Time, also func(who identity.Address) error,
) (customer seal.CustomerHash, state conversation.State, readable bool, err error) {
	if len(list) == 0 {
		return customer, state, true, nil
	}
	who := list[0]
	unions, err := people.Adopt(c.tx, c.now, channel.ID, list...)
	c.unite(unions)
	if err == nil {
		who, err = c.learn(list, told)
	}
	if err == nil && also != nil {
		err = also(who)
	}
	if err == nil {
		customer, err = c.customerAt(channel.ID, who)
	}
	if err == nil {
		state, err = c.tx.People().Conversation(channel.ID, customer)
	}
	if people.IsDamaged(err) {
		c.tellUnreadable(telemetry.RowConversation, "channel", channel.Name)
		c.incomplete = errConversation
		return customer, state, false, nil
	}
	return customer, state, err == nil, err
}

// learn records that addresses are one person's, because the upstream says so of an instant, and
// returns the one by which to look the person up; none for none. See store.Tx.Told.
func (c *commit) learn(list []identity.Address, told time.Time) (who identity.Address, err error) {
	who, unions, err := c.tx.People().Told(list, told, c.now)
	c.unite(unions)
	return who, err
}

func (c *commit) unite(unions []store.Union) {
	if len(unions) > 0 {
		c.tx.After(func() { c.Dispatch.United(unions) })
	}
}

// rename learns that a customer is known by other addresses from now on, if that is what the event
// tells: whoever has stopped marketing, or was blocked, would be written to again.
func (c *commit) rename(e *network.Inbound, who identity.Address) error {
	if len(e.Renamed) == 0 {
		return nil
	}
	at := e.At
	if at.IsZero() {
		at = c.now
	}
	var number identity.Address
	var userIDs []identity.Address
	for _, address := range e.Renamed {
		if number == "" && address.Kind() == identity.Phone {
			number = address
		} else {
			userIDs = append(userIDs, address)
		}
	}
	var unions []store.Union
	var err error
	if number == "" || number.Spelling() == who.Spelling() {
		unions, err = c.tx.People().Renamed(who, userIDs, c.now)
	} else {
		unions, err = c.tx.People().Moved(who, number, userIDs, at, c.now)
	}
	c.unite(unions)
	return err
}

// receive changes the conversation by what a customer does, and maybe writes, at an instant. An
// instant in the future counts as now, so that no window reaches beyond what an honest clock
// allows; what has none opens nothing, and a stop that has none counts from now on. Receiving it
// again changes nothing.
func (c *commit) receive(
	channel *served.Channel, customer seal.CustomerHash, state *conversation.State, did conversation.Events,
	when time.Time, words string,
) error {
	wish := c.tenant.Keywords.Wish(words)
	if did == 0 || when.IsZero() && wish != keywords.Stop {
		return nil
	}
	at := c.now.Unix()
	if !when.IsZero() {
		at = min(when.Unix(), at)
		rules := c.tenant.PricesOf(channel.ID).Book.Rules(at, c.tenant.Zone)
		state.Receive(conversation.Inbound{At: at, Events: did}, rules)
	}
	switch wish {
	case keywords.Stop:
		state.StopMarketing(true, at)
	case keywords.Resume:
		state.StopMarketing(false, at)
	}
	return c.tx.People().PutConversation(channel.ID, customer, state)
}
