package clientapi

import (
	"context"
	"net/http"
	"slices"

	"github.com/guichet-dev/guichet/internal/network"
)

// object is what a call is about.
type object uint8

const (
	onNothing  object = iota
	onNumber          // a phone number of the account
	onAccount         // a business account of one of its numbers
	onTemplate        // a template that it serves
	onFlow            // a flow of one of its business accounts
	onWord            // a path that begins with a word
)

// anyMethod stands for every method.
const anyMethod = "*"

// Words with which a path may begin, and edges that are named more than once.
const (
	wordApp     = "app"
	wordLibrary = "message_template_library"

	edgeUploads   = "uploads"
	edgeTemplates = "message_templates"
	edgeAssets    = "assets"
)

// isWord tells whether a path may begin with a word.
func isWord(s string) bool {
	return slices.ContainsFunc(wordRules(), func(r rule) bool { return r.word == s })
}

// mayBeFlow tells whether a call is one that flows have. The upstream is not asked about others.
func mayBeFlow(method, edge string) bool {
	return edge == "" ||
		slices.ContainsFunc(flowRules(), func(r rule) bool { return r.edge == edge && r.method == method })
}

// rule says what becomes of one call.
type rule struct {
	// name is the call's in metrics.
	name string
	// word is the first part of a path that begins with a word.
	word string
	edge string
	// item says that an id follows the edge.
	item   bool
	method string
	do     func(context.Context, *call) (*network.Answer, error)
	// query are the parameters that are passed on, fields what may be read.
	query  []string
	fields []string
	// templates says that the call is about templates, also those that clients have asked for.
	templates bool
	// only are the fields that a body may have; nil takes all that have no meaning on every path.
	only []string
}

// rulesOf are those of the calls about an object. Sources, under
// https://developers.facebook.com/documentation/business-messaging/whatsapp/: business-phone-numbers
// (registration, two-step verification, display names, quality), business-profiles, qr-codes,
// catalogs, flows, groups, templates, webhooks/override.
func rulesOf(on object) []rule {
	switch on {
	case onNumber:
		return numberRules()
	case onAccount:
		return accountRules()
	case onTemplate:
		return templateRules()
	case onFlow:
		return flowRules()
	case onWord:
		return wordRules()
	case onNothing:
	}
	return nil
}

func numberRules() []rule {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	qr := []string{"prefilled_message", "generate_qr_image", "code"}
	commerce := []string{"is_cart_enabled", "is_catalog_visible"}
	return []rule{
		{name: "phone_number", method: get, do: pass, fields: numberFields()},
		{
			name: "phone_number_write", method: post, do: pass, query: []string{"new_display_name"},
			only: []string{paramProduct, "pin", "new_display_name"},
		},
		{
			name: "business_profile", edge: "whatsapp_business_profile", method: get, do: pass,
			fields: profileFields(),
		},
		{name: "business_profile_write", edge: "whatsapp_business_profile", method: post, do: pass},
		{name: "block_users", edge: "block_users", method: get, do: pass, query: paging()},
		{name: "settings", edge: "settings", method: get, do: pass},
		{
			name: "settings_write", edge: "settings", method: post, do: refuse(
				"The settings of calls and of storage are the platform's: a call costs money, and where data is " +
					"kept is agreed with the platform."),
		},
		{
			name: "register", edge: "register", method: post, do: pass,
			only: []string{paramProduct, "pin", "data_localization_region"},
		},
		{name: "deregister", edge: "deregister", method: post, do: pass, only: []string{paramProduct}},
		{
			name: "request_code", edge: "request_code", method: post, do: pass,
			query: []string{"code_method", "language"}, only: []string{paramProduct, "code_method", "language"},
		},
		{
			name: "verify_code", edge: "verify_code", method: post, do: pass,
			query: []string{"code"}, only: []string{paramProduct, "code"},
		},
		{
			name: "qr_codes", edge: "message_qrdls", method: get, do: pass,
			query: append(paging(), "code"), fields: qrFields(),
		},
		{name: "qr_codes_write", edge: "message_qrdls", method: post, do: pass, query: qr},
		{name: "qr_code", edge: "message_qrdls", item: true, method: get, do: pass, fields: qrFields()},
		{name: "qr_code_write", edge: "message_qrdls", item: true, method: post, do: pass, query: qr},
		{name: "qr_code_write", edge: "message_qrdls", item: true, method: del, do: pass},
		{
			name: "commerce_settings", edge: "whatsapp_commerce_settings", method: get, do: pass,
			fields: append(commerce, "id"),
		},
		{
			name: "commerce_settings_write", edge: "whatsapp_commerce_settings", method: post, do: pass,
			query: commerce,
		},
		{name: "conversational_automation", edge: "conversational_automation", method: get, do: pass},
		{
			name: "conversational_automation_write", edge: "conversational_automation", method: post,
			do: pass, query: []string{"enable_welcome_message", "prompts", "commands"},
		},
		{name: "compliance", edge: "business_compliance_info", method: get, do: pass},
		{name: "compliance_write", edge: "business_compliance_info", method: post, do: pass},
		{name: "encryption", edge: "whatsapp_business_encryption", method: get, do: pass},
		{
			name: "encryption_write", edge: "whatsapp_business_encryption", method: post, do: pass,
			only: []string{paramProduct, "business_public_key"},
		},
		{
			name: "call_permissions", edge: "call_permissions", method: get, do: pass,
			query: []string{"user_wa_id", "recipient"},
		},
		{name: "groups", edge: "groups", method: get, do: pass, query: paging()},
		{
			name: "groups_write", edge: "groups", method: post, do: pass,
			only: []string{paramProduct, "subject", "description", "join_approval_mode"},
		},
		{
			name: "calls", edge: "calls", method: anyMethod, do: refuse(
				"Calls are not served: they cost money that this gateway does not count."),
		},
	}
}

func accountRules() []rule {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []rule{
		{name: "business_account", method: get, do: pass, fields: accountFields()},
		{
			name: "business_account_write", method: post, do: refuse(
				"A business account is not changed here: who pays and what is counted is the platform's."),
		},
		{
			name: "phone_numbers", edge: "phone_numbers", method: get, do: listNumbers,
			query: append(paging(), "sort", "filtering"), fields: numberFields(),
		},
		{
			name: "phone_numbers_write", edge: "phone_numbers", method: post, do: refuse(
				"A phone number is added as a channel of the BusinessAccount: write spec.channels."),
		},
		{name: "message_templates", edge: edgeTemplates, method: get, do: listTemplates, templates: true},
		{name: "message_templates_write", edge: edgeTemplates, method: post, do: createTemplate, templates: true},
		{name: "message_templates_write", edge: edgeTemplates, method: del, do: deleteTemplates, templates: true},
		{
			name: "message_templates_write", edge: "upsert_message_templates", method: post,
			do: writeTemplate,
		},
		{
			name: "message_template", edge: edgeTemplates, item: true, method: get, do: readTemplate,
			templates: true,
		},
		{
			name: "message_template_previews", edge: "message_template_previews", method: get, do: pass,
			query: append(paging(), "category", "language", "languages", "add_security_recommendation",
				"code_expiration_minutes", "button_types"),
		},
		{
			name: "message_template_library", edge: wordLibrary, method: get, do: pass,
			query: libraryQuery(),
		},
		{name: "subscribed_apps", edge: "subscribed_apps", method: get, do: pass},
		{name: "subscribed_apps_write", edge: "subscribed_apps", method: post, do: subscribe},
		{
			name: "subscribed_apps_write", edge: "subscribed_apps", method: del, do: refuse(
				"The subscription stays: without the upstream's webhooks nothing can be billed."),
		},
		{name: "flows", edge: "flows", method: get, do: pass, query: paging(), fields: flowFields()},
		{
			name: "flows_write", edge: "flows", method: post, do: pass, only: []string{
				"name", "categories", paramClone, "endpoint_uri", "flow_json", "publish", paramProduct,
			},
		},
	}
}

func templateRules() []rule {
	return []rule{
		{name: "message_template", method: http.MethodGet, do: readTemplate, templates: true},
		{name: "message_templates_write", method: http.MethodPost, do: editTemplate, templates: true},
		{name: "message_templates_write", method: http.MethodDelete, do: deleteTemplates, templates: true},
		{name: "message_templates_write", edge: "unpause", method: http.MethodPost, do: writeTemplate},
	}
}

func flowRules() []rule {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []rule{
		{
			name: "flow", method: get, do: pass, fields: flowFields(),
			query: []string{"date_format"},
		},
		{
			name: "flow_write", method: post, do: pass,
			only: []string{"name", "categories", "endpoint_uri", paramApp},
		},
		{name: "flow_write", method: del, do: pass},
		{name: "flow_assets", edge: edgeAssets, method: get, do: pass, query: paging()},
		{
			name: "flow_write", edge: edgeAssets, method: post, do: pass,
			only: []string{"name", "asset_type", "file", paramProduct},
		},
		{name: "flow_write", edge: "publish", method: post, do: pass, only: []string{}},
		{name: "flow_write", edge: "deprecate", method: post, do: pass, only: []string{}},
	}
}

func wordRules() []rule {
	const get, post = http.MethodGet, http.MethodPost
	return []rule{
		{name: "me", word: "me", method: get, do: aboutMe},
		{name: "debug_token", word: "debug_token", method: get, do: debugToken},
		{
			name: "message_template_library", word: wordLibrary, method: get, do: pass,
			query: libraryQuery(),
		},
		{
			name: "uploads", word: wordApp, edge: edgeUploads, method: post, do: pass,
			query: uploadQuery(), only: uploadQuery(),
		},
		{
			name: "oauth", word: "oauth", edge: "access_token", method: anyMethod, do: refuse(
				"Tokens are not exchanged here: the business's tokens are in the Secret of its BusinessAccount."),
		},
	}
}

// refuse makes the answer to a call that is not passed on, in a sentence that says why.
func refuse(sentence string) func(context.Context, *call) (*network.Answer, error) {
	return func(context.Context, *call) (*network.Answer, error) {
		return nil, network.Refuse(network.Forbidden, sentence)
	}
}
