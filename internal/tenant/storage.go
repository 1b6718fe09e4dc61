package tenant

import (
	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

// sharedOf is the account's shared store, or nil if it has a volume of its own.
func sharedOf(account *v1alpha1.BusinessAccount) *v1alpha1.SharedStorage {
	gateway := account.Spec.Gateway
	if gateway == nil || gateway.Storage == nil || gateway.Storage.Type != v1alpha1.StorageShared {
		return nil
	}
	return gateway.Storage.Shared
}

// Shared tells whether the account's state is on a server that its replicas share.
func Shared(account *v1alpha1.BusinessAccount) bool { return sharedOf(account) != nil }

// storageOf is the zero value for an embedded store, so that its configuration stays as it was
// before there were others. Where the URL of a shared one is missing, it is the one before; without
// that too the URL is empty, and no gateway can start.
func storageOf(account *v1alpha1.BusinessAccount, secrets Secrets, served *config.Document) config.Storage {
	shared := sharedOf(account)
	if shared == nil {
		return config.Storage{}
	}
	address := secrets.value(shared.ConnectionSecretName, v1alpha1.SecretKeyConnectionURL)
	if address == "" && served != nil && served.Storage.Type == config.StorageShared {
		return served.Storage
	}
	return config.Storage{
		Type:  config.StorageShared,
		URL:   address,
		CAPEM: secrets.value(shared.ConnectionSecretName, v1alpha1.SecretKeyConnectionCA),
	}
}

// Replicas is the number of gateway pods that the account asks for, and false if an autoscaler owns
// it.
func Replicas(account *v1alpha1.BusinessAccount) (replicas int32, ours bool) {
	gateway := account.Spec.Gateway
	switch {
	case account.Spec.Activity == v1alpha1.ActivityHibernated:
		return 0, true
	case gateway == nil:
		return 1, true
	case gateway.Autoscaling != nil:
		return 0, false
	case gateway.Replicas != nil:
		return *gateway.Replicas, true
	}
	return 1, true
}
