package controllers

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// templateScope is everything that one pass over a template knows.
type templateScope struct {
	template *v1alpha1.MessageTemplate
	now      time.Time
	// account is nil if there is none of the name; duplicate is the older template of the same name
	// and language, or nil.
	account   *v1alpha1.BusinessAccount
	duplicate *v1alpha1.MessageTemplate
	// plan is the one that the account asks for; nil if it is not there.
	plan *v1alpha1.PricingPlan
	// rules are all plans that the account and its channels ask for, and the one that prices the
	// account now, as far as they are there; priced says that the last is.
	rules      []*v1alpha1.PricingPlan
	priced     bool
	definition template.Definition
	findings   []template.Finding
	hold       hold

	// due says that it is time to ask the upstream; access is how, or nil while the account's
	// credentials are not in order.
	due    bool
	access *UpstreamAccess
	// looked says that the upstream was asked in this pass; upstream is its copy, or nil.
	looked   bool
	upstream *graph.UpstreamTemplate
	step     step
	created  graph.CreatedTemplate
	delayed  bool
	failure  error

	// servedForms are the templates of the account that every ready replica serves; nil while that
	// is not known.
	servedForms map[types.UID]string
}

// gather reads the world once.
func (r *MessageTemplateReconciler) gather(
	ctx context.Context, object *v1alpha1.MessageTemplate,
) (*templateScope, error) {
	definition := tenant.Definition(&object.Spec)
	scope := &templateScope{
		template: object, now: r.Clock.Now(), definition: definition, findings: tenant.Findings(&object.Spec),
	}
	account := &v1alpha1.BusinessAccount{}
	err := r.Client.Get(ctx, types.NamespacedName{Namespace: object.Namespace, Name: object.Spec.AccountName}, account)
	if apierrors.IsNotFound(err) {
		return scope, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read BusinessAccount %q: %w", object.Spec.AccountName, err)
	}
	scope.account = account
	if scope.duplicate, err = r.olderTwin(ctx, object); err != nil {
		return nil, err
	}
	names := planNamesOf(account)
	if !slices.Contains(names, account.Status.PlanName) {
		names = append(names, account.Status.PlanName)
	}
	for _, name := range names {
		plan, err := r.planNamed(ctx, name)
		if err != nil {
			return nil, err
		}
		if plan == nil {
			continue
		}
		scope.rules = append(scope.rules, plan)
		scope.priced = scope.priced || name == account.Status.PlanName
		if name == account.Spec.PlanName {
			scope.plan = plan
		}
	}
	scope.hold = decideHold(scope)
	return scope, nil
}

// planNamed is a plan, or nil if there is none of the name.
func (r *MessageTemplateReconciler) planNamed(ctx context.Context, name string) (*v1alpha1.PricingPlan, error) {
	if name == "" {
		return nil, nil
	}
	plan := &v1alpha1.PricingPlan{}
	err := r.Client.Get(ctx, types.NamespacedName{Name: name}, plan)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read PricingPlan %q: %w", name, err)
	}
	return plan, nil
}

// olderTwin is the template of the same account, name and language that was there first, or nil.
func (r *MessageTemplateReconciler) olderTwin(
	ctx context.Context, object *v1alpha1.MessageTemplate,
) (*v1alpha1.MessageTemplate, error) {
	list := &v1alpha1.MessageTemplateList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(object.Namespace), client.MatchingFields{indexAccount: object.Spec.AccountName},
	); err != nil {
		return nil, fmt.Errorf("list MessageTemplates: %w", err)
	}
	for i := range list.Items {
		other := &list.Items[i]
		if other.UID != object.UID && other.Spec.Name == object.Spec.Name &&
			other.Spec.ChannelName == object.Spec.ChannelName && other.Spec.Language == object.Spec.Language &&
			olderThan(other, object) {
			return other, nil
		}
	}
	return nil, nil
}

// olderThan orders by creation, and by name within the same second.
func olderThan(a, b *v1alpha1.MessageTemplate) bool {
	if !a.CreationTimestamp.Equal(&b.CreationTimestamp) {
		return a.CreationTimestamp.Before(&b.CreationTimestamp)
	}
	return a.Name < b.Name
}

// upstreamAccess is how a template is managed: with the credentials of its page, or of the
// account's first WhatsApp channel. It is nil while those are not in order.
func (r *MessageTemplateReconciler) upstreamAccess(
	ctx context.Context, account *v1alpha1.BusinessAccount, template *v1alpha1.MessageTemplate,
) (*UpstreamAccess, error) {
	if template.Spec.ChannelName != "" {
		return r.pageAccess(ctx, account, template.Spec.ChannelName)
	}
	channels := whatsAppChannels(account)
	if len(channels) == 0 {
		return nil, nil
	}
	credentials, err := r.credentialsOf(ctx, account.Namespace, channels[0])
	if credentials == nil || err != nil {
		return nil, err
	}
	access := credentials.access(account.Spec.WhatsAppBusinessAccountID)
	return &access, nil
}

// pageAccess is how the templates of a page are managed. It is nil while the page is not there, or
// its credentials are not in order.
func (r *MessageTemplateReconciler) pageAccess(
	ctx context.Context, account *v1alpha1.BusinessAccount, name string,
) (*UpstreamAccess, error) {
	channel := pageNamed(account, name)
	if channel == nil {
		return nil, nil
	}
	credentials, err := r.credentialsOf(ctx, account.Namespace, *channel)
	if credentials == nil || err != nil {
		return nil, err
	}
	access := credentials.access(channel.PageID)
	access.Page = true
	return &access, nil
}

// pageNamed is the page of a name among the account's channels, or nil.
func pageNamed(account *v1alpha1.BusinessAccount, name string) *v1alpha1.Channel {
	for i := range account.Spec.Channels {
		channel := &account.Spec.Channels[i]
		if channel.Name == name && channel.Identity().Type == v1alpha1.ChannelMessenger {
			return channel
		}
	}
	return nil
}

// lacksPage tells whether the template belongs to a page that the account does not have.
func (s *templateScope) lacksPage() bool {
	name := s.template.Spec.ChannelName
	return name != "" && s.account != nil && pageNamed(s.account, name) == nil
}

// acceptable tells whether the upstream may have the template, or go on having it.
func (s *templateScope) acceptable() bool {
	return s.account != nil && s.duplicate == nil && !s.lacksPage() && !template.HasErrors(s.findings)
}

// submittable tells whether the template may be submitted. What the upstream has already is
// followed all the same.
func (s *templateScope) submittable() bool { return s.acceptable() && !s.hold.holds() }

// released tells whether a template that could not be submitted now can.
func (s *templateScope) released() bool {
	return s.submittable() && !apimeta.IsStatusConditionTrue(s.template.Status.Conditions, v1alpha1.ConditionAccepted)
}

// edited tells whether the spec has changed since the last finished pass.
func (s *templateScope) edited() bool {
	return s.template.Status.ObservedGeneration != s.template.Generation
}

// dueTimes remember when each template is looked at next. They can be lost at any time. They are
// safe for concurrent use.
type dueTimes struct {
	mutex sync.Mutex
	at    map[types.NamespacedName]time.Time
}

func newDueTimes() *dueTimes { return &dueTimes{at: map[types.NamespacedName]time.Time{}} }

// take begins a look: what asks for one from now on asks for another.
func (d *dueTimes) take(name types.NamespacedName, now time.Time) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.at[name] = now
}

// set ends a look, and says when the next one is due, unless one was asked for meanwhile.
func (d *dueTimes) set(name types.NamespacedName, at time.Time) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if known, there := d.at[name]; !there || !known.IsZero() {
		d.at[name] = at
	}
}

// now makes a look due at once.
func (d *dueTimes) now(name types.NamespacedName) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	d.at[name] = time.Time{}
}

func (d *dueTimes) forget(name types.NamespacedName) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	delete(d.at, name)
}

func (d *dueTimes) reached(name types.NamespacedName, now time.Time) bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return !now.Before(d.at[name])
}

// until is the time from now to the next look, and a moment at least.
func (d *dueTimes) until(name types.NamespacedName, now time.Time) time.Duration {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return max(d.at[name].Sub(now), 100*time.Millisecond)
}
