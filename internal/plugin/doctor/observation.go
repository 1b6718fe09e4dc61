package doctor

import (
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// Seen is an object that was looked for. It was found, or it is not there, or that could not be
// told: then Err says why.
type Seen[T any] struct {
	Object T
	Found  bool
	Err    error
}

// Absent tells whether an object is surely not there.
func (s Seen[T]) Absent() bool { return !s.Found && s.Err == nil }

// Observation is what was read of an account and its surroundings.
type Observation struct {
	Account *v1alpha1.BusinessAccount
	// Now is the time by the API server's clock. Behind is how far this machine's clock is behind
	// it, if ClockKnown.
	Now        time.Time
	Behind     time.Duration
	ClockKnown bool

	// OperatorNamespace is where the operator was looked for.
	OperatorNamespace string
	Operator          Seen[*appsv1.Deployment]
	Lease             Seen[*coordinationv1.Lease]

	Namespace Seen[*corev1.Namespace]
	// Plans are the plans that the account and its channels name, by name.
	Plans map[string]Seen[*v1alpha1.PricingPlan]
	// Secrets are those that the account names, and that of its keys, by name.
	Secrets map[string]Seen[*corev1.Secret]

	Deployment    Seen[*appsv1.Deployment]
	Pods          Seen[[]corev1.Pod]
	NetworkPolicy Seen[*networkingv1.NetworkPolicy]
	Quotas        Seen[[]corev1.ResourceQuota]
	Templates     Seen[[]v1alpha1.MessageTemplate]

	// Claim is the volume of an embedded store. StorageClass is its class, if it has one.
	Claim        Seen[*corev1.PersistentVolumeClaim]
	StorageClass Seen[*storagev1.StorageClass]

	// Nodes are the nodes of the gateway's pods, and NodeLeases what their kubelets renew, by name.
	Nodes      map[string]Seen[*corev1.Node]
	NodeLeases map[string]Seen[*coordinationv1.Lease]

	// Reach is what became of a request to the webhook's URL; nil if none was made.
	Reach *Reach
}

// Reach is the result of a request to the webhook's URL, as Meta would make it.
type Reach struct {
	URL string
	// Err is why there was no answer: DNS, the connection, or TLS.
	Err error
	// Status is the answer's. Echoed says that the gateway has answered the handshake, for which
	// the verify token was known.
	Status int
	Echoed bool
	// Token says that the right verify token was sent.
	Token bool
}

// where names a namespaced object.
func (o *Observation) where(kind, name string) string {
	return fmt.Sprintf("%s %s/%s", kind, o.Account.Namespace, name)
}

// account names the account itself.
func (o *Observation) account() string { return o.where("BusinessAccount", o.Account.Name) }
