package tenant

import (
	"net/url"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

// Defaults of an autoscaler; the same as those of its schema.
const (
	defaultMinReplicas      = 2
	defaultTargetCPUPercent = 70
)

const postgresPort = 5432

// sharedOf is the account's shared store, or nil if it has a volume of its own.
func sharedOf(account *v1alpha1.BusinessAccount) *v1alpha1.SharedStorage {
	gateway := account.Spec.Gateway
	if gateway == nil || gateway.Storage == nil || gateway.Storage.Type != v1alpha1.StorageShared {
		return nil
	}
	return gateway.Storage.Shared
}

// Shared tells whether the account's state is on a server that its replicas share.
func Shared(account *v1alpha1.BusinessAccount) bool { return sharedOf(account) != nil }

// storageOf is the zero value for an embedded store, so that its configuration stays as it was
// before there were others. Where the URL of a shared one is missing, it is the one before; without
// that too the URL is empty, and no gateway can start.
func storageOf(account *v1alpha1.BusinessAccount, secrets Secrets, served *config.Document) config.Storage {
	shared := sharedOf(account)
	if shared == nil {
		return config.Storage{}
	}
	address := secrets.value(shared.ConnectionSecretName, v1alpha1.SecretKeyConnectionURL)
	if address == "" && served != nil && served.Storage.Type == config.StorageShared {
		return served.Storage
	}
	return config.Storage{
		Type:  config.StorageShared,
		URL:   address,
		CAPEM: secrets.value(shared.ConnectionSecretName, v1alpha1.SecretKeyConnectionCA),
	}
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

// available tells whether more than one replica is wanted, so that one can be spared at a time.
func available(account *v1alpha1.BusinessAccount) bool {
	replicas, ours := Replicas(account)
	if !ours {
		return minReplicas(account.Spec.Gateway.Autoscaling) > 1
	}
	return replicas > 1
}

func minReplicas(autoscaling *v1alpha1.Autoscaling) int32 {
	if autoscaling.MinReplicas == 0 {
		return defaultMinReplicas
	}
	return autoscaling.MinReplicas
}

// disruptionBudget lets a node be drained one replica at a time.
func disruptionBudget(in Input) *policyv1ac.PodDisruptionBudgetApplyConfiguration {
	account := in.Account
	return policyv1ac.PodDisruptionBudget(GatewayName(account.Name), account.Namespace).
		WithLabels(Labels(account.Name)).
		WithOwnerReferences(owner(account)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(1)).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(SelectorLabels(account.Name))))
}

// autoscaler lets the number of replicas follow their use of CPU.
func autoscaler(in Input) *autoscalingv2ac.HorizontalPodAutoscalerApplyConfiguration {
	account, wanted := in.Account, in.Account.Spec.Gateway.Autoscaling
	target := wanted.TargetCPUPercent
	if target == 0 {
		target = defaultTargetCPUPercent
	}
	return autoscalingv2ac.HorizontalPodAutoscaler(GatewayName(account.Name), account.Namespace).
		WithLabels(Labels(account.Name)).
		WithOwnerReferences(owner(account)).
		WithSpec(autoscalingv2ac.HorizontalPodAutoscalerSpec().
			WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().
				WithAPIVersion("apps/v1").WithKind("Deployment").WithName(GatewayName(account.Name))).
			WithMinReplicas(minReplicas(wanted)).
			WithMaxReplicas(wanted.MaxReplicas).
			WithMetrics(autoscalingv2ac.MetricSpec().
				WithType(autoscalingv2.ResourceMetricSourceType).
				WithResource(autoscalingv2ac.ResourceMetricSource().
					WithName(corev1.ResourceCPU).
					WithTarget(autoscalingv2ac.MetricTarget().
						WithType(autoscalingv2.UtilizationMetricType).WithAverageUtilization(target)))))
}

// spread keeps replicas on different nodes where that is possible.
func spread(account *v1alpha1.BusinessAccount) *corev1ac.TopologySpreadConstraintApplyConfiguration {
	return corev1ac.TopologySpreadConstraint().
		WithMaxSkew(1).
		WithTopologyKey(corev1.LabelHostname).
		WithWhenUnsatisfiable(corev1.ScheduleAnyway).
		WithLabelSelector(metav1ac.LabelSelector().WithMatchLabels(SelectorLabels(account.Name)))
}
