package controllers

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

// upstreamLook is what the upstream said of an account when it was asked last.
type upstreamLook struct {
	tokens []tokenLook
	// funded says whether there is a means of payment; fundingFailure why that is not known.
	funded         bool
	fundingFailure error
	// registration is nil if the account registers nothing.
	registration *registrationLook
}

// tokenLook is what the upstream says of the access token in a Secret, or why that is not known.
type tokenLook struct {
	secretName string
	info       graph.TokenInfo
	failure    error
}

// registrationLook is what became of the registration of a callback.
type registrationLook struct {
	callback string
	// failure is why the webhooks do not go there; nil if they do.
	failure error
	// missing are the fields that the gateway needs and the app is not subscribed to; fieldsFailure
	// says why they are not known.
	missing       []string
	fieldsFailure error
}

// failed is the first failure that another try may end, or nil.
func (l *upstreamLook) failed() error {
	failures := []error{l.fundingFailure}
	for _, token := range l.tokens {
		failures = append(failures, token.failure)
	}
	if l.registration != nil {
		failures = append(failures, l.registration.fieldsFailure)
	}
	for _, failure := range failures {
		if failure != nil && isPassing(failure) {
			return failure
		}
	}
	return nil
}

// appID is the app of the first token; empty if it is not known.
func (l *upstreamLook) appID() string {
	if len(l.tokens) == 0 {
		return ""
	}
	return l.tokens[0].info.AppID
}

// UpstreamLooks hold the last look at the upstream of each account. They can be lost at any time.
// They are safe for concurrent use.
type UpstreamLooks struct {
	mutex  sync.Mutex
	byName map[types.NamespacedName]ownedLook
	news   chan event.GenericEvent
}

// ownedLook is a look and the account that it is of, which may be another one of the same name.
type ownedLook struct {
	uid  types.UID
	look upstreamLook
}

// NewUpstreamLooks returns looks at no account.
func NewUpstreamLooks() *UpstreamLooks {
	return &UpstreamLooks{
		byName: map[types.NamespacedName]ownedLook{}, news: make(chan event.GenericEvent, 1024),
	}
}

// publish replaces the look at an account, and has the account's status say so.
func (l *UpstreamLooks) publish(account *v1alpha1.BusinessAccount, look upstreamLook) {
	l.mutex.Lock()
	l.byName[nameOf(account)] = ownedLook{account.UID, look}
	l.mutex.Unlock()
	woken := &v1alpha1.BusinessAccount{}
	woken.SetNamespace(account.Namespace)
	woken.SetName(account.Name)
	select {
	case l.news <- event.GenericEvent{Object: woken}:
	default: // too much news at once: the account is looked at when its time comes
	}
}

// of is the last look at an account, or nil.
func (l *UpstreamLooks) of(account *v1alpha1.BusinessAccount) *upstreamLook {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	known, there := l.byName[nameOf(account)]
	if !there || known.uid != account.UID {
		return nil
	}
	return &known.look
}

func (l *UpstreamLooks) forget(name types.NamespacedName) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	delete(l.byName, name)
}

func nameOf(account *v1alpha1.BusinessAccount) types.NamespacedName {
	return types.NamespacedName{Namespace: account.Namespace, Name: account.Name}
}
