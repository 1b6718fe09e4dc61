package tenant

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

// Labels and annotations of an account's objects.
const (
	// LabelName is the standard label that tells gateways from everything else.
	LabelName = "app.kubernetes.io/name"
	// LabelManagedBy is the standard label that the operator's caches and its inventory select by.
	LabelManagedBy = "app.kubernetes.io/managed-by"
	// LabelAccount names the BusinessAccount that an object belongs to.
	LabelAccount = "guichet.dev/account"
	// AnnotationConfigDigest is the digest of the configuration: on the Secret that holds it, and
	// on a pod that was told to look at it again.
	AnnotationConfigDigest = "guichet.dev/config-digest"

	labelInstance = "app.kubernetes.io/instance"

	// NameGateway is the value of LabelName on a gateway's objects.
	NameGateway = "guichet-gateway"
	// ManagedBy is the value of LabelManagedBy.
	ManagedBy = "guichet"
)

// GatewayName is the name of an account's Deployment, Service, ServiceAccount, NetworkPolicy and
// Ingress.
func GatewayName(account string) string { return account + "-gateway" }

// ConfigSecretName is the name of the Secret with the configuration document.
func ConfigSecretName(account string) string { return account + "-gateway-config" }

// KeysSecretName is the name of the Secret with the keys that must outlive every configuration.
func KeysSecretName(account string) string { return account + "-gateway-keys" }

// DataClaimName is the name of the PersistentVolumeClaim of an embedded store.
func DataClaimName(account string) string { return account + "-gateway-data" }

// PlanViewName is the name of the ConfigMap from which a business reads its plan.
func PlanViewName(account string) string { return account + "-plan" }

// APITokensSecretName is the name of the account's Secret of API tokens: the one that it brings, or
// the one that the operator makes.
func APITokensSecretName(account *v1alpha1.BusinessAccount) string {
	if account.Spec.APITokensSecretName != "" {
		return account.Spec.APITokensSecretName
	}
	return account.Name + "-api-tokens"
}

// Host is the DNS name of an account's Service, and the name that the report's certificate is made
// out to.
func Host(namespace, account string) string {
	return fmt.Sprintf("%s.%s.svc", GatewayName(account), namespace)
}

// URL is the base URL of the gateway inside the cluster.
func URL(account *v1alpha1.BusinessAccount) string {
	return "http://" + net.JoinHostPort(Host(account.Namespace, account.Name), strconv.Itoa(config.APIPort))
}

// WebhookURL is where the upstream's webhooks must be sent: the Ingress's host if there is one,
// else the Service. hidden says that another account holds the host.
func WebhookURL(account *v1alpha1.BusinessAccount, hidden bool) string {
	if ingress := IngressOf(account); ingress != nil && !hidden {
		scheme := "http"
		if ingress.TLSSecretName != "" {
			scheme = "https"
		}
		return scheme + "://" + ingress.Host + config.WebhookPath
	}
	return URL(account) + config.WebhookPath
}

// BusinessURL is where the business reaches the gateway: the Ingress's host if that lets more in
// than webhooks, else the Service. hidden says that another account holds the host.
func BusinessURL(account *v1alpha1.BusinessAccount, hidden bool) string {
	if ingress := IngressOf(account); ingress == nil || ingress.Paths != v1alpha1.PathsAll {
		return URL(account)
	}
	return strings.TrimSuffix(WebhookURL(account, hidden), config.WebhookPath)
}

// SelectorLabels are the labels by which an account's Deployment and Service select its pods. They
// never change.
func SelectorLabels(account string) map[string]string {
	return map[string]string{LabelName: NameGateway, LabelAccount: account}
}

// Labels are the labels of each of an account's objects.
func Labels(account string) map[string]string {
	return map[string]string{
		LabelName:                     NameGateway,
		LabelManagedBy:                ManagedBy,
		LabelAccount:                  account,
		"app.kubernetes.io/component": "gateway",
		labelInstance:                 account,
		"app.kubernetes.io/part-of":   "guichet",
	}
}

// IngressHost is the host that the account's Ingress asks for, as DNS compares it; empty if it asks
// for none.
func IngressHost(account *v1alpha1.BusinessAccount) string {
	ingress := IngressOf(account)
	if ingress == nil {
		return ""
	}
	return strings.TrimSuffix(strings.ToLower(ingress.Host), ".")
}

// IngressOf is the Ingress that an account asks for, or nil.
func IngressOf(account *v1alpha1.BusinessAccount) *v1alpha1.Ingress {
	gateway := account.Spec.Gateway
	if gateway == nil || gateway.Exposure == nil || gateway.Exposure.Type != v1alpha1.ExposureIngress {
		return nil
	}
	return gateway.Exposure.Ingress
}
