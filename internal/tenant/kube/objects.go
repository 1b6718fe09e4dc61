package kube

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Input is everything that an account's objects are made of.
type Input struct {
	Account *v1alpha1.BusinessAccount
	// Image is the gateway's container image, DefaultImage the one to go back to when the spec
	// names none any more.
	Image        string
	DefaultImage string
	// Hidden leaves the Ingress out: another account holds its host.
	Hidden bool
	// Claim is the PersistentVolumeClaim of the embedded store as it is; nil if there is none yet.
	Claim *corev1.PersistentVolumeClaim
	// OperatorNamespace is where the operator runs: it alone reads the gateway's report.
	OperatorNamespace string
	// Config is the encoded configuration document and Digest its digest.
	Config []byte
	Digest string
	// PlanViews are what the business may know of its plans, by their keys: see
	// tenant.PlanView.Render.
	PlanViews map[string]string
	// DatabaseURL is that of a shared store; empty for an embedded one.
	DatabaseURL string
	// TracesEndpoint is the base URL of the OTLP/HTTP collector that gateways send traces to; empty
	// for none.
	TracesEndpoint string
}

// Objects are the intents of the account's objects, in the order in which they are applied: what a
// pod mounts comes before the Deployment. Each holds exactly the fields that the operator owns. The
// keys and the API tokens are not among them: they are made once and never applied.
func Objects(in Input) ([]*unstructured.Unstructured, error) {
	intents := []any{serviceAccount(in), configSecret(in)}
	if !tenant.Shared(in.Account) {
		intents = append(intents, dataClaim(in))
	}
	intents = append(intents, networkPolicy(in), service(in), deployment(in), planView(in))
	if available(in.Account) {
		intents = append(intents, disruptionBudget(in))
	}
	if _, ours := tenant.Replicas(in.Account); !ours {
		intents = append(intents, autoscaler(in))
	}
	if tenant.IngressOf(in.Account) != nil && !in.Hidden {
		intents = append(intents, ingress(in))
	}
	objects := make([]*unstructured.Unstructured, 0, len(intents))
	for _, intent := range intents {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(intent)
		if err != nil {
			return nil, fmt.Errorf("convert %T: %w", intent, err)
		}
		objects = append(objects, &unstructured.Unstructured{Object: content})
	}
	return objects, nil
}

// owner makes the account the controller of an object, so that deleting the account deletes the
// object.
func owner(account *v1alpha1.BusinessAccount) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.GroupVersion.String()).
		WithKind("BusinessAccount").
		WithName(account.Name).
		WithUID(account.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}

// planView is the ConfigMap from which a business reads its plan.
func planView(in Input) *corev1ac.ConfigMapApplyConfiguration {
	return corev1ac.ConfigMap(tenant.PlanViewName(in.Account.Name), in.Account.Namespace).
		WithLabels(tenant.Labels(in.Account.Name)).
		WithAnnotations(map[string]string{tenant.AnnotationNotice: tenant.PlanViewNotice}).
		WithOwnerReferences(owner(in.Account)).
		WithData(in.PlanViews)
}
