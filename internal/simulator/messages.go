package simulator

import (
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/request"
	"github.com/guichet-dev/guichet/internal/template"
)

// sendResult is how the simulator answers a send.
type sendResult struct {
	response whatsapp.SendResponse
	refusal  *graph.Error
	// drop closes the connection in place of an answer.
	drop  bool
	delay time.Duration
}

func (s *Simulator) postMessage(w http.ResponseWriter, r *http.Request) {
	s.take(w, r, request.Parse)
}

// postMarketing takes a marketing template, whose delivery Meta optimises.
func (s *Simulator) postMarketing(w http.ResponseWriter, r *http.Request) {
	s.take(w, r, request.ParseMarketing)
}

// take judges a message that parse reads, and answers.
func (s *Simulator) take(
	w http.ResponseWriter, r *http.Request, parse func([]byte) (*request.Send, error),
) {
	numberID := r.PathValue("id")
	if failure := s.authorize(r, numberID); failure != nil {
		s.refuse(w, failure)
		return
	}
	send, failure := readSend(w, r, parse)
	if failure != nil {
		s.refuse(w, failure)
		return
	}
	if send.Read != nil {
		s.markRead(numberID, send.Read.MessageID)
		writeJSON(w, http.StatusOK, whatsapp.Success())
		return
	}
	answer := s.judge(numberID, send)
	if answer.delay > 0 && !s.sleep(r, answer.delay) {
		return
	}
	switch {
	case answer.drop:
		panic(http.ErrAbortHandler) // net/http closes the connection without a word
	case answer.refusal != nil:
		s.refuse(w, answer.refusal)
	default:
		writeJSON(w, http.StatusOK, answer.response)
	}
}

func (s *Simulator) markRead(number, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Chats.Read(number, id)
}

func readSend(
	w http.ResponseWriter, r *http.Request, parse func([]byte) (*request.Send, error),
) (*request.Send, *graph.Error) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, request.MaxBody))
	if err != nil {
		return nil, graph.NewError(graph.CodeInvalidParameter, "The body could not be read, or is larger than 256 KiB.")
	}
	send, err := parse(body)
	if failure, ok := graph.AsError(err); ok {
		return nil, failure
	}
	return send, nil
}

// sleep waits, and returns false if the client has gone.
func (s *Simulator) sleep(r *http.Request, d time.Duration) bool {
	timer := s.stage.Clock.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// judge decides on a message and, if it is accepted, plans its statuses.
func (s *Simulator) judge(numberID string, send *request.Send) sendResult {
	now := s.stage.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state
	n := st.numbers[numberID]
	if n == nil {
		return sendResult{refusal: whatsapp.UnknownPhoneNumberID()}
	}
	result := sendResult{delay: time.Duration(st.Knobs.SendDelay)}
	fault := st.Fault(numberID, send.To)
	if fault != nil && fault.Effect == EffectDropBefore {
		st.Record.Counts.Dropped++
		result.drop = true
		return result
	}
	if fault != nil && fault.Effect == EffectError && !fault.Async {
		result.refusal = graph.NewError(fault.Code, "This error was asked for through the control API.")
		return result
	}
	held, preview, refusal := s.check(n, send, now)
	asyncRefusal := refusal != nil && refusal.Code == graph.CodeReEngagement && st.Knobs.AsyncRefusals
	if refusal != nil && !asyncRefusal {
		result.refusal = refusal
		return result
	}
	m := s.accept(n, send, held, preview, now)
	stopped := isMarketing(m.Category) && st.customer(st.with(m)).stopped
	switch {
	case stopped:
		s.planFailure(m, whatsapp.MarketingStopped())
	case asyncRefusal:
		s.planFailure(m, refusal)
	case fault != nil && fault.Async:
		s.planFailure(m, graph.NewError(fault.Code, "This error was asked for through the control API."))
	default:
		s.planDelivery(m)
	}
	if fault != nil && fault.Effect == EffectDropAfter {
		st.Record.Counts.Dropped++
		result.drop = true
	}
	if fault != nil && fault.Effect == EffectHang {
		result.delay += time.Duration(fault.Delay)
	}
	result.response = whatsapp.Accept(send, m.ID)
	return result
}

// check applies Meta's own rules: rates, blocks, windows and templates.
func (s *Simulator) check(
	n *number, send *request.Send, now time.Time,
) (held *heldTemplate, preview string, refusal *graph.Error) {
	st := s.state
	if send.To == n.display() {
		return nil, "", graph.NewError(
			graph.CodeRecipientIsSender, "The recipient is the business's own number. Give a customer's.",
		)
	}
	c := st.customer(pairOf(st, n.ID, send.Recipient(), send.Group))
	if s.config.EnforceRates {
		if refusal := c.limit(n, now); refusal != nil {
			return nil, "", refusal
		}
	}
	if c.blocked {
		return nil, "", graph.NewError(
			graph.CodeUndeliverable, "This number has blocked the customer. Unblock them first.",
		)
	}
	if refusal := unfit(send); refusal != nil {
		return nil, "", refusal
	}
	if send.IsTemplate() {
		held, preview, refusal := st.checkTemplate(n.account.ID, send.Template, s.config.Record == RecordFull)
		if held != nil && refusal == nil {
			refusal = fitsEndpoint(held, send)
		}
		if held != nil && held.Category == template.CategoryAuthentication && send.To == "" {
			return nil, "", graph.NewError(
				graph.CodeUserIDNotSupported, "An authentication template needs a phone number in to.",
			)
		}
		return held, preview, refusal
	}
	if send.DirectCategory == "" && !c.windowOpen(now) {
		var closed time.Time
		if !c.wrote.IsZero() {
			closed = c.wrote.Add(serviceWindow)
		}
		return nil, "", whatsapp.OutsideWindow(closed)
	}
	return nil, "", nil
}

// fitsEndpoint refuses a template that goes to the other endpoint. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/marketing-messages/pricing
func fitsEndpoint(held *heldTemplate, send *request.Send) *graph.Error {
	switch {
	case send.Group && held.Category == template.CategoryAuthentication:
		return graph.NewError(graph.CodeInvalidParameter, "Templates of category AUTHENTICATION do not go to groups.")
	case send.Optimised && held.Category != template.CategoryMarketing:
		return graph.NewError(graph.CodeNotMarketing, "Only templates of category MARKETING are sent here.")
	case !send.Optimised && held.compiled.Capped():
		return graph.NewError(graph.CodeMaxPrice, "A template with a maximum price goes to /marketing_messages.")
	}
	return nil
}

func (st *state) checkTemplate(
	accountID string, send *template.Send, render bool,
) (*heldTemplate, string, *graph.Error) {
	held := st.find(accountID, send.Name, send.Language)
	if held == nil {
		return nil, "", whatsapp.TemplateNotFound()
	}
	switch held.Status {
	case statusApproved:
	case statusPaused:
		return nil, "", whatsapp.TemplatePaused()
	case statusDisabled:
		return nil, "", whatsapp.TemplateDisabled()
	default:
		return nil, "", whatsapp.TemplateNotFound()
	}
	if !render {
		return held, "", asRefusal(held.compiled.Match(send.Components))
	}
	preview, err := held.compiled.Render(send.Components)
	return held, preview.Body, asRefusal(err)
}

func asRefusal(err error) *graph.Error {
	if mismatch, ok := errors.AsType[*template.Mismatch](err); ok {
		return whatsapp.MismatchError(mismatch)
	}
	return nil
}

// accept records a message. The caller holds mu.
func (s *Simulator) accept(n *number, send *request.Send, held *heldTemplate, preview string, now time.Time) *Sent {
	m := &Sent{
		ID:            s.state.MessageID("wamid."),
		PhoneNumberID: n.ID,
		To:            send.Recipient(),
		Group:         send.Group,
		Type:          send.Type,
		Category:      categoryOf(send, held),
		CallbackData:  send.CallbackData,
		AcceptedAt:    now,
		ClientData:    send.HasCallbackData,
	}
	if held != nil {
		m.Template, m.Language = held.Name, held.Language
	}
	s.state.Record.Accept(m, send.Raw, preview)
	s.state.Chats.Sent(s.state.with(m).chat(), m)
	return m
}
