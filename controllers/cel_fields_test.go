package controllers_test

import (
	"fmt"
	"strings"
)

// celFieldCases are the rules of single fields: what is in them must look like what they are for.
func celFieldCases() map[string]celCase {
	const (
		object = "must be the name of an object: lower-case letters, digits, '-' and '.', " +
			"beginning and ending with a letter or a digit"
		digits = "must be digits only: it is the id that the Graph API gives"
		label  = "must be lower-case letters, digits and '-', and begin and end with a letter or a digit"
	)
	return map[string]celCase{
		"statement: a closed one is changed": {
			kind: "closed UsageStatement", changed: true, patch: `{spec: {unpriced: 1}}`,
			want: "a closed statement never changes: what comes later is an adjustment in the next one",
		},
		"statement: of another month": {
			kind: "UsageStatement", changed: true, patch: `{spec: {period: "2026-12"}}`,
			want: "accountName and period never change: make another statement",
		},
		"statement: closed and not signed": {
			kind: "UsageStatement", patch: `{metadata: {name: unsigned}, spec: {state: Closed}}`,
			want: "a closed statement has a signature and a closedTime",
		},
		"account: plan with a capital": {
			kind: "BusinessAccount", patch: `{spec: {planName: WhatsApp}}`, want: object,
		},
		"account: a channel's plan with a capital": {
			kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", planName: WhatsApp`), want: object,
		},
		"account: a channel's plan with a long name": {
			kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", planName: ` + strings.Repeat("a", 254)),
			want: "Too long: may not be more than 253",
		},
		"account: a time zone of hours": {
			kind: "BusinessAccount", patch: `{spec: {timeZone: "+02:00"}}`,
			want: "must be a name of the IANA database, like 'America/Sao_Paulo'",
		},
		"account: a phone number for an id": {
			kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "+33612345678"`), want: digits,
		},
		"account: a name for an id": {
			kind: "BusinessAccount", patch: `{spec: {whatsAppBusinessAccountID: acme}}`, want: digits,
		},
		"account: a portfolio with a space": {
			kind: "BusinessAccount", patch: `{spec: {portfolioID: "acme group"}}`,
			want: "must be letters, digits, '_', '.' and '-' only",
		},
		"account: a channel with a capital": {
			kind:  "BusinessAccount",
			patch: `{spec: {channels: [{name: Main, phoneNumberID: "1", credentialsSecretName: acme}]}}`, want: label,
		},
		"account: a version without a v": {
			kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", apiVersion: "26"`),
			want: "must be a version of the Graph API, like 'v26.0'",
		},
		"account: a base URL without a host": {
			kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", baseURL: "https://"`),
			want: "baseURL must name a host, and must not have a user, a query or a fragment",
		},
		"account: a base URL with a password": {
			kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", baseURL: "https://a:b@acme.example"`),
			want: "baseURL must name a host, and must not have a user, a query or a fragment",
		},
		"account: a base URL with a query": {
			kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", baseURL: "https://acme.example/?a=b"`),
			want: "baseURL must name a host, and must not have a user, a query or a fragment",
		},
		"account: a callback with a password": {
			kind: "BusinessAccount", patch: `{spec: {callback: {url: "https://a:b@acme.example/hook", secretName: s}}}`,
			want: "url must name a host, and must not have a user or a password",
		},
		"account: a certificate for plain HTTP": {
			kind: "BusinessAccount",
			patch: `{spec: {callback: {url: "http://acme.example/hook", secretName: s,` +
				` clientCertificateSecretName: c}}}`,
			want: "clientCertificateSecretName needs a url that starts with 'https://'",
		},
		"account: a Messenger channel, no page": {
			kind: "BusinessAccount", patch: accountWith(`type: Messenger`),
			want: "a channel of type 'Messenger' must have pageID, and neither phoneNumberID nor instagramID",
		},
		"account: a budget with an exponent":  {kind: "BusinessAccount", patch: `{spec: {budget: {limit: {amount: "1e3", currency: USD}}}}`, want: "must be a decimal number with at most 12 decimals, like '12.5'"},
		"account: a budget in small letters":  {kind: "BusinessAccount", patch: `{spec: {budget: {limit: {amount: "1", currency: usd}}}}`, want: "must be the three capital letters of ISO 4217, like 'USD'"},
		"account: a country in small letters": {kind: "BusinessAccount", patch: `{spec: {internationalAuthentication: {startTime: "2026-01-01T00:00:00Z", businessCountry: fr}}}`, want: "must be a country code of ISO 3166-1, like 'FR'"},
		"account: keywords without words":     {kind: "BusinessAccount", patch: `{spec: {consent: {keywords: [{language: en}]}}}`, want: "must have stop or resume, or both"},
		"account: a word that stops and goes on": {
			kind: "BusinessAccount", patch: `{spec: {consent: {keywords: [{language: en, stop: [GO], resume: [GO]}]}}}`,
			want: "a word must not be in both stop and resume",
		},
		"account: a volume of nothing":          {kind: "BusinessAccount", patch: `{spec: {gateway: {storage: {embedded: {size: "0"}}}}}`, want: "must be greater than zero"},
		"account: less than no memory":          {kind: "BusinessAccount", patch: `{spec: {gateway: {resources: {limits: {memory: -1Gi}}}}}`, want: "must be greater than zero"},
		"account: an Ingress for any host":      {kind: "BusinessAccount", patch: `{spec: {gateway: {exposure: {type: Ingress, ingress: {host: "*.acme.example"}}}}}`, want: "must be a DNS name of lower-case letters, digits, '-' and '.', without a wildcard, like 'acme.example.com'"},
		"plan: a revision with a capital":       {kind: "PricingPlan", patch: `{spec: {revisions: [{name: First, effectiveDate: "2025-07-01", classifyBy: Category, unit: Message, outsideWindow: TemplateOnly, rateAt: Delivery, serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}}]}}`, want: "must be lower-case letters, digits, '-' and '.', and begin and end with a letter or a digit"},
		"plan: a free rule with a dash at last": {kind: "PricingPlan", patch: planWith(`free: [{name: a-, reason: Reaction, when: Always}]`), want: `spec.revisions[0].free[0].name: Invalid value: "a-": ` + label},
		"plan: an allowance with a space":       {kind: "PricingPlan", patch: planWith(`allowances: [{name: a b, count: 1, of: [Service], per: Channel, period: Month}]`), want: `spec.revisions[0].allowances[0].name: Invalid value: "a b": ` + label},
		"plan: an exemption with a dot":         {kind: "PricingPlan", patch: planWith(`exemptions: [{name: a.b, of: [Service]}]`), want: `spec.revisions[0].exemptions[0].name: Invalid value: "a.b": ` + label},
		"account: a profile for a number": {
			kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", profile: {getStartedPayload: GO}`),
			want: "profile may be set on a channel of type 'Messenger' only",
		},
		"account: a menu without the button": {
			kind: "BusinessAccount", patch: pageWith(`menus: [{locale: default, items: [{title: A, payload: A}]}]`),
			want: "menus need getStartedPayload: Meta shows no menu without the button",
		},
		"account: no greeting by default": {
			kind: "BusinessAccount", patch: pageWith(`greetings: [{locale: fr_FR, text: Bonjour}]`),
			want: "one of greetings must have the locale 'default'",
		},
		"account: a locale with a dash": {
			kind:  "BusinessAccount",
			patch: pageWith(`greetings: [{locale: default, text: A}, {locale: fr-FR, text: B}]`),
			want:  "must be 'default' or a locale of Meta's, such as 'fr_FR'",
		},
		"account: a menu item that does nothing": {
			kind:  "BusinessAccount",
			patch: pageWith(`getStartedPayload: GO, menus: [{locale: default, items: [{title: A}]}]`),
			want:  "an item must have either payload or url",
		},
		"account: five ice breakers": {
			kind: "BusinessAccount",
			patch: pageWith(
				`iceBreakers: [{locale: default, questions: [{text: A, payload: A}, {text: B, payload: B}, {text: C,` +
					` payload: C}, {text: D, payload: D}, {text: E, payload: E}]}]`,
			),
			want: "must have at most 4 items",
		},
		"account: no ice breakers by default": {
			kind:  "BusinessAccount",
			patch: pageWith(`iceBreakers: [{locale: fr_FR, questions: [{text: A, payload: A}]}]`),
			want:  "one of iceBreakers must have the locale 'default'",
		},
		"account: no menu by default": {
			kind:  "BusinessAccount",
			patch: pageWith(`getStartedPayload: GO, menus: [{locale: fr_FR, items: [{title: A, payload: A}]}]`),
			want:  "one of menus must have the locale 'default'",
		},
		"account: a menu item in plain text": {
			kind: "BusinessAccount",
			patch: pageWith(
				`getStartedPayload: GO, menus: [{locale: default, items: [{title: A, url: "http://a.test"}]}]`,
			),
			want: "url must start with 'https://'",
		},
		"template: a channel with a capital": {
			kind: "MessageTemplate", patch: `{spec: {channelName: Page}}`,
			want: "must be the name of a channel: lower-case letters, digits and '-', beginning and ending with a " +
				"letter or a digit",
		},
		"template: a page from now on": {
			kind: "MessageTemplate", changed: true, patch: `{spec: {channelName: page}}`,
			want: "channelName is immutable: make another MessageTemplate for another network",
		},
		"template: another page": {
			kind: "page's MessageTemplate", changed: true, patch: `{spec: {channelName: other}}`,
			want: "channelName is immutable: make another MessageTemplate for another page",
		},
		"template: marketing of a page": {
			kind: "MessageTemplate", patch: `{spec: {channelName: page, category: Marketing}}`,
			want: "a template of a page has category 'Utility', and may have a header, a body and buttons only",
		},
		"template: a page's call button": {
			kind:  "MessageTemplate",
			patch: `{spec: {channelName: page, buttons: [{type: PhoneNumber, text: Call, phoneNumber: "+33 1"}]}}`,
			want:  "a template of a page has at most 3 buttons, of type 'QuickReply' or 'URL'",
		},
		"template: account with a dot":           {kind: "MessageTemplate", patch: `{spec: {accountName: acme.co}}`, want: "must be the name of a BusinessAccount: lower-case letters, digits and '-', beginning with a letter"},
		"template: name with a capital":          {kind: "MessageTemplate", patch: `{spec: {name: Order}}`, want: "must be lower-case letters, digits and '_' only"},
		"template: language with a dash":         {kind: "MessageTemplate", patch: `{spec: {language: en-US}}`, want: "must be spelled as the upstream does, like 'en_US' or 'fr'"},
		"template: a code in a utility template": {kind: "MessageTemplate", patch: `{spec: {body: {codeExpirationMinutes: 5}}}`, want: "body.codeExpirationMinutes and body.securityRecommendation may be set with category 'Authentication' only"},
		"template: a footer for a code":          {kind: "MessageTemplate", patch: `{spec: {category: Authentication, footer: Acme}}`, want: "footer must not be set with category 'Authentication': the upstream writes it"},
		"template: a named body example":         {kind: "MessageTemplate", patch: `{spec: {body: {examples: [{name: a, value: b}]}}}`, want: "the examples of body may have a name with parameterFormat 'Named' only"},
		"template: a named header example":       {kind: "MessageTemplate", patch: `{spec: {header: {text: "Order {{1}}", examples: [{name: a, value: b}]}}}`, want: "the examples of header may have a name with parameterFormat 'Named' only"},
		"template: a picture with an example":    {kind: "MessageTemplate", patch: `{spec: {header: {format: Image, exampleHandle: h, examples: [{value: b}]}}}`, want: "examples may be set with format 'Text' only"},
		"template: a script for a URL":           {kind: "MessageTemplate", patch: `{spec: {buttons: [{type: URL, text: Go, url: "javascript:alert(1)"}]}}`, want: "url must start with 'https://' or 'http://'"},
		"template: a word for a number":          {kind: "MessageTemplate", patch: `{spec: {buttons: [{type: PhoneNumber, text: Call, phoneNumber: us}]}}`, want: "must be a phone number with its country code, like '+33170180000'"},
		"template: an app for a quick reply": {
			kind: "MessageTemplate",
			patch: `{spec: {buttons: [{type: QuickReply, text: Fine, supportedApps: [{packageName: com.acme,` +
				` signatureHash: K8a}]}]}}`,
			want: "supportedApps must be set with type 'OneTap' or 'ZeroTap', and only then; so may autofillText",
		},
		"template: one tap without an app": {
			kind: "MessageTemplate", patch: `{spec: {category: Authentication, buttons: [{type: OneTap}]}}`,
			want: "supportedApps must be set with type 'OneTap' or 'ZeroTap', and only then; so may autofillText",
		},
		"template: autofill of a quick reply": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: QuickReply, text: Fine, autofillText: a}]}}`,
			want: "supportedApps must be set with type 'OneTap' or 'ZeroTap', and only then; so may autofillText",
		},
		"template: six apps": {
			kind: "MessageTemplate",
			patch: `{spec: {category: Authentication, buttons: [{type: OneTap, supportedApps: [{packageName: a,` +
				` signatureHash: a}, {packageName: b, signatureHash: a}, {packageName: c, signatureHash: a},` +
				` {packageName: d, signatureHash: a}, {packageName: e, signatureHash: a}, {packageName: f,` +
				` signatureHash: a}]}]}}`,
			want: "must have at most 5 items",
		},
		"template: a category in small letters": {
			kind: "MessageTemplate", patch: `{spec: {category: utility}}`,
			want: "must be 'Marketing', 'Utility' or 'Authentication', or the upstream's own word for another " +
				"category, in capitals",
		},
		"template: a sub-category of words": {
			kind: "MessageTemplate", patch: `{spec: {subCategory: Order details}}`,
			want: "must be the upstream's own word, in capitals",
		},
		"template: a header that is misspelt": {
			kind: "MessageTemplate", patch: `{spec: {header: {format: Images}}}`,
			want: "must be 'Text', 'Image', 'Video', 'GIF', 'Document', 'Location' or 'Product', or the upstream's " +
				"own word for another format, in capitals",
		},
		"template: a button that is misspelt": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: Quickreply, text: Fine}]}}`,
			want: "must be 'QuickReply', 'URL', 'PhoneNumber', 'CopyCode', 'OneTap', 'ZeroTap', 'Flow', 'Catalog', " +
				"'MPM', 'SPM', 'OrderDetails' or 'VoiceCall', or the upstream's own word for another type, in capitals",
		},
		"template: a flow button without a flow": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: Flow, text: Begin}]}}`,
			want: "flow must be set with type 'Flow', and only then",
		},
		"template: a flow for a quick reply": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: QuickReply, text: Begin, flow: {id: "1"}}]}}`,
			want: "flow must be set with type 'Flow', and only then",
		},
		"template: a flow named twice": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: Flow, text: Begin, flow: {id: "1", name: a}}]}}`,
			want: "exactly one of id, name and json must be set",
		},
		"template: a flow that is not named": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: Flow, text: Begin, flow: {action: Navigate}}]}}`,
			want: "exactly one of id, name and json must be set",
		},
		"template: a screen for an exchange": {
			kind: "MessageTemplate",
			patch: `{spec: {buttons: [{type: Flow, text: Begin, flow: {id: "1", action: DataExchange,` +
				` navigateScreen: A}}]}}`,
			want: "navigateScreen may be set with action 'Navigate' only",
		},
		"template: an action that is misspelt": {
			kind:  "MessageTemplate",
			patch: `{spec: {buttons: [{type: Flow, text: Begin, flow: {id: "1", action: Navigates}}]}}`,
			want: "must be 'Navigate' or 'DataExchange', or the upstream's own word for another action, in small " +
				"letters",
		},
		"template: no buttons in a list": {
			kind: "MessageTemplate", patch: `{spec: {buttons: []}}`, want: "should have at least 1 items",
		},
		"template: a catalogue without a text": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: Catalog}]}}`,
			want: "text must be set with type 'QuickReply', 'URL', 'PhoneNumber', 'Flow', 'Catalog', 'MPM', 'SPM', " +
				"'OrderDetails' or 'VoiceCall'",
		},
		"template: an offer in utility": {
			kind: "MessageTemplate", patch: `{spec: {limitedTimeOffer: {text: Hurry}}}`,
			want: "limitedTimeOffer may be set with category 'Marketing' and without a footer only",
		},
		"template: an offer with a footer": {
			kind:  "MessageTemplate",
			patch: `{spec: {category: Marketing, footer: Acme, limitedTimeOffer: {text: Hurry}}}`,
			want:  "limitedTimeOffer may be set with category 'Marketing' and without a footer only",
		},
		"template: an offer of 17 characters": {
			kind:  "MessageTemplate",
			patch: `{spec: {category: Marketing, limitedTimeOffer: {text: Hurry up everyone}}}`,
			want:  "may not be more than 16",
		},
		"template: a price in utility": {
			kind: "MessageTemplate", patch: `{spec: {maxPrice: {bidAmount: 100}}}`,
			want: "maxPrice may be set with category 'Marketing' only",
		},
		"template: a price of nothing": {
			kind: "MessageTemplate", patch: `{spec: {category: Marketing, maxPrice: {bidAmount: 0}}}`,
			want: "should be greater than or equal to 1",
		},
		"template: a call with buttons": {
			kind:  "MessageTemplate",
			patch: `{spec: {callPermission: Requested, buttons: [{type: QuickReply, text: Later}]}}`,
			want:  "callPermission must not be set with buttons, with a carousel or with category 'Authentication'",
		},
		"template: cards for a code": {
			kind:  "MessageTemplate",
			patch: `{spec: {category: Authentication, carousel: {cards: [{header: {format: Product}}]}}}`,
			want:  "carousel must not be set with category 'Authentication'",
		},
		"template: no cards": {
			kind: "MessageTemplate", patch: `{spec: {category: Marketing, carousel: {cards: []}}}`,
			want: "should have at least 1 items",
		},
		"template: three buttons on a card": {
			kind: "MessageTemplate",
			patch: `{spec: {category: Marketing, carousel: {cards: [{header: {format: Product},` +
				` buttons: [{type: QuickReply, text: A}, {type: QuickReply, text: B}, {type: QuickReply,` +
				` text: C}]}]}}}`,
			want: "must have at most 2 items",
		},
		"template: a body as another component": {
			kind: "MessageTemplate", patch: `{spec: {otherComponents: [{type: BODY}]}}`,
			want: "must not be a component that has a field of its own",
		},
		"template: another component misspelt": {
			kind: "MessageTemplate", patch: `{spec: {otherComponents: [{type: Order Status}]}}`,
			want: "must be the upstream's own word, in capitals",
		},
		"template: another component twice": {
			kind: "MessageTemplate", patch: `{spec: {otherComponents: [{type: A}, {type: A}]}}`,
			want: "Duplicate value",
		},
		"template: fields that are no object": {
			kind: "MessageTemplate", patch: `{spec: {upstreamFields: [1]}}`, want: "spec.upstreamFields: Invalid value",
		},
		"template: 33 fields": {
			kind: "MessageTemplate", patch: `{spec: {upstreamFields: {` + members(33) + `}}}`,
			want: "must have at most 32 items",
		},
		"template: a time to live of 29": {
			kind: "MessageTemplate", patch: `{spec: {sendTTLSeconds: 29}}`,
			want: "must be -1, for 30 days, or at least 30",
		},
		"template: a library copy of another": {
			kind: "MessageTemplate", changed: true, patch: `{spec: {libraryTemplate: {name: a}}}`,
			want: "libraryTemplate is immutable: make another MessageTemplate for another copy",
		},
		"template: an example of a quick reply": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: QuickReply, text: Fine, example: a}]}}`,
			want: "example may be set with type 'URL' or 'CopyCode' only",
		},
	}
}

// accountWith is a merge patch that replaces the channels of validAccount by one with more fields.
func accountWith(fields string) string {
	return `{spec: {channels: [{name: other, credentialsSecretName: acme, ` + fields + `}]}}`
}

// pageWith is an account with a page whose profile has these fields.
func pageWith(profile string) string {
	return accountWith(`type: Messenger, pageID: "1", profile: {` + profile + `}`)
}

// members are n members of an object, as a manifest writes them.
func members(n int) string {
	list := make([]string, 0, n)
	for i := range n {
		list = append(list, fmt.Sprintf("m%d: 1", i))
	}
	return strings.Join(list, ", ")
}
