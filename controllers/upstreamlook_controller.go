package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// WebhookFinalizer keeps a deleted BusinessAccount until its callback override is removed. Only
// accounts that register their webhook carry it.
const WebhookFinalizer = "guichet.dev/webhook-override"

const (
	// lookInterval is the mean time between two looks at what changes rarely upstream.
	lookInterval = 6 * time.Hour
	// firstLookRetry and longestLookRetry are the mean times before a look that failed is repeated.
	firstLookRetry   = 30 * time.Second
	longestLookRetry = time.Hour
	// callsOfLook is how many calls a look makes, about.
	callsOfLook = 5
)

// UpstreamLookReconciler registers the webhooks of accounts that ask for it, and looks now and then
// at what may stop an account's messages some day: its means of payment and its access tokens. The
// accounts' statuses say what it finds.
type UpstreamLookReconciler struct {
	Dependencies
	upstream *GraphUpstream
	looks    *UpstreamLooks
	limits   *upstreamLimits
	memories lookMemories
}

// NewUpstreamLookReconciler returns a reconciler that asks upstream and publishes what it says.
func NewUpstreamLookReconciler(
	d Dependencies, upstream *GraphUpstream, looks *UpstreamLooks,
) *UpstreamLookReconciler {
	return &UpstreamLookReconciler{
		Dependencies: d, upstream: upstream, looks: looks, limits: newUpstreamLimits(),
		memories: lookMemories{byName: map[types.NamespacedName]*lookMemory{}},
	}
}

// lookMemory is what is remembered of the last look at an account. It can be lost at any time: the
// upstream is then asked once more. Passes over one account follow each other, so it needs no lock.
type lookMemory struct {
	uid types.UID
	// inputs is a fingerprint of what the look depends on, as far as the caches tell, and asked of
	// all of it.
	inputs, asked string
	due           time.Time
	failures      int
	// registered is a fingerprint of the override that is in place; empty if that is not known.
	registered string
	look       upstreamLook
}

type lookMemories struct {
	mutex  sync.Mutex
	byName map[types.NamespacedName]*lookMemory
}

func (m *lookMemories) of(account *v1alpha1.BusinessAccount) *lookMemory {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	name := nameOf(account)
	if known := m.byName[name]; known != nil && known.uid == account.UID {
		return known
	}
	m.byName[name] = &lookMemory{uid: account.UID}
	return m.byName[name]
}

func (m *lookMemories) forget(name types.NamespacedName) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.byName, name)
}

// +kubebuilder:rbac:groups=guichet.dev,resources=businessaccounts,verbs=get;list;patch;watch

// Reconcile looks at the upstream when it is time to, or when what it depends on has changed.
func (r *UpstreamLookReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	account := &v1alpha1.BusinessAccount{}
	if err := r.Client.Get(ctx, request.NamespacedName, account); err != nil {
		if apierrors.IsNotFound(err) {
			r.looks.forget(request.NamespacedName)
			r.memories.forget(request.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !account.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, r.finalize(ctx, account)
	}
	if leaves, err := r.leaves(ctx, account); err != nil || leaves {
		return ctrl.Result{}, err
	}
	if err := r.keepFinalizer(ctx, account); err != nil {
		return ctrl.Result{}, err
	}
	if !namesWhatsApp(account) {
		return ctrl.Result{}, nil
	}
	return r.follow(ctx, account)
}

// follow looks if that is due. What it costs at rest is a few reads of the caches.
func (r *UpstreamLookReconciler) follow(
	ctx context.Context, account *v1alpha1.BusinessAccount,
) (ctrl.Result, error) {
	memory, now := r.memories.of(account), r.Clock.Now()
	inputs, err := r.inputsOf(ctx, account)
	if err != nil {
		return ctrl.Result{}, err
	}
	if memory.inputs == inputs && now.Before(memory.due) {
		return ctrl.Result{RequeueAfter: memory.due.Sub(now)}, nil
	}
	question, err := r.questionOf(ctx, account, memory)
	if err != nil {
		return ctrl.Result{}, err
	}
	if question == nil { // a Secret is not in order: CredentialsValid says which
		memory.inputs, memory.due = inputs, now.Add(jittered(lookInterval))
		return ctrl.Result{RequeueAfter: memory.due.Sub(now)}, nil
	}
	changed := memory.asked != question.fingerprint()
	if changed || !now.Before(memory.due) {
		limit := r.limits.of(account.Namespace, account.Spec.WhatsAppBusinessAccountID)
		if !limit.calls.AllowN(now, callsOfLook) {
			return ctrl.Result{RequeueAfter: jittered(10 * time.Second)}, nil
		}
		if changed {
			memory.failures, memory.look = 0, upstreamLook{}
		}
		r.look(ctx, *question, memory)
		memory.asked = question.fingerprint()
		memory.due = now.Add(jittered(memory.pause()))
		r.looks.publish(account, memory.look)
	}
	memory.inputs = inputs
	return ctrl.Result{RequeueAfter: memory.due.Sub(now)}, nil
}

// pause is the time to the next look: longer and longer while the last ones have failed.
func (m *lookMemory) pause() time.Duration {
	if m.failures == 0 {
		return lookInterval
	}
	return min(firstLookRetry<<min(m.failures-1, 10), longestLookRetry)
}

// look asks the upstream. What it does not answer now stays as it was said last.
func (r *UpstreamLookReconciler) look(ctx context.Context, question lookQuestion, memory *lookMemory) {
	before, now := memory.look, upstreamLook{}
	for _, credentials := range question.credentials {
		asked := tokenLook{secretName: credentials.secretName}
		asked.info, asked.failure = r.upstream.inspectToken(ctx, question.access(credentials))
		if i := before.token(credentials.secretName); asked.failure != nil && isPassing(asked.failure) && i >= 0 {
			asked = before.tokens[i]
		}
		now.tokens = append(now.tokens, asked)
	}
	first := question.credentials[0]
	now.funded, now.fundingFailure = r.upstream.hasFunding(ctx, question.access(first))
	if now.fundingFailure != nil && isPassing(now.fundingFailure) && len(before.tokens) > 0 {
		now.funded, now.fundingFailure = before.funded, before.fundingFailure
	}
	failure := now.failed()
	if question.registers {
		now.registration = r.register(ctx, question, now.appID(), memory)
		failure = errors.Join(failure, now.registration.failure, now.registration.fieldsFailure)
	}
	memory.look = now
	if failure == nil || errors.Is(failure, errNotReady) {
		memory.failures = 0
		return
	}
	memory.failures++
	log.FromContext(ctx).Info("The upstream did not do what an account needs", "error", failure.Error())
}

// register puts the callback override in place, and looks which fields the app is subscribed to.
func (r *UpstreamLookReconciler) register(
	ctx context.Context, question lookQuestion, appID string, memory *lookMemory,
) *registrationLook {
	first, fingerprint := question.credentials[0], question.registration()
	result := &registrationLook{callback: question.callback}
	wanted := subscription{
		appID: appID, callback: question.callback, verifyToken: first.verifyToken,
		renew: memory.registered != "" && memory.registered != fingerprint,
	}
	result.failure = r.upstream.register(ctx, question.access(first), wanted, question.ready)
	switch {
	case result.failure == nil:
		memory.registered = fingerprint
	case isPassing(result.failure) && memory.registered == fingerprint:
		result.failure = nil // it was in place a while ago
	case !isPassing(result.failure):
		memory.registered = ""
	}
	if result.failure == nil && appID != "" && r.trusts(question.access(first).BaseURL) {
		var fields []string
		fields, result.fieldsFailure = r.upstream.appFields(ctx, question.access(first), appID, first.appSecret)
		if result.fieldsFailure == nil {
			result.missing = missingFields(fields)
		}
	}
	return result
}

// trusts tells whether an app's own token may be sent to an upstream.
func (r *UpstreamLookReconciler) trusts(baseURL string) bool {
	return slices.Contains(r.Options.TrustedUpstreams, strings.TrimRight(baseURL, "/"))
}

// token is the place of the look at a Secret's token, or -1.
func (l *upstreamLook) token(secretName string) int {
	return slices.IndexFunc(l.tokens, func(t tokenLook) bool { return t.secretName == secretName })
}

// keepFinalizer adds or removes the finalizer as the registration asks, before anything is made
// upstream.
func (r *UpstreamLookReconciler) keepFinalizer(ctx context.Context, account *v1alpha1.BusinessAccount) error {
	before := account.DeepCopy()
	keep := controllerutil.RemoveFinalizer
	if registers(account) {
		keep = controllerutil.AddFinalizer
	}
	if !keep(account, WebhookFinalizer) {
		return nil
	}
	return r.patchFinalizers(ctx, before, account)
}

func (r *UpstreamLookReconciler) patchFinalizers(ctx context.Context, before, after *v1alpha1.BusinessAccount) error {
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := r.Client.Patch(ctx, after, patch, client.FieldOwner(FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write the finalizers of BusinessAccount %q: %w", after.Name, err)
	}
	return nil
}

// finalize removes the override and lets the object go. It never holds it for longer than
// deletionPatience.
func (r *UpstreamLookReconciler) finalize(ctx context.Context, account *v1alpha1.BusinessAccount) error {
	if !controllerutil.ContainsFinalizer(account, WebhookFinalizer) {
		return nil
	}
	failure := r.unregister(ctx, account)
	patient := r.Clock.Now().Sub(account.DeletionTimestamp.Time) < deletionPatience
	if failure != nil && !refusedForGood(failure) && patient {
		return fmt.Errorf("remove the callback override of BusinessAccount %q: %w", account.Name, failure)
	}
	if failure != nil {
		r.Recorder.Eventf(account, nil, corev1.EventTypeWarning, reasonLeftUpstream, "Delete",
			"The callback override of WhatsApp Business account %s was not removed: %s",
			account.Spec.WhatsAppBusinessAccountID, unreachable(failure))
	}
	before := account.DeepCopy()
	controllerutil.RemoveFinalizer(account, WebhookFinalizer)
	return r.patchFinalizers(ctx, before, account)
}

// unregister removes the override. Without the credentials there is nothing that could be done, and
// nothing to wait for.
func (r *UpstreamLookReconciler) unregister(ctx context.Context, account *v1alpha1.BusinessAccount) error {
	if account.Status.Gateway == nil || account.Status.Gateway.WebhookURL == "" {
		return nil
	}
	memory := r.memories.of(account)
	question, err := r.questionOf(ctx, account, memory)
	if err != nil {
		return err
	}
	if question == nil {
		r.Recorder.Eventf(account, nil, corev1.EventTypeWarning, reasonLeftUpstream, "Delete",
			"The credentials of the account are gone: the callback override of WhatsApp Business account %s was not "+
				"removed",
			account.Spec.WhatsAppBusinessAccountID)
		return nil
	}
	return r.upstream.unregister(ctx, question.access(question.credentials[0]), subscription{
		appID: memory.look.appID(), callback: question.callback,
	})
}
