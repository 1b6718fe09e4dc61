package messenger

import (
	"net/http"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/network"
)

// anyMethod stands for every method.
const anyMethod = "*"

// rule says what becomes of one call about a channel.
type rule struct {
	// name is the call's in metrics.
	name   string
	edge   string
	method string
	// refusal is the sentence with which the call is refused; empty for one that is passed on.
	refusal string
	// query are the parameters that are passed on, fields what may be read; none takes any.
	query  []string
	fields []string
}

// channelRules are those of the calls that published clients make. Sources, under
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/:
// reference/messenger-profile-api, send-messages/personas, conversation-routing,
// reference/attachment-upload-api, conversations.
func channelRules() []rule {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	paging := []string{"limit", "after", "before"}
	const operators = "The operator subscribes the page to its app, with the fields that settle messages: " +
		"what the business hears of is what spec.callback of the BusinessAccount gets."
	return []rule{
		{name: "channel", method: get, fields: channelFields()},
		{name: "attachments", edge: "message_attachments", method: post},
		{name: "profile", edge: "messenger_profile", method: get, fields: profileFields()},
		{name: "profile_write", edge: "messenger_profile", method: post},
		{name: "profile_delete", edge: "messenger_profile", method: del, query: []string{"fields"}},
		{name: "personas", edge: "personas", method: get, query: paging},
		{name: "personas_write", edge: "personas", method: post},
		{name: "thread_pass", edge: "pass_thread_control", method: post},
		{name: "thread_take", edge: "take_thread_control", method: post},
		{name: "thread_request", edge: "request_thread_control", method: post},
		{name: "thread_release", edge: "release_thread_control", method: post},
		{name: "thread_owner", edge: "thread_owner", method: get, query: []string{"recipient"}},
		{name: "secondary_receivers", edge: "secondary_receivers", method: get, query: []string{"fields"}},
		{
			name: "conversations", edge: "conversations", method: get,
			query: append([]string{"platform", "user_id", "folder", "tags", "fields"}, paging...),
		},
		{name: "subscribed_apps", edge: "subscribed_apps", method: get},
		{name: "subscribed_apps_write", edge: "subscribed_apps", method: anyMethod, refusal: operators},
		{name: "custom_labels", edge: "custom_labels", method: get, query: append([]string{"fields"}, paging...)},
		{name: "custom_labels_write", edge: "custom_labels", method: post},
		{
			name: "message_templates", edge: "message_templates", method: get,
			query: append([]string{"fields", "name"}, paging...),
		},
		{
			name: "message_templates_write", edge: "message_templates", method: anyMethod,
			refusal: "Templates are objects of the platform's: write a MessageTemplate, " +
				"which the operator creates upstream.",
		},
	}
}

func channelFields() []string {
	return []string{
		"id", "name", "username", "category", "about", "link", "picture", "website", "phone", "profile_picture_url",
		"followers_count", "verification_status",
	}
}

func profileFields() []string {
	return []string{
		"get_started", "greeting", "ice_breakers", "persistent_menu", "whitelisted_domains", "account_linking_url",
		"home_url", "payment_settings", "subject_to_new_eu_privacy_rules", "commands",
	}
}

func personFields() []string {
	return []string{
		"id", "name", "first_name", "last_name", "profile_pic", "locale", "timezone", "gender", "username",
		"follower_count", "is_user_follow_business", "is_business_follow_user", "is_verified_user",
	}
}

// readable are those of the fields that a client asks for, if all of them may be read: fields of
// fields could belong to another object.
func (r rule) readable(text string) (string, error) {
	if len(r.fields) == 0 || text == "" {
		return "", nil
	}
	var fields []string
	for field := range strings.SplitSeq(text, ",") {
		field = strings.TrimSpace(field)
		if field == "" {
			continue
		}
		if !slices.Contains(r.fields, field) {
			return "", network.Refuse(network.InvalidValue, "fields names what cannot be read here. "+
				"The fields that can are: "+strings.Join(r.fields, ", ")+".")
		}
		fields = append(fields, field)
	}
	return strings.Join(fields, ","), nil
}
