package controllers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// accountScope is everything that one pass over an account knows. It is read once, from the caches;
// later steps add what they found or made.
type accountScope struct {
	account *v1alpha1.BusinessAccount
	now     time.Time
	memory  *accountMemory

	// plan is nil if there is no plan of the name; planAllowed says whether its namespaces include
	// the account's.
	plan        *v1alpha1.PricingPlan
	planAllowed bool
	// standingPlan is the one that prices the account while that is another; nil if there is none.
	standingPlan    *v1alpha1.PricingPlan
	namespaceLabels labels.Set
	// prices are the versions of what is stored of the account's prices.
	prices    []string
	templates []v1alpha1.MessageTemplate
	// holders are the other accounts that hold channels of this one.
	holders map[v1alpha1.ChannelIdentity]types.NamespacedName
	// hostHolder is the other account that holds the host of this one's Ingress; nil if there is
	// none.
	hostHolder *types.NamespacedName
	// secrets is the metadata of the Secrets that the account names and of its own, by name.
	secrets map[string]*metav1.PartialObjectMetadata
	// children are the account's own objects other than Secrets, by kind and name.
	children map[string]client.Object
	pods     []corev1.Pod

	// unsupported says what of the spec is left out. keysProblem and keysForeign say why no gateway
	// can be started.
	unsupported *tenant.Problem
	keysProblem *tenant.Problem
	keysForeign bool
	reports     []podReport
	compilation compilation
}

// podReport is what a ready pod said of itself.
type podReport struct {
	pod    string
	ready  bool
	report report.Report
	err    error
}

// gather reads the world once.
func (r *BusinessAccountReconciler) gather(
	ctx context.Context, account *v1alpha1.BusinessAccount,
) (*accountScope, error) {
	scope := &accountScope{
		account:  account,
		now:      r.Clock.Now(),
		memory:   r.memory.of(client.ObjectKeyFromObject(account), account.UID),
		holders:  map[v1alpha1.ChannelIdentity]types.NamespacedName{},
		secrets:  map[string]*metav1.PartialObjectMetadata{},
		children: map[string]client.Object{},
	}
	for _, read := range []func(context.Context, *accountScope) error{
		r.gatherPlan, r.gatherPrices, r.gatherHolders, r.gatherTemplates,
		r.gatherSecrets, r.gatherChildren, r.gatherPods,
	} {
		if err := read(ctx, scope); err != nil {
			return nil, err
		}
	}
	return scope, nil
}

// gatherPlan reads the plan that the account names, the one that prices it if that is another, and
// what they are allowed by.
func (r *BusinessAccountReconciler) gatherPlan(ctx context.Context, scope *accountScope) error {
	namespace := metadataOf(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := r.Client.Get(ctx, types.NamespacedName{Name: scope.account.Namespace}, namespace); err != nil {
		return fmt.Errorf("read Namespace %q: %w", scope.account.Namespace, err)
	}
	scope.namespaceLabels = labelsOf(namespace)
	wanted, err := r.candidate(ctx, scope, scope.account.Spec.PlanName)
	if err != nil {
		return err
	}
	scope.plan, scope.planAllowed = wanted.object, wanted.allowed
	if name := scope.account.Status.PlanName; name != "" && name != wanted.name {
		standing, err := r.candidate(ctx, scope, name)
		if err != nil {
			return err
		}
		scope.standingPlan = standing.object
	}
	return nil
}

// gatherPrices reads of the stored prices of the account which versions there are.
func (r *BusinessAccountReconciler) gatherPrices(ctx context.Context, scope *accountScope) error {
	record := &corev1.ConfigMap{}
	stored := types.NamespacedName{Namespace: r.Options.OperatorNamespace, Name: tenant.RecordName(scope.account)}
	err := r.Client.Get(ctx, stored, record)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("read the price record: %w", err)
	}
	scope.prices = []string{record.ResourceVersion}
	for _, ref := range scope.memory.prices {
		revision := &appsv1.ControllerRevision{}
		stored.Name = tenant.RevisionName(ref)
		err := r.Client.Get(ctx, stored, revision)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("read ControllerRevision %q: %w", stored.Name, err)
		}
		scope.prices = append(scope.prices, string(revision.UID))
	}
	return nil
}

// planAllows tells whether a plan may be used from a namespace with labels.
func planAllows(plan *v1alpha1.PricingPlan, namespace labels.Set) bool {
	allowed := plan.Spec.AllowedNamespaces
	if allowed == nil || allowed.From != v1alpha1.NamespacesFromSelector {
		return true
	}
	selector, err := metav1.LabelSelectorAsSelector(allowed.Selector)
	return err == nil && selector.Matches(namespace) // the plan's own conditions say that its selector is none
}

func (r *BusinessAccountReconciler) gatherTemplates(ctx context.Context, scope *accountScope) error {
	list := &v1alpha1.MessageTemplateList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(scope.account.Namespace), client.MatchingFields{indexAccount: scope.account.Name},
	); err != nil {
		return fmt.Errorf("list MessageTemplates: %w", err)
	}
	scope.templates = list.Items
	slices.SortFunc(scope.templates, func(a, b v1alpha1.MessageTemplate) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func (r *BusinessAccountReconciler) gatherSecrets(ctx context.Context, scope *accountScope) error {
	names := append(
		tenant.SecretNames(scope.account), tenant.KeysSecretName(scope.account.Name),
		tenant.ConfigSecretName(scope.account.Name),
	)
	for _, name := range names {
		found := metadataOf(corev1.SchemeGroupVersion.WithKind("Secret"))
		err := r.Client.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, found)
		if apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return fmt.Errorf("read the metadata of Secret %q: %w", name, err)
		}
		scope.secrets[name] = found
	}
	return nil
}

// childLists are lists of every kind of object that an account has, but Secrets.
func childLists() []client.ObjectList {
	return []client.ObjectList{
		&appsv1.DeploymentList{}, &corev1.ConfigMapList{}, &corev1.PersistentVolumeClaimList{}, &corev1.ServiceAccountList{}, &corev1.ServiceList{},
		&networkingv1.IngressList{}, &networkingv1.NetworkPolicyList{}, &policyv1.PodDisruptionBudgetList{}, &autoscalingv2.HorizontalPodAutoscalerList{},
	}
}

func (r *BusinessAccountReconciler) gatherChildren(ctx context.Context, scope *accountScope) error {
	for _, list := range childLists() {
		if err := r.Client.List(
			ctx, list, client.InNamespace(scope.account.Namespace),
			client.MatchingLabels{tenant.LabelAccount: scope.account.Name},
		); err != nil {
			return fmt.Errorf("list %T: %w", list, err)
		}
		err := apimeta.EachListItem(list, func(item runtime.Object) error {
			child, ok := item.(client.Object)
			if !ok {
				return fmt.Errorf("%T has no metadata", item)
			}
			kind, err := apiutil.GVKForObject(child, r.Client.Scheme())
			if err != nil {
				return err
			}
			scope.children[childKey(kind.Kind, child.GetName())] = child
			return nil
		})
		if err != nil {
			return fmt.Errorf("look through %T: %w", list, err)
		}
	}
	return nil
}

func (r *BusinessAccountReconciler) gatherPods(ctx context.Context, scope *accountScope) error {
	list := &corev1.PodList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(scope.account.Namespace),
		client.MatchingLabels(tenant.SelectorLabels(scope.account.Name)),
	); err != nil {
		return fmt.Errorf("list Pods: %w", err)
	}
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp.IsZero() {
			scope.pods = append(scope.pods, list.Items[i])
		}
	}
	slices.SortFunc(scope.pods, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// paused tells whether the account's objects are to be left as they are.
func (s *accountScope) paused() bool { return s.account.Spec.Operation == v1alpha1.OperationPaused }

func childKey(kind, name string) string { return kind + "/" + name }

// child is the account's object of a kind and name as the cache has it, or nil.
func (s *accountScope) child(kind, name string) client.Object {
	if kind != "Secret" {
		return s.children[childKey(kind, name)]
	}
	if found, there := s.secrets[name]; there {
		return found
	}
	return nil
}

func (s *accountScope) deployment() *appsv1.Deployment {
	found, _ := s.child("Deployment", tenant.GatewayName(s.account.Name)).(*appsv1.Deployment)
	return found
}

// readyPods are the pods that serve.
func (s *accountScope) readyPods() []corev1.Pod {
	var ready []corev1.Pod
	for _, pod := range s.pods {
		if podReady(&pod) && pod.Status.PodIP != "" {
			ready = append(ready, pod)
		}
	}
	return ready
}

// reportingPods are the pods whose report can be read: those that serve, and those that run and are
// not ready, which say what they wait for.
func (s *accountScope) reportingPods() []corev1.Pod {
	var reporting []corev1.Pod
	for i := range s.pods {
		pod := &s.pods[i]
		if pod.Status.PodIP != "" && (podReady(pod) || pod.DeletionTimestamp.IsZero() && podsStarted(s.pods[i:i+1])) {
			reporting = append(reporting, *pod)
		}
	}
	return reporting
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// latest is the newest report of this pass, or nil. Every replica reports the whole account, so the
// one that has seen most speaks for all; one that has not opened its store yet knows no period, and
// speaks for none (P11).
func (s *accountScope) latest() *report.Report {
	var latest *report.Report
	for i := range s.reports {
		candidate := &s.reports[i].report
		if s.reports[i].err != nil || candidate.Period.Name == "" {
			continue
		}
		if latest == nil || candidate.Ledger.Sequence > latest.Ledger.Sequence ||
			candidate.Ledger.Sequence == latest.Ledger.Sequence && candidate.AsOf.After(latest.AsOf) {
			latest = candidate
		}
	}
	return latest
}

// rememberAnswers keeps what the pods have said in this pass, and of those that could not be read
// what they said before.
func (s *accountScope) rememberAnswers() {
	answers := map[string]podAnswer{}
	for _, read := range s.reports {
		if read.err == nil {
			answers[read.pod] = podAnswer{report: read.report, at: s.now}
		} else if before, known := s.memory.answers[read.pod]; known {
			answers[read.pod] = before
		}
	}
	s.memory.answers = answers
}

// answer is what a pod says: now, or if it could not be read a moment ago.
func (s *accountScope) answer(read podReport) (answer report.Report, known bool) {
	if read.err == nil {
		return read.report, true
	}
	before, known := s.memory.answers[read.pod]
	return before.report, known && s.now.Sub(before.at) <= staleAfter
}

// fingerprint identifies the inputs of the configuration and of the account's objects: as long as
// it stays, there is nothing to compile and nothing to apply.
func (s *accountScope) fingerprint() string {
	digest := sha256.New()
	note(digest, "account", s.account.UID, s.account.Generation)
	if s.plan != nil {
		note(digest, "plan", s.plan.UID, s.plan.Generation, s.planAllowed)
	}
	if s.standingPlan != nil {
		note(digest, "standing plan", s.standingPlan.UID, s.standingPlan.Generation)
	}
	note(digest, "host taken", s.hostHolder != nil)
	note(digest, "namespace", s.namespaceLabels.String())
	note(digest, "prices", s.prices)
	for _, identity := range identitiesOf(s.account) {
		note(digest, "taken", identity, s.taken(identity))
	}
	for i := range s.templates {
		note(digest, "template", s.templates[i].UID, s.templates[i].ResourceVersion)
	}
	for _, name := range sortedKeys(s.secrets) {
		note(digest, "secret", name, s.secrets[name].UID, s.secrets[name].ResourceVersion)
	}
	for _, key := range sortedKeys(s.children) {
		note(digest, "child", key, s.children[key].GetUID(), versionOf(s.children[key]))
	}
	for _, priced := range s.pricedRevisions() {
		note(digest, "priced", priced.Plan, priced.Revisions)
	}
	note(digest, "currency", s.billedCurrency())
	return hex.EncodeToString(digest.Sum(nil))
}

// versionOf changes with an object. Of an autoscaler it is what the operator has a say in: its
// controller writes figures into the status for as long as there is load, and they would have
// everything compiled and applied again.
func versionOf(child client.Object) string {
	autoscaler, ok := child.(*autoscalingv2.HorizontalPodAutoscaler)
	if !ok {
		return child.GetResourceVersion()
	}
	encoded, err := json.Marshal(
		[]any{autoscaler.Labels, autoscaler.OwnerReferences, autoscaler.DeletionTimestamp, autoscaler.Spec},
	)
	if err != nil {
		return child.GetResourceVersion()
	}
	return tenant.Digest(encoded)
}

func note(digest hash.Hash, values ...any) { _, _ = fmt.Fprintln(digest, values...) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
