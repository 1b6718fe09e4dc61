package pages

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"strconv"
	"time"
)

// What events are, by the field of a page and of an Instagram account.
var (
	kindMessage  = kind{"messages", "messages", true}
	kindEcho     = kind{"message_echoes", "messages", false}
	kindEdit     = kind{"message_edits", "", false}
	kindReaction = kind{"message_reactions", "message_reactions", true}
	kindPostback = kind{"messaging_postbacks", "messaging_postbacks", true}
	kindReferral = kind{"messaging_referrals", "messaging_referral", true}
	kindOptIn    = kind{"messaging_optins", "messaging_optins", false}
	kindDelivery = kind{"message_deliveries", "", false}
	kindRead     = kind{"message_reads", "", false}
	kindSeen     = kind{"", "messaging_seen", false}
	kindHandover = kind{"messaging_handovers", "messaging_handover", false}
	kindPolicy   = kind{"messaging_policy_enforcement", "", false}
	kindFeedback = kind{"messaging_feedback", "", false}
	kindOther    = kind{"messages", "messages", false}
)

// standsBy tells whether an app hears of such an event while another one has the thread.
func (k kind) standsBy() bool { return k != kindHandover && k != kindOptIn && k != kindPolicy }

// Act is what a person does. One of its members says what; without one, it is a message.
type Act struct {
	// To is the id of the page.
	To string `json:"to"`
	// Timestamp is when, in RFC 3339; now unless set. The window counts from it.
	Timestamp *time.Time `json:"timestamp,omitempty"`
	// Name is the profile's.
	Name string `json:"name,omitempty"`

	// Text, QuickReply (its payload), ReplyTo (a message's id), and Attachments are those of a
	// message.
	Text        string          `json:"text,omitempty"`
	QuickReply  string          `json:"quickReply,omitempty"`
	ReplyTo     string          `json:"replyTo,omitempty"`
	Attachments json.RawMessage `json:"attachments,omitempty"`
	// Referral says where the person came from: source ADS with an ad_id, SHORTLINK, and so on. It
	// belongs to the message or postback; alone, it is a link into a thread that is there already.
	Referral json.RawMessage `json:"referral,omitempty"`

	Postback *Postback `json:"postback,omitempty"`
	Reaction *Reaction `json:"reaction,omitempty"`
	Edit     *Edit     `json:"edit,omitempty"`
	// OptIn has the members of an opt-in to marketing messages; the token and its expiry are made
	// unless they are given.
	OptIn map[string]any `json:"optIn,omitempty"`
	// Feedback is the raw answer to a feedback template.
	Feedback json.RawMessage `json:"feedback,omitempty"`
	// Comment is the text of a public comment, which a private reply can answer.
	Comment string `json:"comment,omitempty"`
	// Event holds further members of the event, or replaces those that the fields above make.
	Event map[string]json.RawMessage `json:"event,omitempty"`
}

// Postback is a tap on a button, an ice breaker or the menu.
type Postback struct {
	Title   string `json:"title"`
	Payload string `json:"payload"`
}

// Reaction is an emoji on a message, or its removal.
type Reaction struct {
	Message string `json:"message"`
	Emoji   string `json:"emoji"`
	Removed bool   `json:"removed,omitempty"`
}

// Edit is the new text of a message of the person's. Number counts the edits.
type Edit struct {
	Message string `json:"message"`
	Text    string `json:"text"`
	Number  int    `json:"number,omitempty"`
}

// Acted is what an act has become.
type Acted struct {
	// ID is that of the message, the postback or the comment; empty for other acts.
	ID string `json:"id,omitempty"`
	// Person is the page-scoped id.
	Person string `json:"person"`
}

// Act has somebody act on a page. who is a page-scoped id in digits, or any other word, which gets
// an id of its own on each page.
func (p *Pages) Act(who string, act Act) (Acted, error) {
	p.stage.Mu.Lock()
	defer p.stage.Mu.Unlock()
	page := p.pages[act.To]
	if page == nil {
		return Acted{}, errors.New(`give in "to" the id of a page of the configuration`)
	}
	somebody, err := p.person(page, who)
	if err != nil {
		return Acted{}, err
	}
	if act.Name != "" {
		somebody.name = act.Name
	}
	at := p.stage.Now()
	if act.Timestamp != nil {
		at = *act.Timestamp
	}
	p.scene.Record.Counts.Inbound++
	if act.Comment != "" {
		return Acted{p.comment(page, somebody, act.Comment, at), somebody.id}, nil
	}
	e, id, err := p.eventOf(act)
	if err != nil {
		return Acted{}, err
	}
	e.at, e.further = at, act.Event
	if e.kind == kindOptIn {
		p.keepOptIn(page, somebody, e.value)
	}
	somebody.open(act, e.kind, at)
	p.chatted(page, somebody, e, id)
	p.tell(page, somebody, e)
	return Acted{id, somebody.id}, nil
}

// person finds or makes whom a word means on a page.
func (p *Pages) person(page *page, who string) (*person, error) {
	id := who
	if who == "" {
		return nil, errors.New("name the person: a page-scoped id in digits, or any word")
	}
	if _, err := strconv.ParseUint(who, 10, 64); err != nil {
		id = scoped(page.ID, who)
	}
	if known := page.people[id]; known != nil {
		return known, nil
	}
	if other := p.owner(id); other != nil {
		return nil, fmt.Errorf("the id belongs to page %s: ids of people are those of one page", other.ID)
	}
	page.people[id] = &person{id: id, name: who}
	return page.people[id], nil
}

// scoped makes the id that a page knows somebody by.
func scoped(page, name string) string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(page + "/" + name)) // never fails
	const digits = 9_000_000_000_000_000
	return strconv.FormatUint(1_000_000_000_000_000+sum.Sum64()%digits, 10)
}

// open notes what the act opens.
func (p *person) open(act Act, k kind, at time.Time) {
	if !k.opens || act.Reaction != nil && act.Reaction.Removed {
		return
	}
	p.act(at)
	byAd := fromAd(act.Referral)
	switch {
	case k == kindReferral:
		p.clicked = p.clicked || byAd
	case k != kindReaction && (byAd || p.clicked): // the first message after the advertisement
		p.cameByAd, p.clicked = at, false
	}
}

func fromAd(referral json.RawMessage) bool {
	var r struct {
		Source string `json:"source"`
	}
	return json.Unmarshal(referral, &r) == nil && r.Source == "ADS"
}

// eventOf makes the event of an act, and its id.
func (p *Pages) eventOf(act Act) (event, string, error) {
	switch {
	case act.Postback != nil:
		id := p.scene.MessageID("m_")
		value := map[string]any{"mid": id, "title": act.Postback.Title, "payload": act.Postback.Payload}
		if act.Referral != nil {
			value["referral"] = act.Referral
		}
		return event{kind: kindPostback, member: "postback", value: value}, id, nil
	case act.Reaction != nil:
		value := map[string]any{"mid": act.Reaction.Message, "action": "react"}
		if act.Reaction.Removed {
			value["action"] = "unreact"
		} else {
			value["emoji"], value["reaction"] = act.Reaction.Emoji, "other"
		}
		return event{kind: kindReaction, member: "reaction", value: value}, "", nil
	case act.Edit != nil:
		value := map[string]any{"mid": act.Edit.Message, "text": act.Edit.Text, "num_edit": max(1, act.Edit.Number)}
		return event{kind: kindEdit, member: "message_edit", value: value}, "", nil
	case act.OptIn != nil:
		return event{kind: kindOptIn, member: "optin", value: p.optIn(act.OptIn)}, "", nil
	case act.Feedback != nil:
		return event{kind: kindFeedback, member: "messaging_feedback", value: act.Feedback}, "", nil
	case act.Text == "" && act.Attachments == nil && act.Referral != nil:
		return event{kind: kindReferral, member: "referral", value: act.Referral}, "", nil
	case act.Text == "" && act.Attachments == nil && len(act.Event) > 0:
		return event{kind: kindOther, member: "recipient", value: object1("id", act.To)}, "", nil
	case act.Text == "" && act.Attachments == nil:
		return event{}, "", errors.New("say what the person does: text, attachments, postback, reaction, referral, " +
			"edit, optIn, feedback, comment or event")
	}
	id := p.scene.MessageID("m_")
	return event{kind: kindMessage, member: "message", value: messageOf(id, act)}, id, nil
}

func messageOf(id string, act Act) map[string]any {
	value := map[string]any{"mid": id}
	if act.Text != "" {
		value["text"] = act.Text
	}
	if act.QuickReply != "" {
		value["quick_reply"] = object1("payload", act.QuickReply)
	}
	if act.ReplyTo != "" {
		value["reply_to"] = object1("mid", act.ReplyTo)
	}
	if act.Attachments != nil {
		value["attachments"] = act.Attachments
	}
	if act.Referral != nil {
		value["referral"] = act.Referral
	}
	return value
}

// optIn fills in what the platform adds to an opt-in: a token that lasts a year.
func (p *Pages) optIn(given map[string]any) map[string]any {
	const year = 365 * 24 * time.Hour
	value := map[string]any{
		"type": "notification_messages", "payload": "", "title": "",
		"notification_messages_token":     p.scene.ObjectID(),
		"notification_messages_frequency": "DAILY",
		"notification_messages_timezone":  "UTC",
		"token_expiry_timestamp":          p.stage.Now().Add(year).UnixMilli(),
		"user_token_status":               "NOT_REFRESHED",
		"notification_messages_status":    "RESUME_NOTIFICATIONS",
	}
	maps.Copy(value, given)
	return value
}

// comment posts a public comment as a change of the page's feed.
func (p *Pages) comment(page *page, author *person, text string, at time.Time) string {
	id := page.ID + "_" + p.scene.ObjectID()
	page.comments[id] = &comment{author: author.id, at: at}
	field, value := "feed", map[string]any{
		"item": "comment", "verb": "add", "comment_id": id, "post_id": page.ID + "_1", "message": text,
		"from": map[string]string{"id": author.id, "name": author.name}, "created_time": at.Unix(),
	}
	if page.instagram() {
		field, value = "comments", map[string]any{
			"id": id, "text": text, "from": map[string]string{"id": author.id, "username": author.name},
		}
	}
	p.change(page, field, value)
	return id
}

// PersonState is how somebody's device behaves, and whose their thread is. What is nil stays as it
// is.
type PersonState struct {
	// To is the id of the page; needed for a person who is named by a word.
	To string `json:"to,omitempty"`
	// Off holds deliveries back until the device is on again.
	Off *bool `json:"off,omitempty"`
	// ReadReceipts tells whether the person shares them.
	ReadReceipts *bool `json:"readReceipts,omitempty"`
	// Silent delivers without telling: neither deliveries nor watermarks come.
	Silent *bool `json:"silent,omitempty"`
	// Blocks refuses the page, which gets 551.
	Blocks *bool `json:"blocks,omitempty"`
	// ThreadOwner is the app that has the thread; empty for none. Its events come by standby.
	ThreadOwner *string `json:"threadOwner,omitempty"`
}

// SetPerson changes somebody; a device that is switched on receives what waited.
func (p *Pages) SetPerson(who string, change PersonState) error {
	p.stage.Mu.Lock()
	defer p.stage.Mu.Unlock()
	page := p.pages[change.To]
	if page == nil {
		page = p.owner(who)
	}
	if page == nil {
		return errors.New(`give in "to" the id of a page of the configuration`)
	}
	somebody, err := p.person(page, who)
	if err != nil {
		return err
	}
	p.scene.Chats.Touch(keyOf(page, somebody))
	wasOff := somebody.off
	set(&somebody.off, change.Off)
	set(&somebody.silent, change.Silent)
	set(&somebody.blocks, change.Blocks)
	if change.ReadReceipts != nil {
		somebody.noReceipts = !*change.ReadReceipts
	}
	if change.ThreadOwner != nil {
		p.give(page, somebody, *change.ThreadOwner, "", p.stage.Now())
	}
	if n := len(somebody.sent); n > 0 && wasOff && !somebody.off {
		p.arrive(page, somebody, somebody.sent[n-1], p.stage.Now())
	}
	return nil
}

func set(target, given *bool) {
	if given != nil {
		*target = *given
	}
}

// Enforce has the platform warn, block or unblock a page.
func (p *Pages) Enforce(id, action, reason string) error {
	p.stage.Mu.Lock()
	defer p.stage.Mu.Unlock()
	page := p.pages[id]
	if page == nil {
		return errors.New("no page has this id")
	}
	switch action {
	case "warning":
	case "block", "unblock":
		page.blocked = action == "block"
	default:
		return errors.New("action: use warning, block or unblock")
	}
	if !page.hears(kindPolicy.page) {
		return nil
	}
	value := map[string]string{"action": action}
	if reason != "" {
		value["reason"] = reason
	}
	p.post(page, "messaging", map[string]any{
		"recipient": object1("id", page.ID), "timestamp": p.stage.Now().UnixMilli(), "policy_enforcement": value,
	})
	return nil
}
