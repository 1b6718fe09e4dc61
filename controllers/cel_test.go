package controllers_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// celCase is a manifest that the API server must refuse: the valid one of its kind with a merge
// patch, and for a rule about changes, a patch of the stored one.
type celCase struct {
	kind    string
	patch   string
	changed bool
	want    string
}

const validAccount = `
apiVersion: guichet.dev/v1alpha1
kind: BusinessAccount
metadata: {name: acme}
spec:
  displayName: Acme
  planName: whatsapp
  timeZone: America/Sao_Paulo
  whatsAppBusinessAccountID: "102290129340398"
  channels:
  - {name: main, phoneNumberID: "106540352242922", credentialsSecretName: acme}
  portfolioID: acme-group
  gateway: {storage: {embedded: {storageClassName: fast}}}
`

const validTemplate = `
apiVersion: guichet.dev/v1alpha1
kind: MessageTemplate
metadata: {name: order}
spec:
  accountName: acme
  name: order_ready
  language: en_US
  category: Utility
  body: {text: "Hello, your order is ready."}
`

const validStatement = `
apiVersion: guichet.dev/v1alpha1
kind: UsageStatement
metadata: {name: "acme-%[1]s"}
spec:
  accountName: acme
  period: "%[1]s"
  timeZone: Europe/Paris
  state: %[2]s
  asOfTime: "2026-11-08T00:00:00Z"
  doubted: 0
  unpriced: 0
  inDoubt: 0
  ledger:
    id: ledger
    from: 0
    sequence: 0
    records: 0
    next: 0
    head: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
    root: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
`

const validSignature = `
  closedTime: "2026-11-08T00:00:00Z"
  signature:
    algorithm: Ed25519
    keyID: 0123456789abcdef
    value: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
`

const validPlan = `
apiVersion: guichet.dev/v1alpha1
kind: PricingPlan
metadata: {name: cel}
spec:
  currency: USD
  revisions:
  - name: first
    effectiveDate: "2025-07-01"
    classifyBy: Category
    unit: Message
    outsideWindow: TemplateOnly
    rateAt: Delivery
    serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}
`

// planWith is a merge patch that replaces the revisions of validPlan by one with more fields.
func planWith(fields string) string {
	return `{spec: {revisions: [{name: first, effectiveDate: "2025-07-01", classifyBy: Category, unit: Message, outsideWindow: TemplateOnly, rateAt: Delivery,
  serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}, ` + fields + `}]}}`
}

func celCases() map[string]celCase {
	const (
		hostName = "must be a DNS name of lower-case letters, digits, '-' and '.', without a wildcard, " +
			"like 'acme.example.com'"
		decimal = "must be a decimal number that is not negative and has at most 9 digits before and 6 after the " +
			"point, like '0.0859'"
		market = "must be a market of the published list (for example 'France' or 'Rest of Africa'), " +
			"a country code of ISO 3166-1 (for example 'FR'), or 'Any'"
	)
	return map[string]celCase{
		"account: long name":                    {kind: "BusinessAccount", patch: `{metadata: {name: a2345678901234567890123456789012345678901}}`, want: "the name of a BusinessAccount must not be longer than 40 characters: the names of its objects are made from it"},
		"account: name begins with a digit":     {kind: "BusinessAccount", patch: `{metadata: {name: 1acme}}`, want: "the name of a BusinessAccount must be a DNS label that starts with a letter: it becomes the name of a Service"},
		"account: name with a dot":              {kind: "BusinessAccount", patch: `{metadata: {name: acme.co}}`, want: "the name of a BusinessAccount must be a DNS label that starts with a letter: it becomes the name of a Service"},
		"account: WhatsApp without its account": {kind: "BusinessAccount", patch: `{spec: {whatsAppBusinessAccountID: null}}`, want: "whatsAppBusinessAccountID must be set when a channel is of type 'WhatsApp'"},
		"account: another WhatsApp account":     {kind: "BusinessAccount", changed: true, patch: `{spec: {whatsAppBusinessAccountID: "7"}}`, want: "whatsAppBusinessAccountID is immutable once it is set: the templates belong to it; make another account for another one"},
		"account: negative budget":              {kind: "BusinessAccount", patch: `{spec: {budget: {limit: {amount: "-1", currency: USD}}}}`, want: "limit.amount must not be negative"},
		"account: callback without a scheme":    {kind: "BusinessAccount", patch: `{spec: {callback: {url: "acme.example/hook", secretName: s}}}`, want: "url must be an absolute URL that starts with 'https://' or 'http://'"},
		"account: one number twice": {
			kind: "BusinessAccount",
			patch: `{spec: {channels: [{name: a, phoneNumberID: "1", credentialsSecretName: s}, {name: b,` +
				` phoneNumberID: "1", credentialsSecretName: s}]}}`,
			want: "each phoneNumberID, pageID and instagramID may appear in one channel only",
		},
		"account: WhatsApp channel with a page": {
			kind:  "BusinessAccount",
			patch: `{spec: {channels: [{name: a, phoneNumberID: "1", pageID: "2", credentialsSecretName: s}]}}`,
			want:  "a channel of type 'WhatsApp' must have phoneNumberID, and neither pageID nor instagramID",
		},
		"account: Instagram channel with a page": {
			kind: "BusinessAccount",
			patch: `{spec: {channels: [{name: a, type: Instagram, instagramID: "1", pageID: "1",` +
				` credentialsSecretName: s}]}}`,
			want: "a channel of type 'Instagram' must have instagramID, and neither phoneNumberID nor pageID",
		},
		"account: WhatsApp with an ad account": {
			kind:  "BusinessAccount",
			patch: `{spec: {channels: [{name: a, phoneNumberID: "1", adAccountID: "2", credentialsSecretName: s}]}}`,
			want: "only a channel of type 'Messenger' may have adAccountID: other networks have no paid marketing " +
				"messages",
		},
		"account: an ad account with its prefix": {
			kind: "BusinessAccount",
			patch: `{spec: {channels: [{name: a, type: Messenger, pageID: "1", adAccountID: act_2,` +
				` credentialsSecretName: s}]}}`,
			want: "must be digits only: it is the id that the Graph API gives, without 'act_'",
		},
		"account: Messenger channel with a number": {
			kind:  "BusinessAccount",
			patch: `{spec: {channels: [{name: a, type: Messenger, phoneNumberID: "1", credentialsSecretName: s}]}}`,
			want:  "a channel of type 'Messenger' must have pageID, and neither phoneNumberID nor instagramID",
		},
		"account: base URL of another scheme":        {kind: "BusinessAccount", patch: `{spec: {channels: [{name: a, phoneNumberID: "1", baseURL: "ftp://acme.example", credentialsSecretName: s}]}}`, want: "baseURL must be an absolute URL that starts with 'https://' or 'http://'"},
		"account: two replicas of an embedded store": {kind: "BusinessAccount", patch: `{spec: {gateway: {replicas: 2}}}`, want: "replicas may be greater than 1 only with storage.type 'Shared': the embedded store has one writer"},
		"account: autoscaling of an embedded store":  {kind: "BusinessAccount", patch: `{spec: {gateway: {autoscaling: {maxReplicas: 3}}}}`, want: "autoscaling may be set only with storage.type 'Shared': the embedded store has one writer"},
		"account: replicas and autoscaling": {
			kind: "BusinessAccount", patch: `{spec: {gateway: {replicas: 1, autoscaling: {maxReplicas: 3}, storage: {type: Shared, embedded: null, shared: {connectionSecretName: s}}}}}`,
			want: "replicas must not be set together with autoscaling: the autoscaler owns the number of replicas",
		},
		"account: autoscaling upside down": {
			kind: "BusinessAccount", patch: `{spec: {gateway: {autoscaling: {minReplicas: 4, maxReplicas: 3}, storage: {type: Shared, embedded: null, shared: {connectionSecretName: s}}}}}`,
			want: "minReplicas must not be greater than maxReplicas",
		},
		"account: a ledger to adopt later": {
			kind: "BusinessAccount", changed: true, patch: `{spec: {adopt: {ledgerID: a}}}`,
			want: "adopt can be set only when the account is made: an account has one ledger",
		},
		"account: a ledger that is no id": {
			kind: "BusinessAccount", patch: `{spec: {adopt: {ledgerID: "a/b"}}}`,
			want: "must be letters, digits and '-' only: it is status.ledgerID of an account",
		},
		"account: another portfolio":           {kind: "BusinessAccount", changed: true, patch: `{spec: {portfolioID: other}}`, want: "portfolioID is immutable: what the plan counts for it would begin anew"},
		"account: a portfolio no more":         {kind: "BusinessAccount", changed: true, patch: `{spec: {portfolioID: null}}`, want: "portfolioID is immutable: what the plan counts for it would begin anew"},
		"account: host in capitals":            {kind: "BusinessAccount", patch: `{spec: {gateway: {exposure: {type: Ingress, ingress: {host: Acme.example}}}}}`, want: hostName},
		"account: host with a final dot":       {kind: "BusinessAccount", patch: `{spec: {gateway: {exposure: {type: Ingress, ingress: {host: acme.example.}}}}}`, want: hostName},
		"account: wildcard host":               {kind: "BusinessAccount", patch: `{spec: {gateway: {exposure: {type: Ingress, ingress: {host: "*.example"}}}}}`, want: hostName},
		"plan: selection of nobody":            {kind: "PricingPlan", patch: `{spec: {grants: [{name: g, accounts: {}, exemptions: [charity]}]}}`, want: "must have namespaceSelector or names, or both"},
		"plan: grant of nothing":               {kind: "PricingPlan", patch: `{spec: {grants: [{name: g}]}}`, want: "must grant exemptions or internationalAuthentication, or both"},
		"plan: statement without a status":     {kind: "PricingPlan", patch: `{spec: {grants: [{name: g, internationalAuthentication: {statedBy: Plan}}]}}`, want: "status must be set when statedBy is 'Plan', and only then"},
		"plan: suspension of nobody":           {kind: "PricingPlan", patch: `{spec: {suspensions: [{name: s}]}}`, want: "spec.suspensions[0].accounts: Required value"},
		"plan: suspension that chooses nobody": {kind: "PricingPlan", patch: `{spec: {suspensions: [{name: s, accounts: {}}]}}`, want: "must have namespaceSelector or names, or both"},
		"account: activity that is none":       {kind: "BusinessAccount", patch: `{spec: {activity: Asleep}}`, want: `supported values: "Active", "Suspended", "Hibernated"`},
		"plan: cap that bounds nothing":        {kind: "PricingPlan", patch: `{spec: {budgetCaps: [{name: c, limit: "7", unlimited: Allowed}]}}`, want: "limit must not be set when unlimited is 'Allowed': it would bound nothing"},
		"account: Ingress without its part":    {kind: "BusinessAccount", patch: `{spec: {gateway: {exposure: {type: Ingress}}}}`, want: "ingress must be set with type 'Ingress', and only then"},
		"account: another kind of storage":     {kind: "BusinessAccount", changed: true, patch: `{spec: {gateway: {storage: {type: Shared, embedded: null, shared: {connectionSecretName: s}}}}}`, want: "gateway.storage.type is immutable: the ledger does not move by itself"},
		"account: embedded storage, shared":    {kind: "BusinessAccount", patch: `{spec: {gateway: {storage: {shared: {connectionSecretName: s}}}}}`, want: "with type 'Shared', shared must be set and embedded must not; with type 'Embedded', shared must not be set"},
		"account: another storage class":       {kind: "BusinessAccount", changed: true, patch: `{spec: {gateway: {storage: {embedded: {storageClassName: slow}}}}}`, want: "storageClassName is immutable"},
		"account: another time zone":           {kind: "BusinessAccount", changed: true, patch: `{spec: {timeZone: Europe/Paris}}`, want: "timeZone is immutable: a change would move the borders of billed periods"},
		"template: another account":            {kind: "MessageTemplate", changed: true, patch: `{spec: {accountName: other}}`, want: "accountName is immutable: make another MessageTemplate for another account"},
		"template: another name":               {kind: "MessageTemplate", changed: true, patch: `{spec: {name: other}}`, want: "name is immutable: the upstream knows the template by its name and language"},
		"template: another language":           {kind: "MessageTemplate", changed: true, patch: `{spec: {language: fr}}`, want: "language is immutable: the upstream knows the template by its name and language"},
		"template: another parameter format":   {kind: "MessageTemplate", changed: true, patch: `{spec: {parameterFormat: Named}}`, want: "parameterFormat is immutable"},
		"template: URL button without a URL":   {kind: "MessageTemplate", patch: `{spec: {buttons: [{type: URL, text: Go}]}}`, want: "url must be set with type 'URL', and only then"},
		"template: call button without number": {kind: "MessageTemplate", patch: `{spec: {buttons: [{type: PhoneNumber, text: Call}]}}`, want: "phoneNumber must be set with type 'PhoneNumber', and only then"},
		"template: button without a text": {
			kind: "MessageTemplate", patch: `{spec: {buttons: [{type: QuickReply}]}}`,
			want: "text must be set with type 'QuickReply', 'URL', 'PhoneNumber', 'Flow', 'Catalog', 'MPM', 'SPM', " +
				"'OrderDetails' or 'VoiceCall'",
		},
		"template: text header without a text": {kind: "MessageTemplate", patch: `{spec: {header: {format: Text}}}`, want: "text must be set with format 'Text', and only then"},
		"template: picture without a sample": {
			kind: "MessageTemplate", patch: `{spec: {header: {format: Image}}}`,
			want: "exampleHandle must be set with format 'Image', 'Video', 'GIF' or 'Document', and must not be " +
				"with 'Text', 'Location' or 'Product'",
		},
		"plan: selector without labels": {
			kind: "PricingPlan", patch: `{spec: {allowedNamespaces: {from: Selector}}}`,
			want: "selector must be set when from is 'Selector', and only then",
		},
		"plan: no currency of ISO 4217": {
			kind: "PricingPlan", patch: `{spec: {currency: XYZ}}`,
			want: "must be a currency of ISO 4217, for example 'USD'",
		},
		"plan: another currency": {
			kind: "PricingPlan", changed: true, patch: `{spec: {currency: EUR}}`,
			want: "must not be changed: make another plan for another currency",
		},
		"plan: two revisions on one day": {
			kind: "PricingPlan", patch: `{spec: {revisions: [
  {name: a, effectiveDate: "2025-07-01", classifyBy: Category, unit: Message, outsideWindow: TemplateOnly, rateAt: Delivery, serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}},
  {name: b, effectiveDate: "2025-07-01", classifyBy: Category, unit: Message, outsideWindow: TemplateOnly, rateAt: Delivery, serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}}]}}`,
			want: "must not have two revisions with the same effectiveDate",
		},
		"plan: messages with conversations": {kind: "PricingPlan", patch: planWith(`conversation: {durationSeconds: 86400, templatesJoin: Any, freeFormJoins: Any}`), want: "conversation must be set when unit is 'Conversation', and only then"},
		"plan: free in a window, when":      {kind: "PricingPlan", patch: planWith(`free: [{name: a, reason: ServiceWindow, when: InServiceWindow}]`), want: "at must be set unless when is 'Always', and only then"},
		"plan: empty mark-up":               {kind: "PricingPlan", patch: planWith(`markups: [{category: Utility}]`), want: "must have percent or fixed, or both"},
		"plan: negative mark-up":            {kind: "PricingPlan", patch: planWith(`markups: [{category: Utility, percent: "-3"}]`), want: "must be a percentage that is not negative and has at most 5 digits before and 4 after the point, like '12.5'"},
		"plan: over-precise fixed mark-up":  {kind: "PricingPlan", patch: planWith(`markups: [{category: Utility, fixed: "0.0000001"}]`), want: decimal},
		"plan: negative minimum":            {kind: "PricingPlan", patch: planWith(`minimumCharge: "-0.01"`), want: decimal},
		"plan: over-precise rate":           {kind: "PricingPlan", patch: planWith(`rates: [{market: France, prices: [{category: Utility, amount: "0.0000001"}]}]`), want: decimal},
		"plan: negative rate":               {kind: "PricingPlan", patch: planWith(`rates: [{market: France, prices: [{category: Utility, amount: "-0.03"}]}]`), want: decimal},
		"plan: unknown market":              {kind: "PricingPlan", patch: planWith(`rates: [{market: Atlantis, prices: [{category: Utility, amount: "0.03"}]}]`), want: market},
		"plan: unknown country":             {kind: "PricingPlan", patch: planWith(`rates: [{market: XX, prices: [{category: Utility, amount: "0.03"}]}]`), want: market},
		"plan: unknown country abroad":      {kind: "PricingPlan", patch: planWith(`internationalAuthentication: {countries: [XX]}`), want: "must be a country code of ISO 3166-1, for example 'FR'"},
		"plan: unknown category":            {kind: "PricingPlan", patch: planWith(`rates: [{market: France, prices: [{category: Poetry, amount: "0.03"}]}]`), want: `spec.revisions[0].rates[0].prices[0].category: Unsupported value: "Poetry": supported values: "Marketing", "MarketingLite", "Utility"`},
		"plan: an allowance of nothing":     {kind: "PricingPlan", patch: planWith(`allowances: [{name: a, count: 1000, per: Channel, period: Month}]`), want: "spec.revisions[0].allowances[0].of: Required value"},
		"plan: an allowance per nothing":    {kind: "PricingPlan", patch: planWith(`allowances: [{name: a, count: 1000, of: [Service], period: Month}]`), want: "spec.revisions[0].allowances[0].per: Required value"},
		"plan: an allowance for ever":       {kind: "PricingPlan", patch: planWith(`allowances: [{name: a, count: 1000, of: [Service], per: Channel}]`), want: "spec.revisions[0].allowances[0].period: Required value"},
		"plan: one market twice":            {kind: "PricingPlan", patch: planWith(`rates: [{market: France, prices: [{category: Utility, amount: "0.03"}]}, {market: France, prices: [{category: Service, amount: "0.03"}]}]`), want: "spec.revisions[0].rates[1]: Duplicate value"},
		"plan: a rate of words":             {kind: "PricingPlan", patch: planWith(`rates: [{market: France, prices: [{category: Utility, amount: "free"}]}]`), want: decimal},
		"plan: a rate without an amount":    {kind: "PricingPlan", patch: planWith(`rates: [{market: France, prices: [{category: Utility}]}]`), want: "spec.revisions[0].rates[0].prices[0].amount: Required value"},
		"plan: no day of the calendar":      {kind: "PricingPlan", patch: `{spec: {revisions: [{name: first, effectiveDate: "2025-02-30", classifyBy: Category, unit: Message, outsideWindow: TemplateOnly, rateAt: Delivery, serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}}]}}`, want: "spec.revisions[0].effectiveDate: Invalid value"},
		"plan: conversations of no length":  {kind: "PricingPlan", patch: planWith(`unit: Conversation`), want: "conversation must be set when unit is 'Conversation', and only then"},
		"plan: tiers of an unknown market":  {kind: "PricingPlan", patch: planWith(`tiers: [{market: Atlantis, category: Utility, mode: Marginal, per: Portfolio, steps: [{above: 10, amount: "0.01"}]}]`), want: market},
		"plan: over-precise tier":           {kind: "PricingPlan", patch: planWith(`tiers: [{market: France, category: Utility, mode: Marginal, per: Portfolio, steps: [{above: 10, amount: "0.0000001"}]}]`), want: decimal},
	}
}

// TestInvalidManifestsAreRefusedWithASentence has a case for every rule of the schemas, and fails
// if a rule has none.
func TestInvalidManifestsAreRefusedWithASentence(t *testing.T) {
	c, namespace := directClient(t), newNamespace(t)
	valid := map[string]string{
		"BusinessAccount": validAccount, "MessageTemplate": validTemplate, "PricingPlan": validPlan,
		"page's MessageTemplate": strings.Replace(strings.Replace(validTemplate,
			"name: order}", "name: order-of-page}", 1), "accountName: acme", "accountName: acme\n  channelName: page", 1),
		"UsageStatement":        fmt.Sprintf(validStatement, "2026-11", "Open"),
		"closed UsageStatement": fmt.Sprintf(validStatement, "2026-10", "Closed") + validSignature,
	}
	for kind, manifest := range valid {
		object := manifestOf(t, manifest, "{}", namespace)
		if err := c.Create(t.Context(), object); err != nil {
			t.Fatalf("the valid %s was refused: %v", kind, err)
		}
		if kind == "PricingPlan" {
			t.Cleanup(func() { _ = c.Delete(t.Context(), object) })
		}
	}
	uncovered := celSentences(t)
	cases := celCases()
	maps.Copy(cases, celFieldCases())
	for name, tc := range cases {
		delete(uncovered, tc.want)
		t.Run(name, func(t *testing.T) {
			object := manifestOf(t, valid[tc.kind], tc.patch, namespace)
			var err error
			if tc.changed {
				stored := manifestOf(t, valid[tc.kind], "{}", namespace)
				if err := c.Get(t.Context(), client.ObjectKeyFromObject(stored), stored); err != nil {
					t.Fatal(err)
				}
				object.SetResourceVersion(stored.GetResourceVersion())
				err = c.Update(t.Context(), object, client.DryRunAll)
			} else {
				if object.GetName() == "acme" || object.GetName() == "order" || object.GetName() == "cel" {
					object.SetName("refused")
				}
				err = c.Create(t.Context(), object, client.DryRunAll)
			}
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want a refusal that says %q", err, tc.want)
			}
		})
	}
	for sentence := range uncovered {
		t.Errorf("no test is refused with %q", sentence)
	}
}

// manifestOf is a manifest with a merge patch, in a namespace.
func manifestOf(t *testing.T, manifest, patch, namespace string) *unstructured.Unstructured {
	t.Helper()
	original, err := yaml.YAMLToJSON([]byte(manifest))
	if err != nil {
		t.Fatal(err)
	}
	change, err := yaml.YAMLToJSON([]byte(patch))
	if err != nil {
		t.Fatal(err)
	}
	patched, err := jsonpatch.MergePatch(original, change)
	if err != nil {
		t.Fatal(err)
	}
	object := &unstructured.Unstructured{}
	if err := object.UnmarshalJSON(patched); err != nil {
		t.Fatal(err)
	}
	if object.GetKind() == "PricingPlan" {
		if object.GetName() == "cel" {
			object.SetName("cel-" + namespace)
		}
		return object
	}
	object.SetNamespace(namespace)
	return object
}

// celSentences are the sentences of all rules of the schemas.
func celSentences(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "config", "crd", "bases", "*.yaml"))
	if err != nil || len(files) != 4 {
		t.Fatalf("got the CRDs %v, %v; want four", files, err)
	}
	sentences := map[string]bool{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(content) >= 262144 {
			t.Errorf("%s has %d bytes: a client-side apply can carry less than 262144", file, len(content))
		}
		var crd any
		if err := yaml.Unmarshal(content, &crd); err != nil {
			t.Fatal(err)
		}
		collectSentences(crd, sentences)
	}
	return sentences
}

func collectSentences(node any, sentences map[string]bool) {
	switch node := node.(type) {
	case []any:
		for _, child := range node {
			collectSentences(child, sentences)
		}
	case map[string]any:
		if rules, ok := node["x-kubernetes-validations"].([]any); ok {
			for _, rule := range rules {
				if rule, ok := rule.(map[string]any); ok {
					if message, ok := rule["message"].(string); ok {
						sentences[message] = true
					}
				}
			}
		}
		for _, child := range node {
			collectSentences(child, sentences)
		}
	}
}
