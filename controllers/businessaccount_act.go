package controllers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// unsupported says what the spec asks for that this release refuses, or nil.
func unsupported(account *v1alpha1.BusinessAccount) *tenant.Problem {
	return tenant.Unsupported(account)
}

// makeSecretsOnce creates the account's keys, and its API tokens if it brings none, where they are
// not there. Neither is ever written again. A Secret of one of these names that is somebody else's
// is as good as none.
func (r *BusinessAccountReconciler) makeSecretsOnce(ctx context.Context, scope *accountScope) error {
	account := scope.account
	keysErr := r.makeOnce(ctx, scope, tenant.KeysSecretName(account.Name), func() (*corev1.Secret, error) {
		if problem, err := r.lostKeys(ctx, scope); problem != nil || err != nil {
			scope.keysProblem = problem
			return nil, err
		}
		return tenant.KeysSecret(account, scope.now)
	})
	scope.keysForeign = terminal(keysErr)
	if account.Spec.APITokensSecretName != "" || keysErr != nil && !scope.keysForeign {
		return keysErr
	}
	tokens := tenant.APITokensSecretName(account)
	tokensErr := r.makeOnce(
		ctx, scope, tokens, func() (*corev1.Secret, error) { return tenant.APITokensSecret(account), nil },
	)
	if terminal(tokensErr) {
		delete(scope.secrets, tokens)
	}
	return errors.Join(keysErr, tokensErr)
}

// makeOnce creates a Secret unless it is there. The API server is asked, not the cache: a Secret
// that was made a moment ago must not be made twice.
func (r *BusinessAccountReconciler) makeOnce(
	ctx context.Context, scope *accountScope, name string, create func() (*corev1.Secret, error),
) error {
	if scope.secrets[name] == nil {
		live := metadataOf(corev1.SchemeGroupVersion.WithKind("Secret"))
		err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, live)
		switch {
		case err == nil:
			scope.secrets[name] = live
		case !apierrors.IsNotFound(err):
			return fmt.Errorf("look for Secret %q: %w", name, err)
		}
	}
	if found := scope.secrets[name]; found != nil {
		if !metav1.IsControlledBy(found, scope.account) {
			return &foreignError{kind: "Secret", name: name, gvk: corev1.SchemeGroupVersion.WithKind("Secret")}
		}
		return nil
	}
	secret, err := create()
	if err != nil || secret == nil {
		return err
	}
	if err := r.Client.Create(ctx, secret, client.FieldOwner(FieldManager)); err != nil {
		return doing("create", "Secret", name, err)
	}
	made := metadataOf(corev1.SchemeGroupVersion.WithKind("Secret"))
	made.ObjectMeta = secret.ObjectMeta
	scope.secrets[name] = made
	return nil
}

// lostKeys says that the keys are gone while what they unlock is there: the volume, or the
// Deployment that has filled a shared store. New keys would make a second account of it, silently.
func (r *BusinessAccountReconciler) lostKeys(ctx context.Context, scope *accountScope) (*tenant.Problem, error) {
	if tenant.Shared(scope.account) {
		return r.lostKeysOfShared(ctx, scope)
	}
	claim := metadataOf(corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"))
	err := r.Live.Get(
		ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: tenant.DataClaimName(scope.account.Name)},
		claim,
	)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf(
			"look for the PersistentVolumeClaim %q: %w", tenant.DataClaimName(scope.account.Name), err,
		)
	}
	return &tenant.Problem{Reason: v1alpha1.ReasonKeysLost, Message: fmt.Sprintf(
		"Secret %q with the account's keys is gone, and PersistentVolumeClaim %q still holds what they encrypt: restore the Secret from a backup; or, to begin "+
			"with an empty ledger, delete the PersistentVolumeClaim and the Deployment %q",
		tenant.KeysSecretName(scope.account.Name), claim.Name, tenant.GatewayName(scope.account.Name))}, nil
}

func (r *BusinessAccountReconciler) lostKeysOfShared(
	ctx context.Context, scope *accountScope,
) (*tenant.Problem, error) {
	name := tenant.GatewayName(scope.account.Name)
	deployment := metadataOf(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, deployment)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the Deployment %q: %w", name, err)
	}
	return &tenant.Problem{Reason: v1alpha1.ReasonKeysLost, Message: fmt.Sprintf(
		"Secret %q with the account's keys is gone, and the shared store still holds what they encrypt: restore the Secret from a backup; or, to begin "+
			"with an empty ledger, drop the account's schema in the database and delete the Deployment %q",
		tenant.KeysSecretName(scope.account.Name), name)}, nil
}

// readReports reads the report of every pod that runs.
func (r *BusinessAccountReconciler) readReports(ctx context.Context, scope *accountScope) error {
	pods := scope.reportingPods()
	keys := scope.secrets[tenant.KeysSecretName(scope.account.Name)]
	if len(pods) == 0 || keys == nil {
		return nil
	}
	access, err := r.reportAccess(ctx, scope, keys)
	if err != nil {
		return err
	}
	scope.reports = make([]podReport, len(pods))
	var reading sync.WaitGroup
	for i, pod := range pods {
		reading.Go(func() {
			newest, err := r.reports.Read(ctx, ReportingPod{
				Account: client.ObjectKeyFromObject(scope.account),
				Name:    pod.Name,
				UID:     pod.UID,
				Address: net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(config.ReportPort)),
				Access:  access,

				Published: publishedRecord(scope.account),
			})
			scope.reports[i] = podReport{pod: pod.Name, ready: podReady(&pod), report: newest, err: err}
		})
	}
	reading.Wait()
	scope.rememberAnswers()
	if latest := scope.latest(); latest != nil {
		scope.memory.report, scope.memory.confirmed = latest, scope.now
	}
	return nil
}

// publishedRecord is the record of the ledger that the status has published last; of none the
// Sequence is 0.
func publishedRecord(account *v1alpha1.BusinessAccount) report.LedgerRecord {
	usage := account.Status.Usage
	if usage == nil || usage.Ledger == nil || usage.Ledger.Sequence == nil {
		return report.LedgerRecord{}
	}
	return report.LedgerRecord{Sequence: *usage.Ledger.Sequence, Hash: usage.Ledger.RootHash}
}

// reportAccess reads from the keys Secret what it takes to read reports, once for each version of
// it.
func (r *BusinessAccountReconciler) reportAccess(
	ctx context.Context, scope *accountScope, keys *metav1.PartialObjectMetadata,
) (ReportAccess, error) {
	version := string(keys.UID) + "/" + keys.ResourceVersion
	if scope.memory.access.Version == version {
		return scope.memory.access, nil
	}
	secret := &corev1.Secret{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(keys), secret); err != nil {
		return ReportAccess{}, fmt.Errorf("read Secret %q: %w", keys.Name, err)
	}
	scope.memory.access = ReportAccess{
		Version:     version,
		ServerName:  tenant.Host(scope.account.Namespace, scope.account.Name),
		Certificate: secret.Data[config.TLSCertificateFile],
		Token:       string(secret.Data[config.ReportTokenFile]),
	}
	return scope.memory.access, nil
}

// applyObjects applies what was compiled, one object after the other, and removes what is no longer
// wanted. One object that cannot be applied does not keep the others from being so, and nothing
// keeps the configuration from being so, not even a paused account.
func (r *BusinessAccountReconciler) applyObjects(ctx context.Context, scope *accountScope) error {
	if scope.compilation.settled || scope.compilation.objects == nil {
		return nil
	}
	failure := errors.Join(r.applyThose(ctx, scope, isConfiguration), r.showPlan(ctx, scope))
	if scope.keysProblem != nil || scope.keysForeign {
		return failure
	}
	if !scope.paused() {
		failure = errors.Join(failure, r.applyWorkload(ctx, scope))
	}
	if failure == nil {
		scope.memory.compiled = scope.compilation.outcome()
	}
	return failure
}

func isConfiguration(intent *unstructured.Unstructured) bool { return intent.GetKind() == "Secret" }

func isPlanView(intent *unstructured.Unstructured) bool { return intent.GetKind() == "ConfigMap" }

// showPlan applies the ConfigMap from which the business reads its plan. The gateway needs it for
// nothing, so a refusal has a condition of its own and is tried again after a while.
func (r *BusinessAccountReconciler) showPlan(ctx context.Context, scope *accountScope) error {
	err := r.applyThose(ctx, scope, isPlanView)
	if err == nil || !terminal(err) {
		return err
	}
	reason := v1alpha1.ReasonApplyRefused
	var foreign *foreignError
	if errors.As(err, &foreign) {
		reason = v1alpha1.ReasonForeignObject
	}
	scope.compilation.view = problem(reason, "%s", oneLine(err))
	if again := scope.now.Add(longestStall); scope.compilation.due.IsZero() || again.Before(scope.compilation.due) {
		scope.compilation.due = again
	}
	return nil
}

// applyWorkload applies what the gateway runs as.
func (r *BusinessAccountReconciler) applyWorkload(ctx context.Context, scope *accountScope) error {
	if err := r.handOverReplicas(ctx, scope); err != nil {
		return err
	}
	workload := func(intent *unstructured.Unstructured) bool {
		return !isConfiguration(intent) && !isPlanView(intent)
	}
	if err := r.applyThose(ctx, scope, workload); err != nil {
		return err
	}
	return r.prune(ctx, scope)
}

// applyThose applies the compiled objects that are chosen.
func (r *BusinessAccountReconciler) applyThose(
	ctx context.Context, scope *accountScope, chosen func(*unstructured.Unstructured) bool,
) error {
	var failures []error
	for _, intent := range scope.compilation.objects {
		if chosen(intent) {
			found := scope.child(intent.GetKind(), intent.GetName())
			failures = append(failures, r.applier.apply(ctx, scope.account, intent, found))
		}
	}
	return errors.Join(failures...)
}

// prune deletes the account's objects that are no longer wanted: those that carry its label and
// that it controls, of the kinds that an account can do without. A volume is never deleted here.
func (r *BusinessAccountReconciler) prune(ctx context.Context, scope *accountScope) error {
	wanted := map[string]bool{}
	for _, intent := range scope.compilation.objects {
		wanted[childKey(intent.GetKind(), intent.GetName())] = true
	}
	for _, key := range sortedKeys(scope.children) {
		child := scope.children[key]
		ours := metav1.IsControlledBy(child, scope.account) && child.GetDeletionTimestamp().IsZero()
		if wanted[key] || !optional(child) || !ours {
			continue
		}
		uid := child.GetUID()
		if err := r.Client.Delete(ctx, child, client.Preconditions{UID: &uid}); client.IgnoreNotFound(err) != nil {
			kind, name, _ := strings.Cut(key, "/")
			return doing("delete", kind, name, err)
		}
	}
	return nil
}

// optional tells whether an object is of a kind that an account can do without.
func optional(child client.Object) bool {
	switch child.(type) {
	case *networkingv1.Ingress, *policyv1.PodDisruptionBudget, *autoscalingv2.HorizontalPodAutoscaler:
		return true
	}
	return false
}

// nudgePods makes the kubelet refresh the configuration of the pods that serve an older one: it
// does so at once for a pod that has changed, and an annotation is a change that restarts nothing.
func (r *BusinessAccountReconciler) nudgePods(ctx context.Context, scope *accountScope) error {
	digest := scope.compilation.digest
	if digest == "" {
		return nil
	}
	serving := map[string]string{}
	for _, read := range scope.reports {
		if answer, known := scope.answer(read); known {
			serving[read.pod] = answer.ConfigDigest
		}
	}
	for _, pod := range scope.readyPods() {
		if serving[pod.Name] == digest || pod.Annotations[tenant.AnnotationConfigDigest] == digest {
			continue
		}
		patch, err := json.Marshal(map[string]any{
			"metadata": map[string]any{"annotations": map[string]string{tenant.AnnotationConfigDigest: digest}},
		})
		if err != nil {
			return fmt.Errorf("encode the annotation of pod %q: %w", pod.Name, err)
		}
		err = r.Client.Patch(ctx, &pod, client.RawPatch(types.MergePatchType, patch), client.FieldOwner(FieldManager))
		if client.IgnoreNotFound(err) != nil {
			return doing("annotate", "Pod", pod.Name, err)
		}
	}
	return nil
}
