package gatewaytest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"sync"
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// The page and the Instagram account of WithPages, and the tokens of which each is of one of them.
const (
	PageID         = "108181820024680"
	InstagramID    = "17841400000000001"
	PageKey        = "token-of-the-page"
	InstagramKey   = "token-of-instagram"
	PageSecret     = "app-secret-of-the-page"
	pageToken      = "page-token-of-meta"
	instagramToken = "instagram-token-of-meta"
	MessengerPlan  = "messenger"
	pageAppID      = "4711"
	instagramAppID = "4712"
)

// simulatedPages are the page and the Instagram account at the upstream.
func simulatedPages(callbackURL string) []pages.Page {
	of := func(id, object, app, token string) pages.Page {
		return pages.Page{
			ID: id, Object: object, AppID: app, AppSecret: PageSecret, VerifyToken: VerifyToken,
			CallbackURL: callbackURL, Tokens: []string{token},
		}
	}
	return []pages.Page{
		of(PageID, pages.ObjectPage, pageAppID, pageToken),
		of(InstagramID, pages.ObjectInstagram, instagramAppID, instagramToken),
	}
}

var messengerPlan = sync.OnceValues(func() ([]byte, error) { return readPlan("pricingplan_messenger.yaml") })

// WithPages adds a page and an Instagram account to the account, with the plan that is shipped for
// them, but for its prices: a delivered message costs 0.01 USD, and a utility message 0.02.
func WithPages(tb testing.TB) func(*config.Document) {
	tb.Helper()
	content, err := messengerPlan()
	if err != nil {
		tb.Fatal(err)
	}
	var plan pricing.Plan
	if err := json.Unmarshal(content, &plan); err != nil {
		tb.Fatal(err)
	}
	for i := range plan.Revisions {
		plan.Revisions[i].Free = nil
		plan.Revisions[i].Rates = []pricing.MarketRates{{Market: "Any", Prices: []pricing.Price{
			{Category: "Service", Amount: "0.01"}, {Category: "Utility", Amount: "0.02"},
		}}}
	}
	return func(d *config.Document) {
		d.Format = config.FormatPlans
		d.Plans = append(d.Plans, config.ChannelPlan{Name: MessengerPlan, Plan: plan})
		base := d.Channels[0]
		for _, c := range []config.Channel{
			{Name: "page", Type: config.Messenger, ID: PageID, AccessToken: pageToken},
			{Name: "instagram", Type: config.Instagram, ID: InstagramID, AccessToken: instagramToken},
		} {
			c.BaseURL, c.APIVersion = base.BaseURL, base.APIVersion
			c.AppSecrets, c.VerifyToken, c.PlanName = []string{PageSecret}, base.VerifyToken, MessengerPlan
			d.Channels = append(d.Channels, c)
		}
		for name, key := range map[string]string{"page": PageKey, "instagram": InstagramKey} {
			hash := sha256.Sum256([]byte(key))
			d.APITokens = append(d.APITokens, config.APIToken{Name: name, SHA256: hex.EncodeToString(hash[:])})
		}
		d.HumanAgent = config.HumanAgentAllowed
	}
}
