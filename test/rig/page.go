package rig

import (
	"strconv"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// PageID is the account's page on Messenger.
const PageID = "108181820024680"

const (
	pageToken    = "token-of-the-page"
	pagePlanName = "messenger"
)

// AddPage gives the account a page on Messenger, at the given upstream and with the newest revision
// of the shipped plan for pages. WriteDocument has yet to be called.
func (a *Account) AddPage(upstream string) error {
	plan, err := newestPlan("pricingplan_messenger.yaml")
	if err != nil {
		return err
	}
	a.Document.Format = config.FormatPlans
	a.Document.Plans = append(a.Document.Plans, config.ChannelPlan{Name: pagePlanName, Plan: plan})
	a.Document.Channels = append(a.Document.Channels, config.Channel{
		Name: "page", Type: config.Messenger, ID: PageID, PlanName: pagePlanName,
		BaseURL: upstream, APIVersion: APIVersion,
		AccessToken: pageToken, AppSecrets: []string{appSecret}, VerifyToken: verifyToken,
	})
	return nil
}

// UpstreamPage returns the page as the simulator has it.
func UpstreamPage(callback string) pages.Page {
	return pages.Page{
		ID: PageID, Name: "Rig", AppSecret: appSecret, VerifyToken: verifyToken, CallbackURL: callback,
		Tokens: []string{pageToken},
	}
}

// PageWebhook returns a webhook with what a person wrote to the page.
func PageWebhook(person, id string, at time.Time) string {
	instant := strconv.FormatInt(at.UnixMilli(), 10)
	return `{"object":"page","entry":[{"id":"` + PageID + `","time":` + instant + `,"messaging":[{"sender":{"id":"` +
		person + `"},"recipient":{"id":"` + PageID + `"},"timestamp":` + instant + `,"message":{"mid":"` + id +
		`","text":"Where is my parcel?"}}]}]}`
}

// SignedByMeta returns the signature of a webhook.
func SignedByMeta(body string) string { return graph.Sign([]byte(body), appSecret) }
