package kube

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// serviceAccount is an identity without any right, and without a token: nothing in a gateway could
// talk to the API server.
func serviceAccount(in Input) *corev1ac.ServiceAccountApplyConfiguration {
	account := in.Account
	return corev1ac.ServiceAccount(tenant.GatewayName(account.Name), account.Namespace).
		WithLabels(tenant.Labels(account.Name)).
		WithOwnerReferences(owner(account)).
		WithAutomountServiceAccountToken(false)
}

// configSecret holds the configuration document.
func configSecret(in Input) *corev1ac.SecretApplyConfiguration {
	account := in.Account
	return corev1ac.Secret(tenant.ConfigSecretName(account.Name), account.Namespace).
		WithLabels(tenant.Labels(account.Name)).
		WithAnnotations(map[string]string{tenant.AnnotationConfigDigest: in.Digest}).
		WithOwnerReferences(owner(account)).
		WithType(corev1.SecretTypeOpaque).
		WithData(map[string][]byte{config.FileName: in.Config})
}

// defaultVolumeSize is the size of a volume of which the spec says nothing.
const defaultVolumeSize = "1Gi"

// VolumeSize is the size that the account asks for its volume.
func VolumeSize(account *v1alpha1.BusinessAccount) resource.Quantity {
	if embedded := embeddedOf(account); embedded.Size != nil {
		return *embedded.Size
	}
	return resource.MustParse(defaultVolumeSize)
}

// embeddedOf is what the spec says of the account's volume.
func embeddedOf(account *v1alpha1.BusinessAccount) v1alpha1.EmbeddedStorage {
	gateway := account.Spec.Gateway
	if gateway == nil || gateway.Storage == nil || gateway.Storage.Embedded == nil {
		return v1alpha1.EmbeddedStorage{}
	}
	return *gateway.Storage.Embedded
}

// claimSize is what is asked of the API server, which refuses a smaller size than before, and any
// other one while the claim has no volume yet.
func claimSize(account *v1alpha1.BusinessAccount, claim *corev1.PersistentVolumeClaim) resource.Quantity {
	wanted := VolumeSize(account)
	if claim == nil {
		return wanted
	}
	if has := claim.Spec.Resources.Requests.Storage(); claim.Status.Phase != corev1.ClaimBound || has.Cmp(wanted) > 0 {
		return *has
	}
	return wanted
}

// dataClaim asks for the volume of the embedded store. It has no owner: the ledger stays when the
// account is deleted, also where that is done in the foreground, which deletes what is owned first.
func dataClaim(in Input) *corev1ac.PersistentVolumeClaimApplyConfiguration {
	account := in.Account
	size, class := claimSize(account, in.Claim), embeddedOf(account).StorageClassName
	spec := corev1ac.PersistentVolumeClaimSpec().
		WithAccessModes(corev1.ReadWriteOnce).
		WithResources(
			corev1ac.VolumeResourceRequirements().WithRequests(corev1.ResourceList{corev1.ResourceStorage: size}),
		)
	if class != "" {
		spec.WithStorageClassName(class)
	}
	return corev1ac.PersistentVolumeClaim(tenant.DataClaimName(account.Name), account.Namespace).
		WithLabels(tenant.RetainedLabels(account.Name)).
		WithSpec(spec)
}

// service is the address of the account's API and of its webhooks. The report and the metrics are
// read from each pod.
func service(in Input) *corev1ac.ServiceApplyConfiguration {
	account := in.Account
	return corev1ac.Service(tenant.GatewayName(account.Name), account.Namespace).
		WithLabels(tenant.Labels(account.Name)).
		WithOwnerReferences(owner(account)).
		WithSpec(corev1ac.ServiceSpec().
			WithType(corev1.ServiceTypeClusterIP).
			WithSelector(tenant.SelectorLabels(account.Name)).
			WithPorts(corev1ac.ServicePort().
				WithName("http").
				WithAppProtocol("http").
				WithProtocol(corev1.ProtocolTCP).
				WithPort(config.APIPort).
				WithTargetPort(intstr.FromString("http"))))
}

// ingress lets the upstream's webhooks and the business's clients in from outside.
func ingress(in Input) *networkingv1ac.IngressApplyConfiguration {
	account, wanted := in.Account, tenant.IngressOf(in.Account)
	backend := networkingv1ac.IngressBackend().WithService(networkingv1ac.IngressServiceBackend().
		WithName(tenant.GatewayName(account.Name)).
		WithPort(networkingv1ac.ServiceBackendPort().WithName("http")))
	path := networkingv1ac.HTTPIngressPath().WithPath(config.WebhookPath).WithPathType(networkingv1.PathTypeExact)
	if wanted.Paths == v1alpha1.PathsAll {
		path = networkingv1ac.HTTPIngressPath().WithPath("/").WithPathType(networkingv1.PathTypePrefix)
	}
	spec := networkingv1ac.IngressSpec().WithRules(networkingv1ac.IngressRule().
		WithHost(wanted.Host).
		WithHTTP(networkingv1ac.HTTPIngressRuleValue().WithPaths(path.WithBackend(backend))))
	if wanted.ClassName != "" {
		spec.WithIngressClassName(wanted.ClassName)
	}
	if wanted.TLSSecretName != "" {
		spec.WithTLS(networkingv1ac.IngressTLS().WithHosts(wanted.Host).WithSecretName(wanted.TLSSecretName))
	}
	return networkingv1ac.Ingress(tenant.GatewayName(account.Name), account.Namespace).
		WithLabels(tenant.Labels(account.Name)).
		WithOwnerReferences(owner(account)).
		WithSpec(spec)
}
