package pages

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// Marketing messages: campaigns of an ad account, and messages to those who have subscribed.
// Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/marketing-messages-on-messenger/send-messages

const (
	adAccountPrefix = "act_"
	asMarketing     = "marketing"
	// subscriberPause is the least time between two messages to a subscriber.
	subscriberPause = 12 * time.Hour
	// overshoot is what a day may cost beyond the daily budget, in percent.
	overshoot = 75
)

// campaign is one of an ad account.
type campaign struct {
	page            string
	created         time.Time
	daily, lifetime int // budgets in the currency's smallest unit; 0 for none
	spent           int
	spentOn         map[string]int // by day
}

// subscriber is whoever a subscription token stands for.
type subscriber struct {
	page, person string
	expires      time.Time
	stopped      bool
	latest       time.Time
}

// keepOptIn keeps what an opt-in says, so that its token can be sent to.
func (p *Pages) keepOptIn(page *page, who *person, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		return
	}
	var optIn struct {
		Type    string `json:"type"`
		Token   string `json:"notification_messages_token"`
		Expires int64  `json:"token_expiry_timestamp"`
		Status  string `json:"notification_messages_status"`
	}
	if json.Unmarshal(raw, &optIn) != nil || optIn.Token == "" || optIn.Type != "notification_messages" {
		return
	}
	known := p.subscribers[optIn.Token]
	if known == nil {
		known = &subscriber{page: page.ID, person: who.id}
		p.subscribers[optIn.Token] = known
	}
	known.stopped = optIn.Status == "STOP_NOTIFICATIONS"
	known.expires = time.UnixMilli(optIn.Expires)
}

// payer is the page whose ad account a path names, if the token may use it.
func (p *Pages) payer(object, token string) *page {
	account, ok := strings.CutPrefix(object, adAccountPrefix)
	if !ok {
		return nil
	}
	for _, page := range p.pages {
		if page.AdAccountID == account && page.authorized(token) {
			return page
		}
	}
	return nil
}

// createCampaign answers POST /act_{id}/message_campaign.
func (p *Pages) createCampaign(w http.ResponseWriter, r *http.Request) {
	given, failure := readParams(w, r)
	if failure != nil {
		p.fail(w, failure)
		return
	}
	p.stage.Mu.Lock()
	id, failure := p.newCampaign(r, given)
	p.stage.Mu.Unlock()
	if failure != nil {
		p.fail(w, failure)
		return
	}
	writeJSON(w, map[string]string{"id": id})
}

func (p *Pages) newCampaign(r *http.Request, given params) (string, *graph.Error) {
	payer := p.payer(r.PathValue("id"), given.token(r))
	if payer == nil {
		return "", noAdAccount(r)
	}
	of := given.text("page_id")
	switch {
	case of == "":
		return "", refuse(graph.CodeAdPageMissing, 0, "The page ID is required but was not provided in the request.")
	case p.pages[of] == nil || p.pages[of].AdAccountID != payer.AdAccountID:
		return "", refuse(graph.CodeAdPageMismatch, 0, "The page does not belong to the ad account.")
	}
	made := &campaign{page: of, created: p.stage.Now(), spentOn: map[string]int{}}
	for name, target := range map[string]*int{"daily_budget": &made.daily, "lifetime_budget": &made.lifetime} {
		if given.has(name) && (json.Unmarshal([]byte(given.text(name)), target) != nil || *target <= 0) {
			return "", invalid("Param " + name + " must be a number greater than 0")
		}
	}
	id := p.scene.ObjectID()
	p.campaigns[id] = made
	return id, nil
}

func noAdAccount(r *http.Request) *graph.Error {
	return refuse(graph.CodeInvalidParameter, subcodeMissingObject, "Unsupported post request. Object with ID '"+
		r.PathValue("id")+"' does not exist, or cannot be loaded due to missing permissions.")
}

// judgeMarketing decides on a marketing message and plans its course. The caller holds the lock.
func (p *Pages) judgeMarketing(r *http.Request, given params) answer {
	payer := p.payer(r.PathValue("id"), given.token(r))
	if payer == nil {
		return answer{refusal: noAdAccount(r)}
	}
	a := answer{delay: time.Duration(p.scene.Knobs.SendDelay)}
	var delivery struct {
		Token string `json:"subscription_token"`
	}
	given.into("messenger_delivery_data", &delivery)
	to := p.subscribers[delivery.Token]
	campaignID := given.text("message_id")
	if to == nil {
		a.refusal = refuse(
			graph.CodeAdSubscriptionUnknown, 0, "The subscription token you passed in could not be loaded.",
		)
		return a
	}
	fault := p.scene.Fault(to.page, to.person)
	if fault != nil && fault.Effect == stage.EffectDropBefore {
		p.scene.Record.Counts.Dropped++
		a.drop = true
		return a
	}
	if fault != nil && fault.Effect == stage.EffectError && !fault.Async {
		a.refusal = refuse(fault.Code, fault.Subcode, "This error was asked for through the control API.")
		return a
	}
	now := p.stage.Now()
	if a.refusal = p.checkMarketing(payer, to, p.campaigns[campaignID], given, now); a.refusal != nil {
		return a
	}
	to.latest = now
	tracking := p.scene.MessageID("mmt-")
	p.deliverMarketing(to, marketing{
		token: delivery.Token, campaign: campaignID, tracking: tracking, at: now, lost: fault != nil && fault.Async,
	}, given)
	if fault != nil && fault.Effect == stage.EffectDropAfter {
		p.scene.Record.Counts.Dropped++
		a.drop = true
	}
	if fault != nil && fault.Effect == stage.EffectHang {
		a.delay += time.Duration(fault.Delay)
	}
	a.content = map[string]any{"success": true, "marketing_message_tracking_id": tracking}
	return a
}

// checkMarketing applies the platform's rules to a marketing message.
func (p *Pages) checkMarketing(
	payer *page, to *subscriber, of *campaign, given params, now time.Time,
) *graph.Error {
	page := p.pages[to.page]
	switch {
	case of == nil:
		return refuse(graph.CodeAdCampaignUnknown, 0, "The message ID you supplied is invalid.")
	case page == nil || of.page != to.page || page.AdAccountID != payer.AdAccountID:
		return refuse(graph.CodeAdPageMismatch, 0, "The page id behind your message does not match the page id on the "+
			"messenger subscription token.")
	case !given.has("message"):
		return invalid("The parameter message is required")
	case now.Before(of.created.Add(p.settings.CampaignWarmUp)):
		return refuse(graph.CodeAdCampaignNotReady, 0, "The campaign is not ready for message delivery.")
	case to.stopped:
		return refuse(graph.CodeAdSubscriptionStopped, 0, "The subscriber has stopped marketing messages subscription.")
	case !now.Before(to.expires):
		return refuse(graph.CodeAdSubscriptionExpired, 0, "The subscription token has expired.")
	case !to.latest.IsZero() && now.Before(to.latest.Add(subscriberPause)):
		return refuse(graph.CodeAdTooSoon, 0, "The minimum delay between messages has not been reached.")
	}
	if _, failure := readMessage(page, given.get("message")); failure != nil {
		return failure
	}
	return of.spend(page.MarketingPrice, now)
}

// spend takes the price of a message of the budgets. A day may cost more than the daily budget.
func (c *campaign) spend(price int, now time.Time) *graph.Error {
	day := now.UTC().Format(time.DateOnly)
	switch {
	case c.lifetime > 0 && c.spent+price > c.lifetime:
		return refuse(graph.CodeAdLifetimeBudget, 0, "This campaign has reached its lifetime budget.")
	case c.daily > 0 && (c.spentOn[day]+price)*100 > c.daily*(100+overshoot):
		return refuse(graph.CodeAdDailyBudget, 0, "This campaign has reached its daily budget.")
	}
	c.spent += price
	c.spentOn[day] += price
	return nil
}

// marketing is a marketing message on its way.
type marketing struct {
	token, campaign, tracking string
	at                        time.Time
	lost                      bool // it never arrives, and the platform says so
}

// deliverMarketing plans the course of a marketing message.
func (p *Pages) deliverMarketing(to *subscriber, m marketing, given params) {
	page := p.pages[to.page]
	record := &stage.Sent{
		ID: m.tracking, PhoneNumberID: page.ID, To: to.person, Type: "marketing", Category: asMarketing,
		AcceptedAt: m.at,
	}
	p.scene.Record.Accept(record, given.body, "")
	step := func(field, word string, after time.Duration) {
		p.stage.Plan(p.scene, m.at.Add(after), func(now time.Time) {
			who := page.people[to.person]
			if who == nil || who.off || who.blocks && word != stage.StepSent {
				return
			}
			p.scene.Record.Status(record, stage.StatusStep{Status: word, At: now})
			if !who.silent || word == stage.StepSent {
				p.change(page, field, m.told(page, to, word, now))
			}
		})
	}
	if !p.scene.Knobs.NoEchoes {
		step("marketing_message_echoes", stage.StepSent, p.settings.SentAfter)
	}
	if m.lost {
		step("marketing_message_delivery_failed", stage.StepFailed, p.settings.DeliveredAfter)
		return
	}
	step("marketing_message_deliveries", stage.StepDelivered, p.settings.DeliveredAfter)
	if !p.settings.NoRead {
		step("marketing_message_reads", stage.StepRead, p.settings.ReadAfter)
	}
}

// told is what the platform tells of a marketing message. Of one that failed it names no id.
func (m marketing) told(page *page, to *subscriber, word string, now time.Time) map[string]any {
	value := map[string]any{
		"page_id": number(page.ID), "app_id": number(cmp.Or(page.AppID, page.ID)), "timestamp": now.UnixMilli(),
		"messenger_subscription_token": m.token, "message_id": m.campaign,
	}
	if word == stage.StepFailed {
		value["error_message"] = "Unknown Error"
		return value
	}
	value["recipient_id"], value["marketing_message_tracking_id"] = number(to.person), m.tracking
	return value
}
