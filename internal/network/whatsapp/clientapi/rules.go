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
	wordMe      = "me"
	wordDebug   = "debug_token"
	wordOAuth   = "oauth"
	wordLibrary = "message_template_library"

	edgeUploads   = "uploads"
	edgeTemplates = "message_templates"
	edgeAssets    = "assets"
	edgePublish   = "publish"
	edgeDeprecate = "deprecate"
)

func isWord(s string) bool {
	return slices.Contains([]string{wordApp, wordMe, wordDebug, wordOAuth, wordLibrary}, s)
}

// mayBeFlow tells whether a call is one that flows have. The upstream is not asked about others.
func mayBeFlow(method, edge string) bool {
	switch edge {
	case "":
		return true
	case edgeAssets:
		return method == http.MethodGet || method == http.MethodPost
	case edgePublish, edgeDeprecate:
		return method == http.MethodPost
	default:
		return false
	}
}

// rule says what becomes of one call.
type rule struct {
	// name is the call's in metrics.
	name string
	on   object
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
	// only are the fields that a body may have; nil takes all that have no meaning on every path.
	only []string
}

// rules are those of all calls. Sources, under
// https://developers.facebook.com/documentation/business-messaging/whatsapp/: business-phone-numbers
// (registration, two-step verification, display names, quality), business-profiles, qr-codes,
// catalogs, flows, templates, webhooks/override.
func rules() []rule {
	return slices.Concat(numberRules(), accountRules(), templateRules(), flowRules(), wordRules())
}

func numberRules() []rule {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	qr := []string{"prefilled_message", "generate_qr_image", "code"}
	commerce := []string{"is_cart_enabled", "is_catalog_visible"}
	return []rule{
		{name: "phone_number", on: onNumber, method: get, do: pass, fields: numberFields()},
		{
			name: "phone_number_write", on: onNumber, method: post, do: pass, query: []string{"new_display_name"},
			only: []string{paramProduct, "pin", "new_display_name"},
		},
		{
			name: "business_profile", on: onNumber, edge: "whatsapp_business_profile", method: get, do: pass,
			fields: profileFields(),
		},
		{name: "business_profile_write", on: onNumber, edge: "whatsapp_business_profile", method: post, do: pass},
		{name: "block_users", on: onNumber, edge: "block_users", method: get, do: pass, query: paging()},
		{name: "settings", on: onNumber, edge: "settings", method: get, do: pass},
		{
			name: "settings_write", on: onNumber, edge: "settings", method: post, do: refuse(
				"The settings of calls and of storage are the platform's: a call costs money, and where data is " +
					"kept is agreed with the platform."),
		},
		{
			name: "register", on: onNumber, edge: "register", method: post, do: pass,
			only: []string{paramProduct, "pin", "data_localization_region"},
		},
		{name: "deregister", on: onNumber, edge: "deregister", method: post, do: pass, only: []string{paramProduct}},
		{
			name: "request_code", on: onNumber, edge: "request_code", method: post, do: pass,
			query: []string{"code_method", "language"}, only: []string{paramProduct, "code_method", "language"},
		},
		{
			name: "verify_code", on: onNumber, edge: "verify_code", method: post, do: pass,
			query: []string{"code"}, only: []string{paramProduct, "code"},
		},
		{
			name: "qr_codes", on: onNumber, edge: "message_qrdls", method: get, do: pass,
			query: append(paging(), "code"), fields: qrFields(),
		},
		{name: "qr_codes_write", on: onNumber, edge: "message_qrdls", method: post, do: pass, query: qr},
		{name: "qr_code", on: onNumber, edge: "message_qrdls", item: true, method: get, do: pass, fields: qrFields()},
		{name: "qr_code_write", on: onNumber, edge: "message_qrdls", item: true, method: post, do: pass, query: qr},
		{name: "qr_code_write", on: onNumber, edge: "message_qrdls", item: true, method: del, do: pass},
		{
			name: "commerce_settings", on: onNumber, edge: "whatsapp_commerce_settings", method: get, do: pass,
			fields: append(commerce, "id"),
		},
		{
			name: "commerce_settings_write", on: onNumber, edge: "whatsapp_commerce_settings", method: post, do: pass,
			query: commerce,
		},
		{name: "conversational_automation", on: onNumber, edge: "conversational_automation", method: get, do: pass},
		{
			name: "conversational_automation_write", on: onNumber, edge: "conversational_automation", method: post,
			do: pass, query: []string{"enable_welcome_message", "prompts", "commands"},
		},
		{name: "compliance", on: onNumber, edge: "business_compliance_info", method: get, do: pass},
		{name: "compliance_write", on: onNumber, edge: "business_compliance_info", method: post, do: pass},
		{name: "encryption", on: onNumber, edge: "whatsapp_business_encryption", method: get, do: pass},
		{
			name: "encryption_write", on: onNumber, edge: "whatsapp_business_encryption", method: post, do: pass,
			only: []string{paramProduct, "business_public_key"},
		},
		{
			name: "call_permissions", on: onNumber, edge: "call_permissions", method: get, do: pass,
			query: []string{"user_wa_id", "recipient"},
		},
		{
			name: "calls", on: onNumber, edge: "calls", method: anyMethod, do: refuse(
				"Calls are not served: they cost money that this gateway does not count."),
		},
	}
}

func accountRules() []rule {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []rule{
		{name: "business_account", on: onAccount, method: get, do: pass, fields: accountFields()},
		{
			name: "business_account_write", on: onAccount, method: post, do: refuse(
				"A business account is not changed here: who pays and what is counted is the platform's."),
		},
		{
			name: "phone_numbers", on: onAccount, edge: "phone_numbers", method: get, do: listNumbers,
			query: append(paging(), "sort", "filtering"), fields: numberFields(),
		},
		{
			name: "phone_numbers_write", on: onAccount, edge: "phone_numbers", method: post, do: refuse(
				"A phone number is added as a channel of the BusinessAccount: write spec.channels."),
		},
		{name: "message_templates", on: onAccount, edge: edgeTemplates, method: get, do: listTemplates},
		{name: "message_templates_write", on: onAccount, edge: edgeTemplates, method: post, do: writeTemplate},
		{name: "message_templates_write", on: onAccount, edge: edgeTemplates, method: del, do: writeTemplate},
		{
			name: "message_templates_write", on: onAccount, edge: "upsert_message_templates", method: post,
			do: writeTemplate,
		},
		{name: "message_template", on: onAccount, edge: edgeTemplates, item: true, method: get, do: readTemplate},
		{
			name: "message_template_previews", on: onAccount, edge: "message_template_previews", method: get, do: pass,
			query: append(paging(), "category", "language", "languages", "add_security_recommendation",
				"code_expiration_minutes", "button_types"),
		},
		{
			name: "message_template_library", on: onAccount, edge: wordLibrary, method: get, do: pass,
			query: libraryQuery(),
		},
		{name: "subscribed_apps", on: onAccount, edge: "subscribed_apps", method: get, do: pass},
		{name: "subscribed_apps_write", on: onAccount, edge: "subscribed_apps", method: post, do: subscribe},
		{
			name: "subscribed_apps_write", on: onAccount, edge: "subscribed_apps", method: del, do: refuse(
				"The subscription stays: without the upstream's webhooks nothing can be billed."),
		},
		{name: "flows", on: onAccount, edge: "flows", method: get, do: pass, query: paging(), fields: flowFields()},
		{
			name: "flows_write", on: onAccount, edge: "flows", method: post, do: pass, only: []string{
				"name", "categories", paramClone, "endpoint_uri", "flow_json", "publish", paramProduct,
			},
		},
	}
}

func templateRules() []rule {
	return []rule{
		{name: "message_template", on: onTemplate, method: http.MethodGet, do: readTemplate},
		{name: "message_templates_write", on: onTemplate, method: http.MethodPost, do: writeTemplate},
		{name: "message_templates_write", on: onTemplate, method: http.MethodDelete, do: writeTemplate},
		{name: "message_templates_write", on: onTemplate, edge: "unpause", method: http.MethodPost, do: writeTemplate},
	}
}

func flowRules() []rule {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []rule{
		{
			name: "flow", on: onFlow, method: get, do: pass, fields: flowFields(),
			query: []string{"date_format"},
		},
		{
			name: "flow_write", on: onFlow, method: post, do: pass,
			only: []string{"name", "categories", "endpoint_uri", "application_id"},
		},
		{name: "flow_write", on: onFlow, method: del, do: pass},
		{name: "flow_assets", on: onFlow, edge: edgeAssets, method: get, do: pass, query: paging()},
		{
			name: "flow_write", on: onFlow, edge: edgeAssets, method: post, do: pass,
			only: []string{"name", "asset_type", "file", paramProduct},
		},
		{name: "flow_write", on: onFlow, edge: edgePublish, method: post, do: pass, only: []string{}},
		{name: "flow_write", on: onFlow, edge: edgeDeprecate, method: post, do: pass, only: []string{}},
	}
}

func wordRules() []rule {
	const get, post = http.MethodGet, http.MethodPost
	return []rule{
		{name: "me", on: onWord, word: wordMe, method: get, do: aboutMe},
		{name: "debug_token", on: onWord, word: wordDebug, method: get, do: debugToken},
		{
			name: "message_template_library", on: onWord, word: wordLibrary, method: get, do: pass,
			query: libraryQuery(),
		},
		{
			name: "uploads", on: onWord, word: wordApp, edge: edgeUploads, method: post, do: pass,
			query: uploadQuery(), only: uploadQuery(),
		},
		{
			name: "oauth", on: onWord, word: wordOAuth, edge: "access_token", method: anyMethod, do: refuse(
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
