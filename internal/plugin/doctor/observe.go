package doctor

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	storagev1 "k8s.io/api/storage/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Observer reads what an examination needs.
type Observer struct {
	client.Reader
	// OperatorNamespace is where the operator runs.
	OperatorNamespace string
	// Web makes the request to the webhook's URL; nil makes none.
	Web http.RoundTripper
}

// Observe reads what there is of an account. What cannot be read is noted, and nothing fails.
func (r *Observer) Observe(ctx context.Context, account *v1alpha1.BusinessAccount) *Observation {
	o := &Observation{
		Account: account, OperatorNamespace: r.OperatorNamespace,
		Plans: map[string]Seen[*v1alpha1.PricingPlan]{}, Secrets: map[string]Seen[*corev1.Secret]{},
		Nodes: map[string]Seen[*corev1.Node]{}, NodeLeases: map[string]Seen[*coordinationv1.Lease]{},
	}
	o.Operator = get(ctx, r, r.OperatorNamespace, operatorName, &appsv1.Deployment{})
	o.Lease = get(ctx, r, r.OperatorNamespace, operatorLease, &coordinationv1.Lease{})
	o.Namespace = get(ctx, r, "", account.Namespace, &corev1.Namespace{})
	for _, name := range PlanNames(account) {
		o.Plans[name] = get(ctx, r, "", name, &v1alpha1.PricingPlan{})
	}
	for _, name := range SecretNames(account) {
		o.Secrets[name] = get(ctx, r, account.Namespace, name, &corev1.Secret{})
	}
	gateway := tenant.GatewayName(account.Name)
	o.Deployment = get(ctx, r, account.Namespace, gateway, &appsv1.Deployment{})
	o.NetworkPolicy = get(ctx, r, account.Namespace, gateway, &networkingv1.NetworkPolicy{})
	if !tenant.Shared(account) {
		o.Claim = get(ctx, r, account.Namespace, tenant.DataClaimName(account.Name), &corev1.PersistentVolumeClaim{})
		if o.Claim.Found && o.Claim.Object.Spec.StorageClassName != nil {
			o.StorageClass = get(ctx, r, "", *o.Claim.Object.Spec.StorageClassName, &storagev1.StorageClass{})
		}
	}
	r.list(ctx, o)
	r.observeNodes(ctx, o)
	o.Reach = r.reach(ctx, o)
	return o
}

// list reads what there may be several of.
func (r *Observer) list(ctx context.Context, o *Observation) {
	within := client.InNamespace(o.Account.Namespace)
	pods := &corev1.PodList{}
	err := r.List(ctx, pods, within, client.MatchingLabels(tenant.SelectorLabels(o.Account.Name)))
	o.Pods = Seen[[]corev1.Pod]{Object: pods.Items, Found: err == nil, Err: brief(err)}
	quotas := &corev1.ResourceQuotaList{}
	err = r.List(ctx, quotas, within)
	o.Quotas = Seen[[]corev1.ResourceQuota]{Object: quotas.Items, Found: err == nil, Err: brief(err)}
	templates := &v1alpha1.MessageTemplateList{}
	err = r.List(ctx, templates, within)
	var own []v1alpha1.MessageTemplate
	for i := range templates.Items {
		if templates.Items[i].Spec.AccountName == o.Account.Name {
			own = append(own, templates.Items[i])
		}
	}
	o.Templates = Seen[[]v1alpha1.MessageTemplate]{Object: own, Found: err == nil, Err: brief(err)}
}

// observeNodes reads what tells the clocks of the gateway's nodes.
func (r *Observer) observeNodes(ctx context.Context, o *Observation) {
	for i := range o.Pods.Object {
		name := o.Pods.Object[i].Spec.NodeName
		if _, known := o.Nodes[name]; name == "" || known {
			continue
		}
		o.Nodes[name] = get(ctx, r, "", name, &corev1.Node{})
		o.NodeLeases[name] = get(ctx, r, corev1.NamespaceNodeLease, name, &coordinationv1.Lease{})
	}
}

func get[T client.Object](ctx context.Context, r client.Reader, namespace, name string, object T) Seen[T] {
	err := r.Get(ctx, types.NamespacedName{Namespace: namespace, Name: name}, object)
	if apierrors.IsNotFound(err) {
		return Seen[T]{}
	}
	return Seen[T]{Object: object, Found: err == nil, Err: brief(err)}
}

// brief says of a refusal only that it was one: who may not read something knows who they are.
func brief(err error) error {
	if apierrors.IsForbidden(err) {
		return errors.New("your role does not allow it")
	}
	return err
}

const (
	// reachTimeout is longer than Meta waits.
	reachTimeout = 10 * time.Second
	challenge    = "1158201444"
)

// reach makes the handshake of Meta's with a webhook URL that is on the internet. Without the
// verify token it is refused, which tells as much of the way.
func (r *Observer) reach(ctx context.Context, o *Observation) *Reach {
	if r.Web == nil || !o.onTheInternet() {
		return nil
	}
	result := &Reach{URL: o.Account.Status.Gateway.WebhookURL}
	token := "guichet-doctor"
	for i := range o.Account.Spec.Channels {
		secret := o.Secrets[o.Account.Spec.Channels[i].CredentialsSecretName]
		if secret.Found {
			token = strings.TrimSpace(string(secret.Object.Data[v1alpha1.SecretKeyVerifyToken]))
			result.Token = token != ""
			break
		}
	}
	query := url.Values{"hub.mode": {"subscribe"}, "hub.challenge": {challenge}, "hub.verify_token": {token}}
	ctx, cancel := context.WithTimeout(ctx, reachTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, result.URL+"?"+query.Encode(), http.NoBody)
	if err != nil {
		result.Err = errors.New("it is no URL")
		return result
	}
	response, err := r.Web.RoundTrip(request)
	if err != nil {
		result.Err = withoutURL(err)
		return result
	}
	defer response.Body.Close()
	const enough = 64
	body := make([]byte, enough)
	n, _ := response.Body.Read(body) // an answer that breaks off is none
	result.Status = response.StatusCode
	result.Echoed = response.StatusCode == http.StatusOK && strings.TrimSpace(string(body[:n])) == challenge
	return result
}

// withoutURL drops the request's URL from an error: it has the verify token.
func withoutURL(err error) error {
	if wrapped, is := errors.AsType[*url.Error](err); is {
		return wrapped.Err
	}
	return err
}
