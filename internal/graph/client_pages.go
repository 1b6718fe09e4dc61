package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Permissions that the token of a page, or of an Instagram account, needs: to send, and to be told.
// Source: https://developers.facebook.com/docs/permissions
const (
	PermissionPageMessaging      = "pages_messaging"
	PermissionPageMetadata       = "pages_manage_metadata"
	PermissionInstagramMessaging = "instagram_manage_messages"
)

// PageApp is an app that is told of a page's events.
type PageApp struct {
	ID     string   `json:"id"`
	Fields []string `json:"subscribed_fields"`
}

// PageFields are the webhook fields that a gateway needs of a page. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks
func PageFields() []string {
	return []string{
		"feed", "message_deliveries", "message_echoes", "message_edits", "message_reactions", "message_reads",
		"messages", "messaging_account_linking", "messaging_feedback", "messaging_handovers", "messaging_optins",
		"messaging_policy_enforcement", "messaging_postbacks", "messaging_referrals", "standby",
	}
}

// InstagramFields are those of an Instagram account. Source:
// https://developers.facebook.com/documentation/business-messaging/instagram-platform/webhooks
func InstagramFields() []string {
	return []string{
		"comments", "message_reactions", "messages", "messaging_handover", "messaging_optins", "messaging_postbacks",
		"messaging_referral", "messaging_seen", "standby",
	}
}

// PageApps reads which apps are told of a page's events, and of which.
func (c *Client) PageApps(ctx context.Context, pageID string) ([]PageApp, error) {
	var answer struct {
		Data []PageApp `json:"data"`
	}
	err := c.Do(ctx, http.MethodGet, subscribedAppsPath(pageID), nil, nil, &answer)
	return answer.Data, err
}

// SubscribePage has the token's app told of these fields of a page, and of no others.
func (c *Client) SubscribePage(ctx context.Context, pageID string, fields []string) error {
	query := url.Values{"subscribed_fields": {strings.Join(fields, ",")}}
	return c.Do(ctx, http.MethodPost, subscribedAppsPath(pageID), query, nil, nil)
}

// PageProfile is what people see of a page in Messenger. Parts that are empty are not there.
// Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/messenger-profile-api
type PageProfile struct {
	GetStarted  *GetStarted   `json:"get_started,omitempty"`
	Greetings   []Greeting    `json:"greeting,omitempty"`
	IceBreakers []IceBreakers `json:"ice_breakers,omitempty"`
	Menus       []Menu        `json:"persistent_menu,omitempty"`
}

// GetStarted is the button for whoever has not written yet.
type GetStarted struct {
	Payload string `json:"payload"`
}

// Greeting is the text above the button, in one language.
type Greeting struct {
	Locale string `json:"locale"`
	Text   string `json:"text"`
}

// IceBreakers are questions to tap, in one language.
type IceBreakers struct {
	Locale    string     `json:"locale"`
	Questions []Question `json:"call_to_actions"`
}

// Question is one of them.
type Question struct {
	Text    string `json:"question"`
	Payload string `json:"payload"`
}

// Menu is the persistent menu in one language.
type Menu struct {
	Locale        string     `json:"locale"`
	InputDisabled bool       `json:"composer_input_disabled"`
	Items         []MenuItem `json:"call_to_actions"`
}

// MenuItem is a line of it; Type is "postback" with Payload, or "web_url" with URL.
type MenuItem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Payload string `json:"payload,omitempty"`
	URL     string `json:"url,omitempty"`
}

// profileFields are the parts of a PageProfile.
const profileFields = "get_started,greeting,ice_breakers,persistent_menu"

// PageProfile reads a page's profile. It leaves out what a PageProfile has no field for.
func (c *Client) PageProfile(ctx context.Context, pageID string) (PageProfile, error) {
	var answer struct {
		Data []PageProfile `json:"data"`
	}
	query := url.Values{"fields": {profileFields}}
	if err := c.Do(ctx, http.MethodGet, profilePath(pageID), query, nil, &answer); err != nil {
		return PageProfile{}, err
	}
	if len(answer.Data) == 0 {
		return PageProfile{}, nil
	}
	return answer.Data[0].sorted(), nil
}

// SetPageProfile sets the parts of a profile that differ from what is there, and deletes those that
// it does not have.
func (c *Client) SetPageProfile(ctx context.Context, pageID string, wanted, there PageProfile) error {
	set, gone, err := wanted.changes(there)
	if err != nil {
		return err
	}
	if len(set) > 0 { // first: a menu must not be without the button
		if err := c.Do(ctx, http.MethodPost, profilePath(pageID), nil, set, nil); err != nil {
			return err
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return c.Do(ctx, http.MethodDelete, profilePath(pageID), nil, map[string][]string{"fields": gone}, nil)
}

// Equal tells whether two profiles show the same.
func (p PageProfile) Equal(other PageProfile) bool {
	set, gone, err := p.changes(other)
	return err == nil && len(set) == 0 && len(gone) == 0
}

// changes are the parts to set, and the names of those to delete.
func (p PageProfile) changes(there PageProfile) (set map[string]json.RawMessage, gone []string, err error) {
	wanted, err := p.sorted().parts()
	if err != nil {
		return nil, nil, err
	}
	have, err := there.sorted().parts()
	if err != nil {
		return nil, nil, err
	}
	for name, part := range have {
		if string(wanted[name]) == string(part) {
			delete(wanted, name)
		} else if wanted[name] == nil {
			gone = append(gone, name)
		}
	}
	slices.Sort(gone)
	return wanted, gone, nil
}

func (p PageProfile) parts() (map[string]json.RawMessage, error) {
	encoded, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("encode a page's profile: %w", err)
	}
	parts := map[string]json.RawMessage{}
	if err := json.Unmarshal(encoded, &parts); err != nil {
		return nil, fmt.Errorf("encode a page's profile: %w", err)
	}
	return parts, nil
}

// sorted orders the languages, whose order says nothing.
func (p PageProfile) sorted() PageProfile {
	p.Greetings = slices.SortedFunc(slices.Values(p.Greetings), func(a, b Greeting) int {
		return strings.Compare(a.Locale, b.Locale)
	})
	p.IceBreakers = slices.SortedFunc(slices.Values(p.IceBreakers), func(a, b IceBreakers) int {
		return strings.Compare(a.Locale, b.Locale)
	})
	p.Menus = slices.SortedFunc(slices.Values(p.Menus), func(a, b Menu) int {
		return strings.Compare(a.Locale, b.Locale)
	})
	return p
}

func profilePath(pageID string) string { return url.PathEscape(pageID) + "/messenger_profile" }
