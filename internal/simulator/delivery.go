package simulator

import (
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// The course of a message. Every function here runs in the schedule's goroutine
// or under mu, which the planners' callers hold.

func (s *Simulator) planDelivery(m *Sent) {
	s.at(m, s.config.Delivery.SentAfter, s.reachServer)
}

func (s *Simulator) planFailure(m *Sent, failure *graph.Error) {
	s.at(m, s.config.Delivery.SentAfter, func(st *state, m *Sent, now time.Time) {
		s.step(st, m, webhook.StatusFailed, now, failure)
	})
}

// at plans a step of a message, counted from its acceptance. A step that a reset
// has overtaken does nothing.
func (s *Simulator) at(m *Sent, after Duration, run func(*state, *Sent, time.Time)) {
	planned := s.state
	s.stage.Schedule.At(m.AcceptedAt.Add(time.Duration(after)), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.state == planned {
			run(planned, m, s.stage.Now())
		}
	})
}

// reachServer is the first tick.
func (s *Simulator) reachServer(st *state, m *Sent, now time.Time) {
	if st.phone(m.To).silent {
		return
	}
	st.customer(st.with(m)).reply(now, time.Duration(s.config.EntryPoint))
	s.step(st, m, webhook.StatusSent, now, nil)
	if m.Type == request.TypeReaction {
		return // a reaction yields nothing but sent
	}
	if m.Group {
		s.at(m, s.config.Delivery.DeliveredAfter, s.reachMembers)
		return
	}
	s.at(m, s.config.Delivery.DeliveredAfter, s.reachPhone)
}

// reachPhone is the second tick, if the phone is on and lets the business in.
func (s *Simulator) reachPhone(st *state, m *Sent, now time.Time) {
	p := st.phone(m.To)
	switch {
	case p.refuses[m.PhoneNumberID]:
		return // Meta tells nobody that a customer has blocked a business
	case p.off:
		p.parked = append(p.parked, func() { s.reachPhone(st, m, s.stage.Now()) })
		return
	}
	s.step(st, m, webhook.StatusDelivered, now, nil)
	if s.config.Delivery.NoRead || p.noReceipts {
		return
	}
	s.at(m, s.config.Delivery.ReadAfter, func(st *state, m *Sent, now time.Time) {
		s.step(st, m, webhook.StatusRead, now, nil)
	})
}

// step records a status of a message and posts it.
func (s *Simulator) step(st *state, m *Sent, status string, now time.Time, failure *graph.Error) {
	s.stepOf(st, m, "", status, now, failure)
}

// stepOf is step for one member of the message's group, if there is one.
func (s *Simulator) stepOf(st *state, m *Sent, member, status string, now time.Time, failure *graph.Error) {
	n := st.numbers[m.PhoneNumberID]
	if n == nil {
		return // the number was taken away meanwhile
	}
	taken := StatusStep{Status: status, At: now}
	if failure != nil {
		taken.Code, taken.Details = failure.Code, failure.Details
	}
	st.Record.Status(m, taken)
	var pricing *Pricing
	switch status {
	case webhook.StatusSent:
		pricing = st.price(s.config.Pricing, n, m, now, false)
	case webhook.StatusDelivered:
		pricing = st.price(s.config.Pricing, n, m, now, true)
		m.Pricing = pricing
		if pricing != nil && pricing.Billable {
			st.Record.Counts.Billable++
		}
	}
	st.Chats.Touch(st.with(m).chat())
	raw := s.statusJSON(st, m, member, status, now, pricing, failure)
	n.post(update{number: n.ID, display: n.display(), field: webhook.FieldMessages, list: "statuses", raw: raw})
}

// statusJSON writes a status as Graph API v24 and later do: the conversation is
// left out except on a free entry point.
func (s *Simulator) statusJSON(
	st *state, m *Sent, member, status string, now time.Time, pricing *Pricing, failure *graph.Error,
) []byte {
	out := make([]byte, 0, 384)
	out = append(out, `{"id":"`...)
	out = append(out, m.ID...)
	out = append(out, `","status":"`...)
	out = append(out, status...)
	out = append(out, `","timestamp":"`...)
	out = strconv.AppendInt(out, now.Unix(), 10)
	out = append(out, `","recipient_id":`...)
	out = appendString(out, m.To)
	if m.Group {
		out = append(out, `,"recipient_type":"group"`...)
	}
	if member != "" {
		out = append(out, `,"recipient_participant_id":`...)
		out = appendString(out, member)
	}
	if m.ClientData {
		out = append(out, `,"biz_opaque_callback_data":`...)
		out = appendString(out, m.CallbackData)
	}
	if pricing != nil && pricing.Type == freeEntryPoint && status == webhook.StatusSent {
		end := st.customer(st.with(m)).entryPoint
		out = append(out, `,"conversation":{"id":"`...)
		out = strconv.AppendInt(out, end.UnixNano(), 16)
		out = append(out, `","expiration_timestamp":"`...)
		out = strconv.AppendInt(out, end.Unix(), 10)
		out = append(out, `","origin":{"type":"`+entryOrigin+`"}}`...)
	}
	if pricing != nil {
		out = append(out, `,"pricing":{"billable":`...)
		out = strconv.AppendBool(out, pricing.Billable)
		out = append(out, `,"pricing_model":"`+perMessage+`","category":"`...)
		out = append(out, pricing.Category...)
		out = append(out, `","type":"`...)
		out = append(out, pricing.Type...)
		out = append(out, `"}`...)
	}
	if failure != nil {
		out = append(out, `,"errors":[`...)
		out = append(out, failureJSON(failure)...)
		out = append(out, ']')
	}
	return append(out, '}')
}

// failureJSON writes an error as webhooks carry it.
func failureJSON(failure *graph.Error) []byte {
	type data struct {
		Details string `json:"details"`
	}
	raw, err := rawjson.Marshal(struct {
		Code    int    `json:"code"`
		Title   string `json:"title"`
		Message string `json:"message"`
		Data    data   `json:"error_data"`
		Href    string `json:"href"`
	}{
		failure.Code, failure.Title(), failure.Title(),
		data{failure.Details},
		"https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
	})
	if err != nil {
		return []byte("{}")
	}
	return raw
}
