package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	"github.com/guichet-dev/guichet/internal/tenant"
)

// observe reads all that the pass decides by. One part that cannot be read keeps no other from
// being read: the scope names it, and the error says why.
func (r *BusinessAccountReconciler) observe(ctx context.Context, scope *accountScope) error {
	if err := r.observeCluster(ctx, scope); err != nil {
		scope.unread = allParts
		return err
	}
	reportsErr := r.observeReports(ctx, scope)
	if reportsErr != nil {
		scope.unread |= partReports
	}
	scope.fingerprint = scope.identify()
	scope.settled = scope.isSettled()
	scope.stuck = scope.isStalled() && !r.unstuck(ctx, scope)
	if scope.settled || scope.stuck {
		return reportsErr
	}
	inputsErr := r.observeInputs(ctx, scope)
	if inputsErr != nil {
		scope.unread |= partInputs
	}
	return errors.Join(reportsErr, inputsErr)
}

// observeCluster reads what the caches hold, and which of the account's own Secrets there are.
func (r *BusinessAccountReconciler) observeCluster(ctx context.Context, scope *accountScope) error {
	for _, read := range []func(context.Context, *accountScope) error{
		r.observePlan, r.observePrices, r.observeHolders, r.observeTemplates,
		r.observeSecrets, r.observeChildren, r.observePods, r.observeOwnSecrets, r.observeLedger,
	} {
		if err := read(ctx, scope); err != nil {
			return err
		}
	}
	return nil
}

// observePlan reads the plans that the account and its channels name, those that priced them last
// if those are others, and what they are allowed by.
func (r *BusinessAccountReconciler) observePlan(ctx context.Context, scope *accountScope) error {
	namespace := metadataOf(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := r.Client.Get(ctx, types.NamespacedName{Name: scope.account.Namespace}, namespace); err != nil {
		return reading(err, "Namespace %q", scope.account.Namespace)
	}
	scope.namespaceLabels = labelsOf(namespace)
	wanted, err := r.candidate(ctx, scope, scope.account.Spec.PlanName)
	if err != nil {
		return err
	}
	scope.plan, scope.planAllowed = wanted.object, wanted.allowed
	if err := r.observeChannelPlans(ctx, scope, scope.memory.record); err != nil {
		return err
	}
	if name := scope.account.Status.PlanName; name != "" && name != wanted.name {
		standing, err := r.candidate(ctx, scope, name)
		if err != nil {
			return err
		}
		scope.standingPlan = standing.object
	}
	return nil
}

// observeChannelPlans reads the plans that channels name, and those that a record has for channels.
func (r *BusinessAccountReconciler) observeChannelPlans(
	ctx context.Context, scope *accountScope, record tenant.PriceRecord,
) (err error) {
	names := channelPlansOf(scope.account)
	for i := range record.Channels {
		names = append(names, record.Channels[i].Plan)
	}
	for _, name := range names {
		if _, known := scope.channelPlans[name]; known || name == scope.account.Spec.PlanName {
			continue
		}
		if scope.channelPlans[name], err = r.candidate(ctx, scope, name); err != nil {
			return err
		}
	}
	return nil
}

// observePrices reads of the stored prices of the account which versions there are.
func (r *BusinessAccountReconciler) observePrices(ctx context.Context, scope *accountScope) error {
	record := &corev1.ConfigMap{}
	stored := types.NamespacedName{Namespace: r.Options.OperatorNamespace, Name: tenant.RecordName(scope.account)}
	err := r.Client.Get(ctx, stored, record)
	if client.IgnoreNotFound(err) != nil {
		return reading(err, "the price record")
	}
	scope.prices = []string{record.ResourceVersion}
	for _, ref := range scope.memory.record.Refs() {
		revision := &appsv1.ControllerRevision{}
		stored.Name = tenant.RevisionName(ref)
		err := r.Client.Get(ctx, stored, revision)
		if client.IgnoreNotFound(err) != nil {
			return reading(err, "ControllerRevision %q", stored.Name)
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

func (r *BusinessAccountReconciler) observeTemplates(ctx context.Context, scope *accountScope) error {
	list := &v1alpha1.MessageTemplateList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(scope.account.Namespace), client.MatchingFields{indexAccount: scope.account.Name},
	); err != nil {
		return reading(err, "MessageTemplates")
	}
	scope.templates = list.Items
	slices.SortFunc(scope.templates, func(a, b v1alpha1.MessageTemplate) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

func (r *BusinessAccountReconciler) observeSecrets(ctx context.Context, scope *accountScope) error {
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
			return reading(err, "the metadata of Secret %q", name)
		}
		scope.secrets[name] = found
	}
	return nil
}

// kindIn is the kind of the objects of a list.
func kindIn(list client.ObjectList) string {
	_, name, _ := strings.Cut(fmt.Sprintf("%T", list), ".")
	return strings.TrimSuffix(name, "List")
}

// childLists are lists of every kind of object that an account has, but Secrets.
func childLists() []client.ObjectList {
	return []client.ObjectList{
		&appsv1.DeploymentList{}, &corev1.ConfigMapList{}, &corev1.PersistentVolumeClaimList{},
		&corev1.ServiceAccountList{}, &corev1.ServiceList{}, &networkingv1.IngressList{},
		&networkingv1.NetworkPolicyList{}, &policyv1.PodDisruptionBudgetList{},
		&autoscalingv2.HorizontalPodAutoscalerList{},
	}
}

func (r *BusinessAccountReconciler) observeChildren(ctx context.Context, scope *accountScope) error {
	for _, list := range childLists() {
		if err := r.Client.List(
			ctx, list, client.InNamespace(scope.account.Namespace),
			client.MatchingLabels{tenant.LabelAccount: scope.account.Name},
		); err != nil {
			return reading(err, "the account's objects of kind %s", kindIn(list))
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

func (r *BusinessAccountReconciler) observePods(ctx context.Context, scope *accountScope) error {
	list := &corev1.PodList{}
	if err := r.Client.List(
		ctx, list, client.InNamespace(scope.account.Namespace),
		client.MatchingLabels(tenant.SelectorLabels(scope.account.Name)),
	); err != nil {
		return reading(err, "Pods")
	}
	for i := range list.Items {
		if list.Items[i].DeletionTimestamp.IsZero() {
			scope.pods = append(scope.pods, list.Items[i])
		}
	}
	slices.SortFunc(scope.pods, func(a, b corev1.Pod) int { return strings.Compare(a.Name, b.Name) })
	return nil
}
