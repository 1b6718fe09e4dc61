package pages

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/simulator/stage"
)

// What webhooks are about.
const (
	ObjectPage      = "page"
	ObjectInstagram = "instagram"
)

// Page is a Facebook page, or an Instagram account, with its app.
type Page struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// Object is page unless it is instagram.
	Object string `json:"object,omitempty"`
	// AppID is the app's; it is the page's own unless set.
	AppID string `json:"appID,omitempty"`
	// AppSecret signs the webhooks.
	AppSecret string `json:"appSecret,omitempty"`
	// VerifyToken is sent in the handshake; without one there is no handshake.
	VerifyToken string `json:"verifyToken,omitempty"`
	// CallbackURL receives the webhooks; without one they are counted and dropped.
	CallbackURL string `json:"callbackURL,omitempty"`
	// Tokens are the page tokens that are let in; none means any.
	Tokens []string `json:"tokens,omitempty"`
	// TokensExpire is when the tokens end; never unless set. They go on working.
	TokensExpire *time.Time `json:"tokensExpire,omitempty"`
	// Permissions are those of the tokens; all that a business needs unless set.
	Permissions []string `json:"permissions,omitempty"`
	// AdAccountID is the id, without act_, of the ad account that pays for marketing messages; the
	// page has none unless set. MarketingPrice is what each of them takes of a campaign's budget.
	AdAccountID    string `json:"adAccountID,omitempty"`
	MarketingPrice int    `json:"marketingPrice,omitempty"`
	// SubscribedFields are what the app is told of; all that it needs unless set. An empty list is
	// a page that its app has not been subscribed to yet.
	SubscribedFields *[]string `json:"subscribedFields,omitempty"`
	// Templates are utility templates that are approved from the start.
	Templates []Template `json:"templates,omitempty"`
}

// Settings are the simulator's, as far as they matter to pages.
type Settings struct {
	// SentAfter, DeliveredAfter and ReadAfter count from acceptance.
	SentAfter, DeliveredAfter, ReadAfter time.Duration
	// NoRead leaves read receipts out.
	NoRead bool
	// ReviewAfter is the time from the submission of a template to the decision, which ManualReview
	// leaves to the control API.
	ReviewAfter  time.Duration
	ManualReview bool
	// AdWindow is how long the first message after an advertisement lets a business write.
	AdWindow time.Duration
	// CampaignWarmUp is how long a new campaign takes no messages.
	CampaignWarmUp time.Duration
	// EnforceRates turns on the limits of the Send API.
	EnforceRates bool
}

// Validate checks a page; ids are those taken so far.
func (p Page) Validate(ids map[string]bool) error {
	if p.ID == "" || p.ID == "me" || ids[p.ID] {
		return errors.New("id: give an id that nothing else has")
	}
	ids[p.ID] = true
	switch p.Object {
	case "", ObjectPage, ObjectInstagram:
	default:
		return fmt.Errorf("object: use %s or %s", ObjectPage, ObjectInstagram)
	}
	if p.CallbackURL != "" && !isHTTP(p.CallbackURL) {
		return errors.New("callbackURL: give an http or https URL")
	}
	for i, template := range p.Templates {
		if problem := template.problem(); problem != "" {
			return fmt.Errorf("templates[%d]: %s", i, problem)
		}
	}
	return nil
}

func isHTTP(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Host != "" && (parsed.Scheme == "http" || parsed.Scheme == "https")
}

// page is a Page at work.
type page struct {
	Page
	outbox *stage.Outbox[update]
	// subscribed are the fields that the app is told of.
	subscribed []string
	profile    map[string]any
	personas   map[string]*persona
	// people are those who have met the page, by page-scoped id.
	people map[string]*person
	// comments are those that a private reply can answer.
	comments map[string]*comment
	// blocked says that the platform lets the page send nothing.
	blocked bool
	limiter limiters
}

func (p *page) instagram() bool { return p.Object == ObjectInstagram }

// authorized tells whether a token is one of the page's.
func (p *page) authorized(token string) bool {
	return token != "" && (len(p.Tokens) == 0 || slices.Contains(p.Tokens, token))
}

// may tells whether the page's tokens have a permission, by any of its names.
func (p *page) may(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(p.Permissions, name) })
}

// hears tells whether the app is subscribed to a field, by any of its names.
func (p *page) hears(names ...string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return slices.Contains(p.subscribed, name) })
}

// Fields are the webhook fields that a business needs of a page or an Instagram account.
func Fields(object string) []string {
	if object == ObjectInstagram {
		return []string{
			"comments", "messages", "message_reactions", "messaging_handover", "messaging_optins",
			"messaging_postbacks", "messaging_referral", "messaging_seen", "standby",
		}
	}
	return []string{
		"feed", "marketing_message_clicks", "marketing_message_deliveries", "marketing_message_delivery_failed",
		"marketing_message_echoes", "marketing_message_reads", "message_deliveries", "message_echoes",
		"message_edits", "message_reactions", "message_reads", "messages", "message_template_status_update",
		"messaging_account_linking", "messaging_feedback", "messaging_handovers", "messaging_optins",
		"messaging_policy_enforcement", "messaging_postbacks", "messaging_referrals", "response_feedback",
		"send_cart", "standby",
	}
}

// permissions are those that a business needs.
func permissions(object string) []string {
	if object == ObjectInstagram {
		return []string{"instagram_basic", "instagram_manage_messages", "pages_manage_metadata", "pages_show_list"}
	}
	return []string{
		"pages_manage_metadata", "pages_messaging", "pages_read_engagement", "pages_show_list",
		"pages_utility_messaging",
	}
}
