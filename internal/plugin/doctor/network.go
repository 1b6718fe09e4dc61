package doctor

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/plugin/advice"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// findNetworkPolicy looks whether the gateway is closed but for what it needs.
func findNetworkPolicy(o *Observation) []Finding {
	name := tenant.GatewayName(o.Account.Name)
	where := o.where("NetworkPolicy", name)
	switch {
	case o.NetworkPolicy.Err != nil:
		return []Finding{notSeen(where, o.NetworkPolicy.Err)}
	case o.NetworkPolicy.Absent() && o.Deployment.Found:
		return []Finding{failure(
			where, "It is not there: whatever runs in the cluster reaches every port of the gateway",
			"See that the operator runs, and that the account is not paused: it makes it again",
		)}
	case o.NetworkPolicy.Absent():
		return []Finding{notKnown(where, "It was not made yet")}
	}
	policy := o.NetworkPolicy.Object
	selector, err := metav1.LabelSelectorAsSelector(&policy.Spec.PodSelector)
	restore := "Delete it: the operator makes it again"
	if err != nil || !selector.Matches(labels.Set(tenant.Labels(o.Account.Name))) {
		return []Finding{failure(where, "It does not select the gateway's pods", restore)}
	}
	if !o.admitsOperator(policy) {
		return []Finding{failure(
			where,
			fmt.Sprintf(
				"It does not let namespace %q reach port %d: the operator cannot read the report", o.OperatorNamespace,
				config.ReportPort,
			),
			restore,
		)}
	}
	return nil
}

// admitsOperator tells whether the operator's namespace reaches the report.
func (o *Observation) admitsOperator(policy *networkingv1.NetworkPolicy) bool {
	namespace := labels.Set{corev1.LabelMetadataName: o.OperatorNamespace}
	for _, rule := range policy.Spec.Ingress {
		if !opens(rule.Ports, config.ReportPort) {
			continue
		}
		for _, peer := range rule.From {
			selector, err := metav1.LabelSelectorAsSelector(peer.NamespaceSelector)
			if err == nil && selector.Matches(namespace) {
				return true
			}
		}
		if len(rule.From) == 0 {
			return true
		}
	}
	return false
}

func opens(ports []networkingv1.NetworkPolicyPort, number int) bool {
	for _, port := range ports {
		if port.Port == nil || port.Port.IntValue() == number {
			return true
		}
	}
	return len(ports) == 0
}

// soon is how long before its end a certificate is worth a warning.
const soon = 14 * 24 * time.Hour

// findCertificates looks at the certificates of the Ingress, of the report, and of the callback's
// client.
func findCertificates(o *Observation) (found []Finding) {
	if ingress := tenant.IngressOf(o.Account); ingress != nil {
		if ingress.TLSSecretName == "" {
			found = append(found, warning(
				o.account(), "The Ingress has no certificate: Meta calls no webhook without one",
				"Name a Secret in spec.gateway.exposure.ingress.tlsSecretName",
			))
		} else {
			found = append(found, o.findCertificate(ingress.TLSSecretName, ingress.Host, "the Ingress")...)
		}
	}
	keys := tenant.KeysSecretName(o.Account.Name)
	if !o.Secrets[keys].Absent() {
		found = append(
			found, o.findCertificate(keys, tenant.Host(o.Account.Namespace, o.Account.Name), "the report")...,
		)
	}
	if callback := o.Account.Spec.Callback; callback != nil {
		if name := callback.ClientCertificateSecretName; o.Secrets[name].Found {
			found = append(found, o.findCertificate(name, "", "the callback's client")...)
		}
	}
	return found
}

// findCertificate judges the certificate in a Secret, for a host if it serves one.
func (o *Observation) findCertificate(name, host, user string) []Finding {
	secret, where := o.Secrets[name], o.where("Secret", name)
	switch {
	case secret.Err != nil:
		return []Finding{notSeen(where, secret.Err)}
	case secret.Absent():
		return []Finding{failure(
			where, "It is not there: it is to have the certificate of "+user, "Create it, of type kubernetes.io/tls",
		)}
	}
	data := secret.Object.Data
	pair, err := tls.X509KeyPair(
		bytes.TrimSpace(data[corev1.TLSCertKey]), bytes.TrimSpace(data[corev1.TLSPrivateKeyKey]),
	)
	if err != nil {
		return []Finding{failure(
			where, "The certificate of "+user+" and its key do not belong together, or are none",
			advice.For(v1alpha1.ReasonSecretInvalid),
		)}
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return []Finding{failure(
			where, "The certificate of "+user+" cannot be read", advice.For(v1alpha1.ReasonSecretInvalid),
		)}
	}
	renew := "Put a renewed certificate and its key into the Secret"
	switch left := leaf.NotAfter.Sub(o.Now); {
	case left <= 0:
		return []Finding{failure(
			where,
			fmt.Sprintf("The certificate of %s has ended on %s", user, leaf.NotAfter.UTC().Format(time.DateOnly)),
			renew,
		)}
	case o.Now.Before(leaf.NotBefore):
		return []Finding{failure(
			where,
			fmt.Sprintf("The certificate of %s begins on %s only", user, leaf.NotBefore.UTC().Format(time.DateOnly)),
			renew,
		)}
	case host != "" && leaf.VerifyHostname(host) != nil:
		return []Finding{failure(
			where, fmt.Sprintf("The certificate of %s is not for the host %q", user, host),
			"Put one for that host into the Secret",
		)}
	case left <= soon:
		return []Finding{warning(
			where, fmt.Sprintf("The certificate of %s ends on %s", user, leaf.NotAfter.UTC().Format(time.DateOnly)),
			renew,
		)}
	}
	return nil
}

// onTheInternet tells whether Meta calls the account's webhooks from outside of the cluster.
func (o *Observation) onTheInternet() bool {
	gateway := o.Account.Status.Gateway
	return gateway != nil && strings.HasPrefix(gateway.WebhookURL, "https://")
}

// findReachability judges the answer to a request that was made as Meta makes its handshake.
func findReachability(o *Observation) []Finding {
	reach := o.Reach
	switch {
	case reach == nil && o.onTheInternet():
		return []Finding{notKnown(o.Account.Status.Gateway.WebhookURL, "No request was made to it")}
	case reach == nil:
		return []Finding{{Level: OK, What: "The webhook URL is inside the cluster: nobody calls it from outside"}}
	case reach.Err != nil:
		return []Finding{failure(
			reach.URL, "It cannot be reached from here: "+reach.Err.Error(), advice.For(v1alpha1.ReasonHandshakeFailed),
		)}
	case reach.Token && reach.Echoed, !reach.Token && reach.Status == http.StatusForbidden:
		return nil
	case reach.Token && reach.Status == http.StatusForbidden:
		return []Finding{failure(
			reach.URL,
			"It refuses the verify token of the channel's Secret (403): another gateway, or an older configuration, "+
				"answers there",
			"See that DNS and the Ingress lead to this account's gateway",
		)}
	case reach.Status == http.StatusServiceUnavailable:
		return []Finding{failure(
			reach.URL, "It answers 503: nothing serves behind the Ingress", "See the checks of the gateway above",
		)}
	}
	return []Finding{failure(
		reach.URL, fmt.Sprintf("It answers %d, which no gateway does: something else serves there", reach.Status),
		"See that DNS and the Ingress lead to this account's gateway",
	)}
}
