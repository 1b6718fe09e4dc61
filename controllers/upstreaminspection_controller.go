package controllers

import (
	"cmp"
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
	// inspectionInterval is the mean time between two inspections of an account.
	inspectionInterval = 6 * time.Hour
	// firstInspectionRetry and longestInspectionRetry are the mean times before a failed inspection
	// is repeated.
	firstInspectionRetry   = 30 * time.Second
	longestInspectionRetry = time.Hour
	// callsPerInspection is about how many calls an inspection makes.
	callsPerInspection = 5
)

// UpstreamInspectionReconciler registers the webhooks of the accounts that ask for it. It also
// checks every few hours what may later stop an account's messages: its means of payment and its
// access tokens. The account's status shows the results.
type UpstreamInspectionReconciler struct {
	Dependencies
	upstream    *GraphUpstream
	inspections *UpstreamInspections
	limits      *upstreamLimits
	memories    inspectionMemories
}

// NewUpstreamInspectionReconciler returns a reconciler that inspects accounts through upstream and
// publishes the results in inspections.
func NewUpstreamInspectionReconciler(
	d Dependencies, upstream *GraphUpstream, inspections *UpstreamInspections,
) *UpstreamInspectionReconciler {
	return &UpstreamInspectionReconciler{
		Dependencies: d, upstream: upstream, inspections: inspections, limits: newUpstreamLimits(),
		memories: inspectionMemories{byName: map[types.NamespacedName]*inspectionMemory{}},
	}
}

// inspectionMemory is what is remembered of an account's last inspection. It can be lost at any
// time: the account is then inspected once more. Only one pass over an account runs at a time, so
// it needs no lock.
type inspectionMemory struct {
	uid types.UID
	// input is the fingerprint of the input of the last inspection; cached is that of the part of
	// it which the caches hold.
	input, cached string
	due           time.Time
	failures      int
	// registered is the fingerprint of the override that is in place; empty if it is not known.
	registered string
}

type inspectionMemories struct {
	mutex  sync.Mutex
	byName map[types.NamespacedName]*inspectionMemory
}

func (m *inspectionMemories) of(account *v1alpha1.BusinessAccount) *inspectionMemory {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	name := client.ObjectKeyFromObject(account)
	if known := m.byName[name]; known != nil && known.uid == account.UID {
		return known
	}
	m.byName[name] = &inspectionMemory{uid: account.UID}
	return m.byName[name]
}

func (m *inspectionMemories) forget(name types.NamespacedName) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	delete(m.byName, name)
}

// +kubebuilder:rbac:groups=guichet.dev,resources=businessaccounts,verbs=get;list;patch;watch

// Reconcile inspects an account when that is due, or when its input has changed.
func (r *UpstreamInspectionReconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	account := &v1alpha1.BusinessAccount{}
	if err := r.Client.Get(ctx, request.NamespacedName, account); err != nil {
		if apierrors.IsNotFound(err) {
			r.inspections.forget(request.NamespacedName)
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
	// The finalizer must be there before the override is.
	if err := r.setFinalizer(ctx, account, WebhookFinalizer, registers(account)); err != nil {
		return ctrl.Result{}, err
	}
	return r.follow(ctx, account)
}

// follow inspects the account if that is due. At rest it only reads the caches.
func (r *UpstreamInspectionReconciler) follow(
	ctx context.Context, account *v1alpha1.BusinessAccount,
) (ctrl.Result, error) {
	memory, now := r.memories.of(account), r.Clock.Now()
	cached, err := r.cachedFingerprint(ctx, account)
	if err != nil {
		return ctrl.Result{}, err
	}
	if memory.cached == cached && now.Before(memory.due) {
		return ctrl.Result{RequeueAfter: memory.due.Sub(now)}, nil
	}
	input, err := r.inspectionInputOf(ctx, account, memory)
	if err != nil {
		return ctrl.Result{}, err
	}
	if len(input.credentials)+len(input.pages) == 0 { // CredentialsValid says which Secret is not in order
		memory.cached, memory.due = cached, now.Add(jittered(inspectionInterval))
		return ctrl.Result{RequeueAfter: memory.due.Sub(now)}, nil
	}
	changed := memory.input != input.fingerprint()
	if changed || !now.Before(memory.due) {
		limit := r.limits.of(account.Namespace, cmp.Or(account.Spec.WhatsAppBusinessAccountID, account.Name))
		if !limit.calls.AllowN(now, callsPerInspection) {
			return ctrl.Result{RequeueAfter: jittered(10 * time.Second)}, nil
		}
		var before inspection
		if changed {
			memory.failures = 0
		} else if last := r.inspections.of(account); last != nil {
			before = *last
		}
		r.inspections.publish(account, r.inspect(ctx, account, *input, before, memory))
		memory.input = input.fingerprint()
		memory.due = now.Add(jittered(memory.pause()))
	}
	memory.cached = cached
	return ctrl.Result{RequeueAfter: memory.due.Sub(now)}, nil
}

// pause is the time until the next inspection. It grows while inspections fail.
func (m *inspectionMemory) pause() time.Duration {
	if m.failures == 0 {
		return inspectionInterval
	}
	return min(firstInspectionRetry<<min(m.failures-1, 10), longestInspectionRetry)
}

// inspect asks the upstream. What it fails to answer stays as it was before.
func (r *UpstreamInspectionReconciler) inspect(
	ctx context.Context, account *v1alpha1.BusinessAccount, input inspectionInput, before inspection,
	memory *inspectionMemory,
) inspection {
	var now inspection
	var failure error
	if len(input.credentials) > 0 {
		now, failure = r.inspectWhatsApp(ctx, input, before, memory)
	}
	pages, tokens, pagesFailure := r.inspectPages(ctx, account, input, before)
	now.pages, now.tokens = pages, append(now.tokens, tokens...)
	if failure = errors.Join(failure, pagesFailure); failure == nil {
		memory.failures = 0
		return now
	}
	memory.failures++
	log.FromContext(ctx).Info("The upstream did not do what an account needs", "error", failure.Error())
	return now
}

// inspectWhatsApp asks about the WhatsApp Business account. The failure is one that another try may
// end, or the upstream's refusal to register.
func (r *UpstreamInspectionReconciler) inspectWhatsApp(
	ctx context.Context, input inspectionInput, before inspection, memory *inspectionMemory,
) (now inspection, failure error) {
	for _, credentials := range input.credentials {
		token := tokenInspection{secretName: credentials.secretName}
		token.info, token.failure = r.upstream.inspectToken(ctx, input.access(credentials))
		if i := before.token(credentials.secretName); token.failure != nil && isPassing(token.failure) && i >= 0 {
			token = before.tokens[i]
		}
		now.tokens = append(now.tokens, token)
	}
	first := input.credentials[0]
	now.funded, now.fundingFailure = r.upstream.hasFunding(ctx, input.access(first))
	if now.fundingFailure != nil && isPassing(now.fundingFailure) && len(before.tokens) > 0 {
		now.funded, now.fundingFailure = before.funded, before.fundingFailure
	}
	failure = now.passingFailure()
	if input.registers {
		now.registration = r.register(ctx, input, now.appID(), memory)
		failure = errors.Join(failure, now.registration.fieldsFailure)
		if !errors.Is(now.registration.failure, errNotReady) { // once the gateway is ready, the input is another
			failure = errors.Join(failure, now.registration.failure)
		}
	}
	return now, failure
}

// register sets the callback override, and reads which fields the app is subscribed to.
func (r *UpstreamInspectionReconciler) register(
	ctx context.Context, input inspectionInput, appID string, memory *inspectionMemory,
) *registrationResult {
	first, fingerprint := input.credentials[0], input.registration()
	result := &registrationResult{callback: input.callback}
	wanted := subscription{
		appID: appID, callback: input.callback, verifyToken: first.verifyToken,
		renew: memory.registered != "" && memory.registered != fingerprint,
	}
	result.failure = r.upstream.register(ctx, input.access(first), wanted, input.ready)
	switch {
	case result.failure == nil:
		memory.registered = fingerprint
	case isPassing(result.failure) && memory.registered == fingerprint:
		result.failure = nil // it was in place a while ago
	case !isPassing(result.failure):
		memory.registered = ""
	}
	if result.failure == nil && appID != "" && r.trusts(input.access(first).BaseURL) {
		var fields []string
		fields, result.fieldsFailure = r.upstream.appFields(ctx, input.access(first), appID, first.appSecret)
		if result.fieldsFailure == nil {
			result.missing = missingFields(fields)
		}
	}
	return result
}

// trusts tells whether an app's own token may be sent to an upstream.
func (r *UpstreamInspectionReconciler) trusts(baseURL string) bool {
	return slices.Contains(r.Options.TrustedUpstreams, strings.TrimRight(baseURL, "/"))
}

// token is the index of WhatsApp's token in a Secret, or -1.
func (i *inspection) token(secretName string) int {
	return slices.IndexFunc(i.tokens, func(t tokenInspection) bool {
		return t.secretName == secretName && t.page == ""
	})
}

// finalize removes the override and lets the object go. It never holds it for longer than
// deletionPatience.
func (r *UpstreamInspectionReconciler) finalize(ctx context.Context, account *v1alpha1.BusinessAccount) error {
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
	return r.setFinalizer(ctx, account, WebhookFinalizer, false)
}

// unregister removes the override. Without the credentials that is impossible, and waiting does not
// help.
func (r *UpstreamInspectionReconciler) unregister(ctx context.Context, account *v1alpha1.BusinessAccount) error {
	if account.Status.Gateway == nil || account.Status.Gateway.WebhookURL == "" {
		return nil
	}
	input, err := r.inspectionInputOf(ctx, account, r.memories.of(account))
	if err != nil {
		return err
	}
	if len(input.credentials) == 0 {
		r.Recorder.Eventf(account, nil, corev1.EventTypeWarning, reasonLeftUpstream, "Delete",
			"The credentials of the account are gone: the callback override of WhatsApp Business account %s was not "+
				"removed",
			account.Spec.WhatsAppBusinessAccountID)
		return nil
	}
	return r.upstream.unregister(ctx, input.access(input.credentials[0]), subscription{
		appID: r.inspections.of(account).appID(), callback: input.callback,
	})
}
