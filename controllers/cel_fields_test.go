package controllers_test

// celFieldCases are the rules of single fields: what is in them must look like what they are for.
func celFieldCases() map[string]celCase {
	const (
		object = "must be the name of an object: lower-case letters, digits, '-' and '.', " +
			"beginning and ending with a letter or a digit"
		digits = "must be digits only: it is the id that the Graph API gives"
		label  = "must be lower-case letters, digits and '-', and begin and end with a letter or a digit"
	)
	return map[string]celCase{
		"account: plan with a capital":          {kind: "BusinessAccount", patch: `{spec: {planName: WhatsApp}}`, want: object},
		"account: a time zone of hours":         {kind: "BusinessAccount", patch: `{spec: {timeZone: "+02:00"}}`, want: "must be a name of the IANA database, like 'America/Sao_Paulo'"},
		"account: a phone number for an id":     {kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "+33612345678"`), want: digits},
		"account: a name for an id":             {kind: "BusinessAccount", patch: `{spec: {whatsAppBusinessAccountID: acme}}`, want: digits},
		"account: a portfolio with a space":     {kind: "BusinessAccount", patch: `{spec: {portfolioID: "acme group"}}`, want: "must be letters, digits, '_', '.' and '-' only"},
		"account: a channel with a capital":     {kind: "BusinessAccount", patch: `{spec: {channels: [{name: Main, phoneNumberID: "1", credentialsSecretName: acme}]}}`, want: label},
		"account: a version without a v":        {kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", apiVersion: "26"`), want: "must be a version of the Graph API, like 'v26.0'"},
		"account: a base URL without a host":    {kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", baseURL: "https://"`), want: "baseURL must name a host, and must not have a user, a query or a fragment"},
		"account: a base URL with a password":   {kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", baseURL: "https://a:b@acme.example"`), want: "baseURL must name a host, and must not have a user, a query or a fragment"},
		"account: a base URL with a query":      {kind: "BusinessAccount", patch: accountWith(`phoneNumberID: "1", baseURL: "https://acme.example/?a=b"`), want: "baseURL must name a host, and must not have a user, a query or a fragment"},
		"account: a callback with a password":   {kind: "BusinessAccount", patch: `{spec: {callback: {url: "https://a:b@acme.example/hook", secretName: s}}}`, want: "url must name a host, and must not have a user or a password"},
		"account: a Messenger channel, no page": {kind: "BusinessAccount", patch: accountWith(`type: Messenger`), want: "a channel of type 'Messenger' must have pageID and must not have phoneNumberID"},
		"account: a budget with an exponent":    {kind: "BusinessAccount", patch: `{spec: {budget: {limit: {amount: "1e3", currency: USD}}}}`, want: "must be a decimal number with at most 12 decimals, like '12.5'"},
		"account: a budget in small letters":    {kind: "BusinessAccount", patch: `{spec: {budget: {limit: {amount: "1", currency: usd}}}}`, want: "must be the three capital letters of ISO 4217, like 'USD'"},
		"account: a country in small letters":   {kind: "BusinessAccount", patch: `{spec: {internationalAuthentication: {startTime: "2026-01-01T00:00:00Z", businessCountry: fr}}}`, want: "must be a country code of ISO 3166-1, like 'FR'"},
		"account: keywords without words":       {kind: "BusinessAccount", patch: `{spec: {consent: {keywords: [{language: en}]}}}`, want: "must have stop or resume, or both"},
		"account: a word that stops and goes on": {
			kind: "BusinessAccount", patch: `{spec: {consent: {keywords: [{language: en, stop: [GO], resume: [GO]}]}}}`,
			want: "a word must not be in both stop and resume",
		},
		"account: a volume of nothing":           {kind: "BusinessAccount", patch: `{spec: {gateway: {storage: {embedded: {size: "0"}}}}}`, want: "must be greater than zero"},
		"account: less than no memory":           {kind: "BusinessAccount", patch: `{spec: {gateway: {resources: {limits: {memory: -1Gi}}}}}`, want: "must be greater than zero"},
		"account: an Ingress for any host":       {kind: "BusinessAccount", patch: `{spec: {gateway: {exposure: {type: Ingress, ingress: {host: "*.acme.example"}}}}}`, want: "must be a DNS name of lower-case letters, digits, '-' and '.', without a wildcard, like 'acme.example.com'"},
		"plan: a revision with a capital":        {kind: "PricingPlan", patch: `{spec: {revisions: [{name: First, effectiveDate: "2025-07-01", classifyBy: Category, unit: Message, outsideWindow: TemplateOnly, rateAt: Delivery, serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}}]}}`, want: "must be lower-case letters, digits, '-' and '.', and begin and end with a letter or a digit"},
		"plan: a free rule with a dash at last":  {kind: "PricingPlan", patch: planWith(`free: [{name: a-, reason: Reaction, when: Always}]`), want: `spec.revisions[0].free[0].name: Invalid value: "a-": ` + label},
		"plan: an allowance with a space":        {kind: "PricingPlan", patch: planWith(`allowances: [{name: a b, count: 1, of: [Service], per: Channel, period: Month}]`), want: `spec.revisions[0].allowances[0].name: Invalid value: "a b": ` + label},
		"plan: an exemption with a dot":          {kind: "PricingPlan", patch: planWith(`exemptions: [{name: a.b, of: [Service]}]`), want: `spec.revisions[0].exemptions[0].name: Invalid value: "a.b": ` + label},
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
		"template: an app for a quick reply":     {kind: "MessageTemplate", patch: `{spec: {buttons: [{type: QuickReply, text: Fine, packageName: com.acme, signatureHash: K8a}]}}`, want: "packageName and signatureHash must be set with type 'OneTap' or 'ZeroTap', and only then"},
		"template: one tap without an app":       {kind: "MessageTemplate", patch: `{spec: {category: Authentication, buttons: [{type: OneTap}]}}`, want: "packageName and signatureHash must be set with type 'OneTap' or 'ZeroTap', and only then"},
		"template: an example of a quick reply":  {kind: "MessageTemplate", patch: `{spec: {buttons: [{type: QuickReply, text: Fine, example: a}]}}`, want: "example may be set with type 'URL' or 'CopyCode' only"},
	}
}

// accountWith is a merge patch that replaces the channels of validAccount by one with more fields.
func accountWith(fields string) string {
	return `{spec: {channels: [{name: other, credentialsSecretName: acme, ` + fields + `}]}}`
}
