package kube

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Defaults of an autoscaler; the same as those of its schema.
const (
	defaultMinReplicas      = 2
	defaultTargetCPUPercent = 70
)

// available tells whether more than one replica is wanted, so that one can be spared at a time.
func available(account *v1alpha1.BusinessAccount) bool {
	replicas, ours := tenant.Replicas(account)
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
	return policyv1ac.PodDisruptionBudget(tenant.GatewayName(account.Name), account.Namespace).
		WithLabels(tenant.Labels(account.Name)).
		WithOwnerReferences(owner(account)).
		WithSpec(policyv1ac.PodDisruptionBudgetSpec().
			WithMaxUnavailable(intstr.FromInt32(1)).
			WithSelector(metav1ac.LabelSelector().WithMatchLabels(tenant.SelectorLabels(account.Name))))
}

// autoscaler lets the number of replicas follow their use of CPU.
func autoscaler(in Input) *autoscalingv2ac.HorizontalPodAutoscalerApplyConfiguration {
	account, wanted := in.Account, in.Account.Spec.Gateway.Autoscaling
	target := wanted.TargetCPUPercent
	if target == 0 {
		target = defaultTargetCPUPercent
	}
	return autoscalingv2ac.HorizontalPodAutoscaler(tenant.GatewayName(account.Name), account.Namespace).
		WithLabels(tenant.Labels(account.Name)).
		WithOwnerReferences(owner(account)).
		WithSpec(autoscalingv2ac.HorizontalPodAutoscalerSpec().
			WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().
				WithAPIVersion("apps/v1").WithKind("Deployment").WithName(tenant.GatewayName(account.Name))).
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
		WithLabelSelector(metav1ac.LabelSelector().WithMatchLabels(tenant.SelectorLabels(account.Name)))
}
