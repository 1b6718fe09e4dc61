package kube

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

const postgresPort = 5432

// networkPolicy closes the gateway's pods but for what they need.
//
// In: the API from every pod that is not a gateway, so that no tenant reaches another (a
// NetworkPolicy cannot say "not to a gateway" on the way out, since its rules only allow; so each
// gateway refuses the others on the way in); metrics and report from the operator's namespace,
// metrics also from namespaces labelled metrics=enabled. Out: DNS, and the TCP ports of the
// upstreams, of the callback, of the shared store and of the collector of traces.
func networkPolicy(in Input) *networkingv1ac.NetworkPolicyApplyConfiguration {
	account := in.Account
	operator := networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(
		metav1ac.LabelSelector().WithMatchLabels(map[string]string{corev1.LabelMetadataName: in.OperatorNamespace}))
	collectors := networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(
		metav1ac.LabelSelector().WithMatchLabels(map[string]string{"metrics": "enabled"}))
	strangers := networkingv1ac.NetworkPolicyPeer().
		WithNamespaceSelector(metav1ac.LabelSelector()).
		WithPodSelector(metav1ac.LabelSelector().WithMatchExpressions(metav1ac.LabelSelectorRequirement().
			WithKey(tenant.LabelName).WithOperator(metav1.LabelSelectorOpNotIn).WithValues(tenant.NameGateway)))

	return networkingv1ac.NetworkPolicy(tenant.GatewayName(account.Name), account.Namespace).
		WithLabels(tenant.Labels(account.Name)).
		WithOwnerReferences(owner(account)).
		WithSpec(networkingv1ac.NetworkPolicySpec().
			WithPodSelector(metav1ac.LabelSelector().WithMatchLabels(tenant.SelectorLabels(account.Name))).
			WithPolicyTypes(networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress).
			WithIngress(
				networkingv1ac.NetworkPolicyIngressRule().WithFrom(strangers).WithPorts(
					port(corev1.ProtocolTCP, config.APIPort),
				),
				networkingv1ac.NetworkPolicyIngressRule().WithFrom(operator).WithPorts(
					port(corev1.ProtocolTCP, config.MetricsPort), port(corev1.ProtocolTCP, config.ReportPort),
				),
				networkingv1ac.NetworkPolicyIngressRule().WithFrom(collectors).WithPorts(
					port(corev1.ProtocolTCP, config.MetricsPort),
				),
			).
			WithEgress(
				networkingv1ac.NetworkPolicyEgressRule().WithPorts(
					port(corev1.ProtocolUDP, 53), port(corev1.ProtocolTCP, 53),
				),
				networkingv1ac.NetworkPolicyEgressRule().WithPorts(outboundPorts(in)...),
			))
}

// outboundPorts are the TCP ports that the account's URLs lead to. A URL of a Service inside the
// cluster opens every TCP port: a policy sees the port of the pod behind the Service, which the URL
// does not tell.
func outboundPorts(in Input) []*networkingv1ac.NetworkPolicyPortApplyConfiguration {
	account := in.Account
	addresses := make([]string, 0, len(account.Spec.Channels)+1)
	for _, channel := range account.Spec.Channels {
		addresses = append(addresses, channel.BaseURL)
	}
	if account.Spec.Callback != nil {
		addresses = append(addresses, account.Spec.Callback.URL)
	}
	everyPort := []*networkingv1ac.NetworkPolicyPortApplyConfiguration{
		networkingv1ac.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP),
	}
	if in.TracesEndpoint != "" {
		addresses = append(addresses, in.TracesEndpoint)
	}
	var numbers []int32
	for _, address := range addresses {
		number, inCluster := destination(address)
		if inCluster {
			return everyPort
		}
		numbers = append(numbers, number)
	}
	if in.DatabaseURL != "" {
		number, anywhere := databaseDestination(in.DatabaseURL)
		if anywhere {
			return everyPort
		}
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	ports := make([]*networkingv1ac.NetworkPolicyPortApplyConfiguration, 0, len(numbers))
	for _, number := range slices.Compact(numbers) {
		ports = append(ports, port(corev1.ProtocolTCP, number))
	}
	return ports
}

// destination is the TCP port that a URL leads to, and whether its host is a name inside the
// cluster.
func destination(address string) (number int32, inCluster bool) {
	parsed, err := url.Parse(address)
	if err != nil {
		return 443, false
	}
	host := strings.TrimSuffix(parsed.Hostname(), ".")
	inCluster = !strings.Contains(host, ".") && !strings.Contains(host, ":") ||
		strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".cluster.local")
	if explicit, err := strconv.ParseUint(parsed.Port(), 10, 16); err == nil {
		return int32(explicit), inCluster
	}
	if parsed.Scheme == "http" {
		return 80, inCluster
	}
	return 443, inCluster
}

// databaseDestination is the TCP port of the database, and whether its host is a name inside the
// cluster. A URL of several hosts is no URL to the parser: it may lead anywhere.
func databaseDestination(address string) (number int32, anywhere bool) {
	parsed, err := url.Parse(address)
	if err != nil {
		return 0, true
	}
	if parsed.Port() == "" {
		_, inCluster := destination(address)
		return postgresPort, inCluster
	}
	return destination(address)
}

func port(protocol corev1.Protocol, number int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(number))
}
