package graph

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"
)

// MaxCallbackURL is the most characters of a callback override. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
const MaxCallbackURL = 200

// webhookObject is the object of the subscriptions of an app that are about WhatsApp.
const webhookObject = "whatsapp_business_account"

// SubscribedApp is an app that receives the webhooks of a WhatsApp Business account.
type SubscribedApp struct {
	ID string
	// Callback is where its webhooks go instead of to the app's own callback; empty if there.
	Callback string
}

// SubscribedApps reads which apps receive the webhooks of a WhatsApp Business account. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/solution-providers/manage-webhooks
func (c *Client) SubscribedApps(ctx context.Context, wabaID string) ([]SubscribedApp, error) {
	var answer struct {
		Data []struct {
			App struct {
				ID string `json:"id"`
			} `json:"whatsapp_business_api_data"`
			Callback string `json:"override_callback_uri"`
		} `json:"data"`
	}
	if err := c.Do(ctx, http.MethodGet, subscribedAppsPath(wabaID), nil, nil, &answer); err != nil {
		return nil, err
	}
	apps := make([]SubscribedApp, 0, len(answer.Data))
	for _, found := range answer.Data {
		apps = append(apps, SubscribedApp{ID: found.App.ID, Callback: found.Callback})
	}
	return apps, nil
}

// SubscribeApp subscribes the token's app to the webhooks of a WhatsApp Business account. They go
// to the app's own callback: an override of before is gone.
func (c *Client) SubscribeApp(ctx context.Context, wabaID string) error {
	return c.Do(ctx, http.MethodPost, subscribedAppsPath(wabaID), nil, nil, nil)
}

// OverrideCallback directs the webhooks of a WhatsApp Business account to a URL. The token's app
// must be subscribed to them. Meta calls the URL at once with the verify token, so it must answer
// already: else the error's code is CodeCallbackVerification.
func (c *Client) OverrideCallback(ctx context.Context, wabaID, callbackURL, verifyToken string) error {
	in := map[string]string{"override_callback_uri": callbackURL, "verify_token": verifyToken}
	return c.Do(ctx, http.MethodPost, subscribedAppsPath(wabaID), nil, in, nil)
}

// AppFields reads which webhook fields about WhatsApp an app is subscribed to. It takes an app's
// token, see AppToken. Source: https://developers.facebook.com/docs/graph-api/reference/app/subscriptions
func (c *Client) AppFields(ctx context.Context, appID string) ([]string, error) {
	var answer struct {
		Data []struct {
			Object string     `json:"object"`
			Active *bool      `json:"active"`
			Fields []appField `json:"fields"`
		} `json:"data"`
	}
	if err := c.Do(ctx, http.MethodGet, url.PathEscape(appID)+"/subscriptions", nil, nil, &answer); err != nil {
		return nil, err
	}
	var fields []string
	for _, subscription := range answer.Data {
		if subscription.Object != webhookObject || subscription.Active != nil && !*subscription.Active {
			continue
		}
		for _, field := range subscription.Fields {
			fields = append(fields, string(field))
		}
	}
	return fields, nil
}

// appField is the name of a field, which stands alone or beside its version.
type appField string

// UnmarshalJSON reads both forms.
func (f *appField) UnmarshalJSON(raw []byte) error {
	var name string
	if json.Unmarshal(raw, &name) == nil {
		*f = appField(name)
		return nil
	}
	var versioned struct {
		Name string `json:"name"`
	}
	err := json.Unmarshal(raw, &versioned)
	*f = appField(versioned.Name)
	return err
}

// AppToken is the token of an app, made of its id and its secret. Source:
// https://developers.facebook.com/docs/facebook-login/guides/access-tokens
func AppToken(appID, secret string) Token { return Token(appID + "|" + secret) }

// HasFunding reads whether a WhatsApp Business account has a means of payment. Source:
// https://developers.facebook.com/docs/graph-api/reference/whats-app-business-account
func (c *Client) HasFunding(ctx context.Context, wabaID string) (bool, error) {
	var answer struct {
		// FundingID is a string of digits, or a number.
		FundingID json.RawMessage `json:"primary_funding_id"`
	}
	query := url.Values{"fields": {"primary_funding_id"}}
	if err := c.Do(ctx, http.MethodGet, url.PathEscape(wabaID), query, nil, &answer); err != nil {
		return false, err
	}
	switch string(answer.FundingID) {
	case "", "null", `""`, `"0"`, "0":
		return false, nil
	}
	return true, nil
}

// Permissions that an access token needs. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/access-tokens
const (
	PermissionManagement = "whatsapp_business_management"
	PermissionMessaging  = "whatsapp_business_messaging"
)

// TokenInfo is what Meta says of an access token.
type TokenInfo struct {
	AppID string
	// ProfileID is the page of a page's token; empty for others.
	ProfileID string
	Valid     bool
	// Expires is when it ends, and DataExpires when it gives no access to data any more; zero if
	// never.
	Expires, DataExpires time.Time
	// Permissions are those that it has; empty if Meta does not say.
	Permissions []string
}

// InspectToken reads what Meta says of the client's own token. Source:
// https://developers.facebook.com/docs/graph-api/reference/debug_token
func (c *Client) InspectToken(ctx context.Context) (TokenInfo, error) {
	var answer struct {
		Data struct {
			AppID       string   `json:"app_id"`
			ProfileID   string   `json:"profile_id"`
			Valid       bool     `json:"is_valid"`
			Expires     int64    `json:"expires_at"`
			DataExpires int64    `json:"data_access_expires_at"`
			Scopes      []string `json:"scopes"`
		} `json:"data"`
	}
	query := url.Values{"input_token": {string(c.token)}}
	if err := c.Do(ctx, http.MethodGet, "debug_token", query, nil, &answer); err != nil {
		return TokenInfo{}, err
	}
	return TokenInfo{
		AppID: answer.Data.AppID, ProfileID: answer.Data.ProfileID, Valid: answer.Data.Valid,
		Permissions: answer.Data.Scopes, Expires: unixOrZero(answer.Data.Expires),
		DataExpires: unixOrZero(answer.Data.DataExpires),
	}, nil
}

func unixOrZero(seconds int64) time.Time {
	if seconds <= 0 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func subscribedAppsPath(wabaID string) string { return url.PathEscape(wabaID) + "/subscribed_apps" }
