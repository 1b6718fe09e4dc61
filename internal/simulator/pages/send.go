package pages

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// request is a call of the Send API as it was read.
type request struct {
	recipient recipient
	// action is the sender action; then there is no message.
	action  string
	kind    string // messaging_type
	tag     string
	persona string
	message message
	handing *threadControl
}

// recipient is whom a message is for: one of its members.
type recipient struct {
	ID        string `json:"id"`
	UserRef   string `json:"user_ref"`
	CommentID string `json:"comment_id"`
	PostID    string `json:"post_id"`
}

// threadControl hands the thread over with a message.
type threadControl struct {
	Type  string          `json:"control_type"`
	AppID json.RawMessage `json:"app_id"`
}

// What a message is sent as, which the record keeps as its category.
const (
	asStandard     = "standard"
	asHumanAgent   = "humanAgent"
	asUtility      = "utility"
	asPrivateReply = "privateReply"
)

// answer is what becomes of a call of the Send API.
type answer struct {
	content map[string]any
	refusal *graph.Error
	// drop closes the connection in place of an answer.
	drop  bool
	delay time.Duration
}

func (p *Pages) postMessage(w http.ResponseWriter, r *http.Request) {
	given, failure := readParams(w, r)
	if failure != nil {
		p.fail(w, failure)
		return
	}
	p.stage.Mu.Lock()
	judge := p.judge
	if strings.HasPrefix(r.PathValue("id"), adAccountPrefix) {
		judge = p.judgeMarketing
	}
	a := judge(r, given)
	p.stage.Mu.Unlock()
	if a.delay > 0 && !sleep(r, a.delay) {
		return
	}
	switch {
	case a.drop:
		panic(http.ErrAbortHandler) // net/http closes the connection without a word
	case a.refusal != nil:
		p.fail(w, a.refusal)
	default:
		writeJSON(w, a.content)
	}
}

// sleep waits, and returns false if the client has gone.
func sleep(r *http.Request, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.Context().Done():
		return false
	}
}

// judge decides on a call and, if a message is accepted, plans its course. The caller holds the
// lock.
func (p *Pages) judge(r *http.Request, given params) answer {
	now := p.stage.Now()
	c, refusal := p.call(r, given)
	if refusal != nil {
		return answer{refusal: refusal}
	}
	if c.id != c.page.ID {
		return answer{refusal: invalid("Messages are sent by a page: POST /{page-id}/messages")}
	}
	q, refusal := readRequest(c.page, given)
	if refusal != nil {
		return answer{refusal: refusal}
	}
	a := answer{delay: time.Duration(p.scene.Knobs.SendDelay)}
	fault := p.scene.Fault(c.page.ID, q.recipient.ID)
	if fault != nil && fault.Effect == stage.EffectDropBefore {
		p.scene.Record.Counts.Dropped++
		a.drop = true
		return a
	}
	if fault != nil && fault.Effect == stage.EffectError && !fault.Async {
		a.refusal = refuse(fault.Code, fault.Subcode, "This error was asked for through the control API.")
		return a
	}
	to, category, refusal := p.check(c.page, q, now)
	if refusal != nil {
		a.refusal = refusal
		return a
	}
	if q.action != "" {
		a.content = map[string]any{"recipient_id": to.id}
		return a
	}
	m := p.accept(c.page, to, q, category, given, now)
	p.plan(c.page, to, m, fault != nil && fault.Async)
	if fault != nil && fault.Effect == stage.EffectDropAfter {
		p.scene.Record.Counts.Dropped++
		a.drop = true
	}
	if fault != nil && fault.Effect == stage.EffectHang {
		a.delay += time.Duration(fault.Delay)
	}
	a.content = map[string]any{"message_id": m.ID}
	if q.recipient.UserRef == "" {
		a.content["recipient_id"] = to.id
	}
	return a
}

// readRequest reads a call, and refuses what no page may ask in any window.
func readRequest(p *page, given params) (request, *graph.Error) {
	q := request{
		action: given.text("sender_action"), kind: strings.ToUpper(given.text("messaging_type")),
		tag: strings.ToUpper(given.text("tag")), persona: given.text("persona_id"),
	}
	if !given.into("recipient", &q.recipient) || q.recipient.count() != 1 {
		return q, invalid("The parameter recipient is required, with one of id, user_ref, comment_id and post_id")
	}
	if q.action != "" {
		return q, q.checkAction(given)
	}
	given.into("thread_control", &q.handing)
	raw := given.get("message")
	if template := given.get("template"); raw == nil && template != nil { // one of Meta's samples
		raw = json.RawMessage(`{"template":` + string(template) + `}`)
	}
	if raw == nil {
		return q, invalid("The parameter message is required")
	}
	message, failure := readMessage(p, raw)
	if failure != nil {
		return q, failure
	}
	q.message = message
	if given.file != nil && message.Attachment == nil {
		return q, invalid("filedata needs a message with an attachment")
	}
	return q, q.checkType()
}

func (r recipient) count() (given int) {
	for _, id := range []string{r.ID, r.UserRef, r.CommentID, r.PostID} {
		if id != "" {
			given++
		}
	}
	return given
}

func (q *request) checkAction(given params) *graph.Error {
	if !slices.Contains([]string{"typing_on", "typing_off", "mark_seen", "react", "unreact"}, q.action) {
		return invalid("Param sender_action must be one of {TYPING_ON, TYPING_OFF, MARK_SEEN, REACT, UNREACT}")
	}
	if given.has("message") {
		return invalid("sender_action and message cannot be sent together")
	}
	return nil
}

// checkType checks messaging_type and tag. Source of what has ended: the policy of 2026-04-27.
func (q *request) checkType() *graph.Error {
	if q.kind == "" && q.tag != "" {
		q.kind = "MESSAGE_TAG"
	}
	switch q.kind {
	case "", "RESPONSE", "UPDATE":
		return nil
	case "UTILITY":
		if q.message.Template == nil {
			return invalid("messaging_type UTILITY needs a template in message")
		}
		return nil
	case "MESSAGE_TAG":
	default:
		return invalid("Param messaging_type must be one of {RESPONSE, UPDATE, MESSAGE_TAG, UTILITY}")
	}
	switch q.tag {
	case "HUMAN_AGENT":
		return nil
	case "":
		return invalid("A tag is required with messaging_type MESSAGE_TAG")
	case "CONFIRMED_EVENT_UPDATE", "ACCOUNT_UPDATE", "POST_PURCHASE_UPDATE":
		return invalid("The message tag " + q.tag + " is no longer supported. Use a utility message.")
	}
	return invalid("The message tag " + q.tag + " is not known, or this page may not use it.")
}

// check applies the platform's own rules: permissions, threads, windows and templates.
func (p *Pages) check(page *page, q request, now time.Time) (*person, string, *graph.Error) {
	if !page.may("pages_messaging", "instagram_manage_messages", "instagram_business_manage_messages") {
		return nil, "", refuse(
			codePermission, 0, "Requires pages_messaging permission to manage the object",
		)
	}
	if page.blocked {
		return nil, "", refuse(
			graph.CodePermission, subcodeRestricted, "This page is restricted from sending messages.",
		)
	}
	if p.settings.EnforceRates {
		if refusal := page.limiter.limit(q.message.heavy(), now); refusal != nil {
			return nil, "", refusal
		}
	}
	if q.persona != "" && page.personas[q.persona] == nil {
		return nil, "", invalid("Param persona_id is not a persona of this page")
	}
	if q.recipient.CommentID != "" || q.recipient.PostID != "" {
		to, refusal := page.privateReply(q.recipient.CommentID+q.recipient.PostID, now)
		return to, asPrivateReply, refusal
	}
	to := page.people[q.recipient.ID+q.recipient.UserRef]
	if to == nil {
		return nil, "", refuse(graph.CodeInvalidParameter, subcodeNoUser, "No matching user found")
	}
	if to.blocks {
		return nil, "", refuse(codeUserUnavailable, subcodeUnavailable, "This person isn't available right now.")
	}
	if to.ownedByOther(page.AppID, now) && q.action == "" {
		return nil, "", refuse(
			graph.CodePermission, subcodeOtherAppHasThread,
			"This message was not sent. Another app is controlling this thread now.",
		)
	}
	category, refusal := p.permit(page, to, q, now)
	return to, category, refusal
}

// permit judges the window.
func (p *Pages) permit(page *page, to *person, q request, now time.Time) (string, *graph.Error) {
	open := to.windowOpen(now, p.settings.AdWindow)
	switch {
	case q.action != "":
		return "", nil
	case q.message.Template != nil:
		return asUtility, p.checkUtility(page, q.message.Template)
	case q.tag == "HUMAN_AGENT" && within(to.acted, humanAgentWindow, now):
		return asHumanAgent, nil
	case q.kind == "UTILITY" || !open || q.tag != "":
		return "", page.outsideWindow()
	}
	return asStandard, nil
}

func (p *page) outsideWindow() *graph.Error {
	if p.instagram() {
		return refuse(
			graph.CodePermission, subcodeOutsideWindowInstagram, "This message is sent outside of allowed window.",
		)
	}
	return refuse(
		graph.CodePermission, subcodeOutsideWindow, "This message is sent outside of allowed window.",
	)
}

// privateReply judges the one private answer to a comment.
func (p *page) privateReply(id string, now time.Time) (*person, *graph.Error) {
	comment := p.comments[id]
	switch {
	case comment == nil:
		return nil, refuse(
			graph.CodeInvalidParameter, subcodeMissingObject, "Object with ID '"+id+"' does not exist.",
		)
	case comment.replied:
		return nil, refuse(codeAlreadyReplied, 0, "Activity already replied to")
	case !within(comment.at, privateReplyTime, now):
		return nil, p.outsideWindow()
	}
	comment.replied = true
	return p.people[comment.author], nil
}
