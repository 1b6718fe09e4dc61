package pages

import (
	"encoding/json"
	"time"

	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// sent is a message on its way.
type sent struct {
	*stage.Sent
	arrived bool
}

// accept records a message. The caller holds the lock.
func (p *Pages) accept(page *page, to *person, q request, category string, given params, now time.Time) *sent {
	m := &sent{Sent: &stage.Sent{
		ID: p.scene.MessageID("m_"), PhoneNumberID: page.ID, To: to.id, Type: q.message.kind(), Category: category,
		CallbackData: q.message.Metadata, AcceptedAt: now, ClientData: q.message.Metadata != "",
	}}
	if t := q.message.Template; t != nil {
		m.Template, m.Language = t.Name, t.Language.Code
	}
	p.scene.Record.Accept(m.Sent, given.body, "")
	p.scene.Chats.Sent(keyOf(page, to), m.Sent)
	if q.handing != nil {
		p.hand(page, to, q.handing, now)
	}
	p.planEcho(page, to, m, q.message.raw)
	return m
}

// planEcho tells the page's apps of the message, ours by its app id.
func (p *Pages) planEcho(page *page, to *person, m *sent, content json.RawMessage) {
	if p.scene.Knobs.NoEchoes {
		return
	}
	p.stage.Plan(p.scene, m.AcceptedAt.Add(p.settings.SentAfter), func(time.Time) {
		p.tell(page, to, event{
			kind: kindEcho, at: m.AcceptedAt, member: "message",
			value: echo(m.ID, page.AppID, content), fromPage: true,
		})
	})
}

// plan takes a message to its recipient. One that is lost never arrives, and nobody is told.
func (p *Pages) plan(page *page, to *person, m *sent, lost bool) {
	p.at(m, p.settings.SentAfter, func(now time.Time) {
		p.step(page, to, m, stage.StepSent, now)
	})
	if lost {
		return
	}
	to.sent = append(to.sent, m)
	p.at(m, p.settings.DeliveredAfter, func(now time.Time) { p.arrive(page, to, m, now) })
}

// at plans a step of a message, counted from its acceptance.
func (p *Pages) at(m *sent, after time.Duration, step func(now time.Time)) {
	p.stage.Plan(p.scene, m.AcceptedAt.Add(after), step)
}

// arrive brings the person what was sent up to a message, if their device is on.
func (p *Pages) arrive(page *page, to *person, last *sent, now time.Time) {
	if to.off || to.blocks || last.arrived {
		return
	}
	var ids []string
	kept := to.sent[:0:0]
	for _, m := range to.sent {
		if m.AcceptedAt.After(last.AcceptedAt) {
			kept = append(kept, m)
			continue
		}
		m.arrived = true
		ids = append(ids, m.ID)
		p.step(page, to, m, stage.StepDelivered, now)
		if !p.settings.NoRead && !to.noReceipts {
			p.at(m, p.settings.ReadAfter, func(now time.Time) { p.read(page, to, m, now) })
		}
	}
	to.sent = kept
	if to.silent || page.instagram() { // Instagram reports no deliveries
		return
	}
	p.tell(page, to, event{
		kind: kindDelivery, at: now, member: "delivery",
		value: watermark(last.AcceptedAt, ids, p.scene.Knobs.NoMessageIDs),
	})
}

// read reports that the person has seen everything up to a message.
func (p *Pages) read(page *page, to *person, m *sent, now time.Time) {
	p.step(page, to, m, stage.StepRead, now)
	if page.instagram() {
		p.tell(page, to, event{kind: kindSeen, at: now, member: "read", value: object1("mid", m.ID)})
		return
	}
	p.tell(page, to, event{kind: kindRead, at: now, member: "read", value: watermark(m.AcceptedAt, nil, true)})
}
