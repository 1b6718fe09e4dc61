package dev

import (
	"cmp"
	"fmt"
	"maps"

	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/simulator"
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
	prices    prices
	secrets   tenant.Secrets
	// notes say what is not as the manifests say.
	notes []string
}

// newAccount checks the manifests as the operator does, and fits them into the process.
func newAccount(m *Manifests, state *State, o *Options, simulatorURL string) (*account, error) {
	a := &account{manifests: m, secrets: tenant.Secrets{}}
	a.adapt(state, o, simulatorURL)
	var err error
	if a.prices, err = pricesOf(m); err != nil {
		return nil, err
	}
	a.notes = append(a.notes, a.prices.claims.Refused...)
	if problem := tenant.CheckSecrets(m.Account, a.secrets); problem != nil {
		return nil, fmt.Errorf("BusinessAccount %q: %s", m.Account.Name, problem.Message)
	}
	return a, a.checkTemplates()
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
		URL:        cmp.Or(o.CallbackURL, simulatorURL+simulator.SinkPath+upstreamID(&ba.Spec)),
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

// upstreamID is an id by which the upstream knows the account: that of its numbers, or of its first
// page.
func upstreamID(spec *v1alpha1.BusinessAccountSpec) string {
	id := spec.WhatsAppBusinessAccountID
	if id == "" && len(spec.Channels) > 0 {
		id = spec.Channels[0].Identity().ID
	}
	return id
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

// document is the gateway's configuration, as the operator compiles it.
func (a *account) document() ([]byte, error) {
	compiled := tenant.Compile(tenant.Sources{
		Account: a.manifests.Account, PlanName: a.manifests.Plan.Name, Plan: a.prices.plan, Claims: a.prices.claims,
		Channels: a.prices.channels, Templates: a.manifests.Templates, Secrets: a.secrets,
		AllowedEgress: []string{"127.0.0.0/8", "::1/128"},
	})
	if compiled.Templates != nil {
		return nil, fmt.Errorf("templates: %s", compiled.Templates.Message)
	}
	encoded, _, err := tenant.Encode(compiled.Document)
	return encoded, err
}
