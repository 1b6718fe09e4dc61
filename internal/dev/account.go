package dev

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Names of the Secrets that the process makes.
const (
	callbackSecretName   = "guichet-dev-callback"
	connectionSecretName = "guichet-dev-postgres"
)

// account is the tenant as the process serves it: the manifests, with the simulator in Meta's
// place.
type account struct {
	manifests *Manifests
	plan      pricing.Plan
	claims    tenant.Claims
	secrets   tenant.Secrets
	// notes say what is not as the manifests say.
	notes []string
}

// newAccount checks the manifests as the operator does, and fits them into the process.
func newAccount(m *Manifests, state *State, o *Options, simulatorURL string) (*account, error) {
	a := &account{manifests: m, secrets: tenant.Secrets{}}
	a.leaveOutPages()
	if len(m.Account.Spec.Channels) == 0 {
		return nil, fmt.Errorf(
			"BusinessAccount %q: it has no channel of type 'WhatsApp', and guichet dev plays no other", m.Account.Name,
		)
	}
	a.adapt(state, o, simulatorURL)
	if err := tenant.CheckSelectors(&m.Plan.Spec); err != nil {
		return nil, fmt.Errorf("PricingPlan %q: %w", m.Plan.Name, err)
	}
	var err error
	if a.plan, err = tenant.Plan(&m.Plan.Spec); err != nil {
		return nil, fmt.Errorf("PricingPlan %q: %w", m.Plan.Name, err)
	}
	currency, err := money.ParseCurrency(m.Plan.Spec.Currency)
	if err != nil {
		return nil, fmt.Errorf("PricingPlan %q: spec.currency: %w", m.Plan.Name, err)
	}
	a.claims = tenant.ClaimsOf(&m.Account.Spec, tenant.EntitlementOf(m.Plan, m.Account, nil), currency)
	a.notes = append(a.notes, a.claims.Refused...)
	if problem := tenant.CheckSecrets(m.Account, a.secrets); problem != nil {
		return nil, fmt.Errorf("BusinessAccount %q: %s", m.Account.Name, problem.Message)
	}
	return a, checkTemplates(m.Templates)
}

// leaveOutPages leaves out the channels that the process does not play, and their templates.
func (a *account) leaveOutPages() {
	spec := &a.manifests.Account.Spec
	spec.Channels = slices.DeleteFunc(spec.Channels, func(c v1alpha1.Channel) bool {
		if c.Identity().Type == v1alpha1.ChannelWhatsApp {
			return false
		}
		a.notes = append(a.notes, fmt.Sprintf(
			"channel %q is left out: guichet dev plays WhatsApp numbers only", c.Name,
		))
		return true
	})
	a.manifests.Templates = slices.DeleteFunc(a.manifests.Templates, func(t v1alpha1.MessageTemplate) bool {
		if t.Spec.ChannelName == "" {
			return false
		}
		a.notes = append(a.notes, fmt.Sprintf("MessageTemplate %q is left out: it is a page's", t.Name))
		return true
	})
}

// adapt puts the simulator in the upstream's place, makes the Secrets that the manifests do not
// give, and directs callbacks and the store to where the process has them.
func (a *account) adapt(state *State, o *Options, simulatorURL string) {
	ba := a.manifests.Account
	ba.Namespace = cmp.Or(ba.Namespace, "default")
	ba.UID = types.UID(state.AccountUID)
	for _, secret := range a.manifests.Secrets {
		values := map[string][]byte{}
		maps.Copy(values, secret.Data)
		for key, value := range secret.StringData {
			values[key] = []byte(value)
		}
		a.secrets[secret.Name] = values
	}
	for i := range ba.Spec.Channels {
		channel := &ba.Spec.Channels[i]
		channel.BaseURL = simulatorURL
		for _, key := range []string{
			v1alpha1.SecretKeyAccessToken, v1alpha1.SecretKeyAppSecret, v1alpha1.SecretKeyVerifyToken,
		} {
			a.complete(channel.CredentialsSecretName, key, func() string {
				return state.credential(channel.CredentialsSecretName, key)
			})
		}
	}
	a.complete(tenant.APITokensSecretName(ba), "dev", func() string { return state.APIToken })
	if ba.Spec.Callback != nil && o.CallbackURL == "" {
		a.notes = append(a.notes, "spec.callback: callbacks go to the page instead of "+ba.Spec.Callback.URL)
	}
	ba.Spec.Callback = &v1alpha1.Callback{
		URL:        cmp.Or(o.CallbackURL, simulatorURL+simulator.SinkPath+ba.Spec.WhatsAppBusinessAccountID),
		SecretName: callbackSecretName,
	}
	a.complete(callbackSecretName, v1alpha1.SecretKeyCallback, func() string { return state.CallbackSecret })
	if ba.Spec.Gateway == nil {
		ba.Spec.Gateway = &v1alpha1.Gateway{}
	}
	ba.Spec.Gateway.Storage = nil
	if o.PostgresURL != "" {
		ba.Spec.Gateway.Storage = &v1alpha1.Storage{
			Type:   v1alpha1.StorageShared,
			Shared: &v1alpha1.SharedStorage{ConnectionSecretName: connectionSecretName},
		}
		a.complete(connectionSecretName, v1alpha1.SecretKeyConnectionURL, func() string { return o.PostgresURL })
	}
}

// complete gives a Secret a value for a key that it lacks.
func (a *account) complete(secret, key string, value func() string) {
	if a.secrets[secret] == nil {
		a.secrets[secret] = map[string][]byte{}
	}
	if len(a.secrets[secret][key]) == 0 {
		a.secrets[secret][key] = []byte(value())
	}
}

// simulator is Meta's side of the account.
func (a *account) simulator(o *Options, url, webhooks string) simulator.Config {
	spec := &a.manifests.Account.Spec
	meta := simulator.Account{ID: spec.WhatsAppBusinessAccountID, Name: spec.DisplayName, CallbackURL: webhooks}
	for i, channel := range spec.Channels {
		secret := a.secrets[channel.CredentialsSecretName]
		value := func(key string) string { return strings.TrimSpace(string(secret[key])) }
		meta.AppSecret, meta.VerifyToken = value(v1alpha1.SecretKeyAppSecret), value(v1alpha1.SecretKeyVerifyToken)
		meta.Tokens = append(meta.Tokens, value(v1alpha1.SecretKeyAccessToken))
		meta.Numbers = append(meta.Numbers, simulator.Number{
			ID: channel.PhoneNumberID, VerifiedName: spec.DisplayName,
			DisplayPhoneNumber: fmt.Sprintf("+33 1 70 18 00 %02d", i),
		})
	}
	for i := range a.manifests.Templates {
		meta.Templates = append(meta.Templates, tenant.Definition(&a.manifests.Templates[i].Spec))
	}
	return simulator.Config{Accounts: []simulator.Account{meta}, URL: url, EnforceRates: true, Delivery: o.Delivery}
}

// follow takes over what the upstream says of the templates, as the operator writes it into their
// status, and reports whether anything is new.
func (a *account) follow(upstream []simulator.FeedAccount) (changed bool) {
	for i := range a.manifests.Templates {
		t := &a.manifests.Templates[i]
		for _, of := range upstream {
			for _, known := range of.Templates {
				if known.Name != t.Spec.Name || known.Language != t.Spec.Language {
					continue
				}
				now := t.Status
				now.UpstreamID, now.UpstreamStatus, now.Category = known.ID, known.Status, known.Category
				now.SubmittedDigest = tenant.DefinitionDigest(tenant.Definition(&t.Spec))
				if now.UpstreamStatus != t.Status.UpstreamStatus || now.Category != t.Status.Category ||
					now.UpstreamID != t.Status.UpstreamID {
					t.Status, changed = now, true
				}
			}
		}
	}
	return changed
}

// document is the gateway's configuration, as the operator compiles it.
func (a *account) document() ([]byte, error) {
	compiled := tenant.Compile(tenant.Sources{
		Account: a.manifests.Account, PlanName: a.manifests.Plan.Name, Plan: a.plan, Claims: a.claims,
		Templates: a.manifests.Templates, Secrets: a.secrets, AllowedEgress: []string{"127.0.0.0/8", "::1/128"},
	})
	if compiled.Templates != nil {
		return nil, fmt.Errorf("templates: %s", compiled.Templates.Message)
	}
	encoded, _, err := tenant.Encode(compiled.Document)
	return encoded, err
}

// checkTemplates refuses templates that the operator would not submit.
func checkTemplates(templates []v1alpha1.MessageTemplate) error {
	for i := range templates {
		findings := tenant.Findings(&templates[i].Spec)
		if !template.HasErrors(findings) {
			continue
		}
		var sentences []string
		for _, finding := range findings {
			sentences = append(sentences, finding.Path+": "+finding.Message)
		}
		return fmt.Errorf("MessageTemplate %q: %s", templates[i].Name, strings.Join(sentences, "; "))
	}
	return nil
}
