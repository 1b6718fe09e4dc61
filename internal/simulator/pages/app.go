package pages

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
)

// app is a page of an app, or nil.
func (p *Pages) app(id string) *page {
	var found *page
	for _, page := range p.pages {
		if page.AppID == id && (found == nil || page.ID < found.ID) {
			found = page
		}
	}
	return found
}

func (p *Pages) listApps(c *call) (any, *graph.Error) {
	data := []any{}
	if len(c.page.subscribed) > 0 {
		data = append(data, map[string]any{
			"id": c.page.AppID, "name": c.page.Name, "subscribed_fields": c.page.subscribed,
		})
	}
	return map[string]any{"data": data}, nil
}

// subscribe lets the app hear of the page's fields, those that are named and no others.
func (p *Pages) subscribe(c *call) (any, *graph.Error) {
	if !c.page.may("pages_manage_metadata", "instagram_business_manage_messages") {
		return nil, refuse(codePermission, 0, "To subscribe to the app, pages_manage_metadata permission is needed")
	}
	var fields []string
	if !c.params.into("subscribed_fields", &fields) {
		fields = strings.FieldsFunc(c.params.text("subscribed_fields"), func(r rune) bool { return r == ',' })
	}
	if len(fields) == 0 {
		return nil, invalid("The parameter subscribed_fields is required.")
	}
	c.page.subscribed = fields
	return success(), nil
}

func (p *Pages) unsubscribe(c *call) (any, *graph.Error) {
	c.page.subscribed = nil
	return success(), nil
}

// debugToken tells of a page token to whoever has one of the page's, or the app's own.
func (p *Pages) debugToken(w http.ResponseWriter, r *http.Request) {
	input := r.URL.Query().Get("input_token")
	p.stage.Mu.Lock()
	page := p.ofToken(input)
	var info map[string]any
	if asking := tokenOf(r); page != nil && (page.authorized(asking) || asking == appToken(page)) {
		info = page.tokenInfo(input)
	}
	p.stage.Mu.Unlock()
	if info == nil {
		p.fail(w, refuse(graph.CodeInvalidToken, 0, "Invalid OAuth access token - Cannot parse access token"))
		return
	}
	writeJSON(w, map[string]any{"data": info})
}

func appToken(p *page) string { return string(graph.AppToken(p.AppID, p.AppSecret)) }

func (p *page) tokenInfo(token string) map[string]any {
	expires := int64(0)
	if p.TokensExpire != nil {
		expires = p.TokensExpire.Unix()
	}
	return map[string]any{
		"app_id": p.AppID, "type": "PAGE", "application": p.Name, "profile_id": p.ID,
		"is_valid": p.authorized(token), "expires_at": expires, "data_access_expires_at": json.Number("0"),
		"scopes": p.Permissions,
	}
}

// appSubscriptions lists the fields that the app hears of at all, to whoever has the app's token.
func (p *Pages) appSubscriptions(w http.ResponseWriter, r *http.Request) {
	p.stage.Mu.Lock()
	page := p.app(r.PathValue("id"))
	if page != nil && tokenOf(r) != appToken(page) {
		page = nil
	}
	p.stage.Mu.Unlock()
	if page == nil {
		p.fail(w, refuse(graph.CodeInvalidToken, 0, "Invalid OAuth access token - Cannot parse access token"))
		return
	}
	fields := []any{}
	for _, name := range Fields(page.Object) {
		fields = append(fields, map[string]string{"name": name, "version": graph.DefaultVersion})
	}
	writeJSON(w, map[string]any{"data": []any{map[string]any{
		"object": page.Object, "callback_url": page.CallbackURL, "active": true, "fields": fields,
	}}})
}
