package controllers

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

// inspection is what the upstream last said about an account.
type inspection struct {
	tokens []tokenInspection
	// funded says whether there is a means of payment; fundingFailure says why that is not known.
	funded         bool
	fundingFailure error
	// registration is nil if the account registers nothing.
	registration *registrationResult
	// pages are the account's pages and Instagram accounts.
	pages []pageInspection
}

// tokenInspection is what the upstream says about the access token in a Secret, or why that is not
// known.
type tokenInspection struct {
	secretName string
	// page is the name of the channel that is a page, and identity what it is; empty for the tokens
	// of WhatsApp.
	page     string
	identity v1alpha1.ChannelIdentity
	info     graph.TokenInfo
	failure  error
}

// registrationResult is the result of registering a callback.
type registrationResult struct {
	callback string
	// failure is why the webhooks do not go there; nil if they do.
	failure error
	// missing are the fields that the gateway needs and the app is not subscribed to; fieldsFailure
	// says why they are not known.
	missing       []string
	fieldsFailure error
}

// passingFailure is the first failure about the means of payment or a token that another try may
// end, or nil.
func (i *inspection) passingFailure() error {
	failures := []error{i.fundingFailure}
	for _, token := range i.tokens {
		if token.page == "" {
			failures = append(failures, token.failure)
		}
	}
	for _, failure := range failures {
		if failure != nil && isPassing(failure) {
			return failure
		}
	}
	return nil
}

// appID is the app of the first token of WhatsApp; empty if it is not known.
func (i *inspection) appID() string {
	if i == nil || len(i.tokens) == 0 || i.tokens[0].page != "" {
		return ""
	}
	return i.tokens[0].info.AppID
}

// UpstreamInspections hold the last inspection of each account. They can be lost at any time. They
// are safe for concurrent use.
type UpstreamInspections struct {
	mutex  sync.Mutex
	byName map[types.NamespacedName]ownedInspection
	news   chan event.GenericEvent
}

// ownedInspection is an inspection with the UID of its account: a new account may have the name of
// an old one.
type ownedInspection struct {
	uid        types.UID
	inspection inspection
}

// NewUpstreamInspections returns an empty set of inspections.
func NewUpstreamInspections() *UpstreamInspections {
	return &UpstreamInspections{
		byName: map[types.NamespacedName]ownedInspection{}, news: make(chan event.GenericEvent, 1024),
	}
}

// publish replaces the inspection of an account, and wakes the reconciler that writes its status.
func (u *UpstreamInspections) publish(account *v1alpha1.BusinessAccount, found inspection) {
	u.mutex.Lock()
	u.byName[client.ObjectKeyFromObject(account)] = ownedInspection{account.UID, found}
	u.mutex.Unlock()
	woken := &v1alpha1.BusinessAccount{}
	woken.SetNamespace(account.Namespace)
	woken.SetName(account.Name)
	select {
	case u.news <- event.GenericEvent{Object: woken}:
	default: // too much news at once: the account's next pass shows it
	}
}

// of is the last inspection of an account, or nil.
func (u *UpstreamInspections) of(account *v1alpha1.BusinessAccount) *inspection {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	known, there := u.byName[client.ObjectKeyFromObject(account)]
	if !there || known.uid != account.UID {
		return nil
	}
	return &known.inspection
}

func (u *UpstreamInspections) forget(name types.NamespacedName) {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	delete(u.byName, name)
}
