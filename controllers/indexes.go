package controllers

import (
	"context"
	"fmt"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Field indexes of the operator's caches.
const (
	// indexPlan finds the accounts that name a plan, for all of their channels or for one.
	indexPlan = "guichet.planNames"
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
	return planNamesOf(account)
}

// planNamesOf are the plans that an account names, each once, in order.
func planNamesOf(account *v1alpha1.BusinessAccount) []string {
	names := append(channelPlansOf(account), account.Spec.PlanName)
	slices.Sort(names)
	return slices.Compact(names)
}

// channelPlansOf are the plans that channels name for themselves, if that is not the account's.
func channelPlansOf(account *v1alpha1.BusinessAccount) []string {
	var names []string
	for i := range account.Spec.Channels {
		if name := account.Spec.Channels[i].PlanName; name != "" && name != account.Spec.PlanName {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
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
