package controllers

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Field indexes of the operator's caches.
const (
	// indexPlan finds the accounts of a plan by spec.planName.
	indexPlan = "spec.planName"
	// indexPricedNow finds the accounts that a plan prices now, whether they name it or not.
	indexPricedNow = "status.planName"
	// indexPriced finds the accounts whose messages a plan has priced, whether they still use it or
	// not.
	indexPriced = "status.pricedRevisions.plan"
	// indexSecret finds the accounts that name a Secret.
	indexSecret = "guichet.secretNames"
	// indexChannel finds the accounts that name a phone number or a page, by channelKey.
	indexChannel = "guichet.channels"
	// indexHost finds the accounts whose Ingress asks for a host.
	indexHost = "guichet.ingressHost"
	// indexAccount finds the templates of an account by spec.accountName.
	indexAccount = "spec.accountName"
)

// AddIndexes registers the field indexes that the reconcilers look objects up by. It must be called
// once, before the manager starts.
func AddIndexes(ctx context.Context, indexer client.FieldIndexer) error {
	indexes := []struct {
		object client.Object
		name   string
		values client.IndexerFunc
	}{
		{&v1alpha1.BusinessAccount{}, indexPlan, planOf},
		{&v1alpha1.BusinessAccount{}, indexPricedNow, pricedNowOf},
		{&v1alpha1.BusinessAccount{}, indexPriced, pricedOf},
		{&v1alpha1.BusinessAccount{}, indexSecret, secretsOf},
		{&v1alpha1.BusinessAccount{}, indexChannel, channelKeysOf},
		{&v1alpha1.BusinessAccount{}, indexHost, hostsOf},
		{&v1alpha1.MessageTemplate{}, indexAccount, accountOf},
	}
	for _, index := range indexes {
		if err := indexer.IndexField(ctx, index.object, index.name, index.values); err != nil {
			return fmt.Errorf("index %T by %s: %w", index.object, index.name, err)
		}
	}
	return nil
}

func planOf(object client.Object) []string {
	account, ok := object.(*v1alpha1.BusinessAccount)
	if !ok {
		return nil
	}
	return []string{account.Spec.PlanName}
}

func pricedNowOf(object client.Object) []string {
	account, ok := object.(*v1alpha1.BusinessAccount)
	if !ok || account.Status.PlanName == "" {
		return nil
	}
	return []string{account.Status.PlanName}
}

func pricedOf(object client.Object) []string {
	account, ok := object.(*v1alpha1.BusinessAccount)
	if !ok {
		return nil
	}
	var plans []string
	for _, priced := range account.Status.PricedRevisions {
		plans = append(plans, priced.Plan)
	}
	return plans
}

func secretsOf(object client.Object) []string {
	account, ok := object.(*v1alpha1.BusinessAccount)
	if !ok {
		return nil
	}
	return tenant.SecretNames(account)
}

func channelKeysOf(object client.Object) []string {
	account, ok := object.(*v1alpha1.BusinessAccount)
	if !ok {
		return nil
	}
	var keys []string
	for _, identity := range identitiesOf(account) {
		if identity.ID != "" {
			keys = append(keys, channelKey(identity))
		}
	}
	return keys
}

// channelKey is a channel's identity in an index.
func channelKey(identity v1alpha1.ChannelIdentity) string {
	return string(identity.Type) + "/" + identity.ID
}

func hostsOf(object client.Object) []string {
	account, ok := object.(*v1alpha1.BusinessAccount)
	if !ok {
		return nil
	}
	if host := tenant.IngressHost(account); host != "" {
		return []string{host}
	}
	return nil
}

func accountOf(object client.Object) []string {
	template, ok := object.(*v1alpha1.MessageTemplate)
	if !ok {
		return nil
	}
	return []string{template.Spec.AccountName}
}
