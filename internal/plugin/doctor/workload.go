package doctor

import (
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/advice"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// findQuota looks whether the API server or a quota refuses one of the gateway's objects.
func findQuota(o *Observation) (found []Finding) {
	if o.Deployment.Found {
		for _, condition := range o.Deployment.Object.Status.Conditions {
			if condition.Type == appsv1.DeploymentReplicaFailure && condition.Status == corev1.ConditionTrue {
				found = append(found, failure(o.where("Deployment", o.Deployment.Object.Name),
					"Its pods cannot be made: "+condition.Message, advice.For(v1alpha1.ReasonApplyRefused)))
			}
		}
	}
	for _, finding := range o.ofConditions(v1alpha1.ConditionGatewayAvailable) {
		if strings.Contains(
			finding.What, v1alpha1.ReasonApplyRefused,
		) || strings.Contains(finding.What, v1alpha1.ReasonForeignObject) {
			found = append(found, finding)
		}
	}
	if o.Quotas.Err != nil {
		found = append(found, notKnown(
			"ResourceQuotas of namespace "+o.Account.Namespace, "They could not be read: "+o.Quotas.Err.Error(),
		))
	}
	for i := range o.Quotas.Object {
		quota := &o.Quotas.Object[i]
		for _, name := range exhausted(quota) {
			hard, used := quota.Status.Hard[name], quota.Status.Used[name]
			found = append(found, warning(o.where("ResourceQuota", quota.Name),
				fmt.Sprintf("%s is used up: %s of %s", name, used.String(), hard.String()),
				"Raise the quota before the gateway is restarted or enlarged"))
		}
	}
	return found
}

// exhausted are the resources of a quota of which a gateway needs some and nothing is left.
func exhausted(quota *corev1.ResourceQuota) (names []corev1.ResourceName) {
	for _, name := range []corev1.ResourceName{
		corev1.ResourcePods, corev1.ResourcePersistentVolumeClaims, corev1.ResourceRequestsStorage,
		corev1.ResourceRequestsCPU, corev1.ResourceRequestsMemory, corev1.ResourceLimitsMemory, corev1.ResourceSecrets,
		corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourceConfigMaps, corev1.ResourceServices,
	} {
		hard, limited := quota.Status.Hard[name]
		used := quota.Status.Used[name]
		if limited && used.Cmp(hard) >= 0 {
			names = append(names, name)
		}
	}
	return names
}

// findGateway looks at the gateway's pods.
func findGateway(o *Observation) (found []Finding) {
	name := tenant.GatewayName(o.Account.Name)
	if hibernates(o.Account) {
		return []Finding{warning(
			o.account(), "No gateway is to run: nothing is sent, and webhooks are lost when Meta gives them up",
			advice.For(v1alpha1.ReasonHibernated),
		)}
	}
	for i := range o.Pods.Object {
		pod := &o.Pods.Object[i]
		phase := pod.Status.Phase
		if pod.DeletionTimestamp != nil || phase == corev1.PodFailed || phase == corev1.PodSucceeded {
			continue
		}
		if what, do := troubleOf(pod); what != "" {
			found = append(found, failure(o.where("Pod", pod.Name), what, do))
		}
	}
	switch {
	case failed(found):
		return found
	case o.Deployment.Err != nil:
		found = append(found, notSeen(o.where("Deployment", name), o.Deployment.Err))
	case o.Pods.Err != nil:
		found = append(found, notSeen("Pods of "+o.account(), o.Pods.Err))
	case o.Deployment.Absent() && o.Account.Status.Gateway != nil && o.Account.Status.Gateway.ReadyReplicas > 0:
		found = append(found, failure(
			o.where("Deployment", name), "It is not there any more", "See that the operator runs: it makes it again",
		))
	}
	for _, finding := range o.ofConditions(v1alpha1.ConditionGatewayAvailable) {
		if refused := findQuota(o); !slices.Contains(refused, finding) {
			found = append(found, finding)
		}
	}
	return found
}

// hibernates tells whether an account asks for no gateway.
func hibernates(account *v1alpha1.BusinessAccount) bool {
	gateway := account.Spec.Gateway
	return account.Spec.Activity == v1alpha1.ActivityHibernated ||
		gateway != nil && gateway.Replicas != nil && *gateway.Replicas == 0
}

// troubleOf says why a pod does not start, and what to do about it.
func troubleOf(pod *corev1.Pod) (what, do string) {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse &&
			condition.Reason == corev1.PodReasonUnschedulable {
			return "It cannot be scheduled: " + condition.Message, "Make room on the nodes, or mend what the " +
				"message names"
		}
	}
	for i := range pod.Status.ContainerStatuses {
		if what, do := containerTrouble(&pod.Status.ContainerStatuses[i]); what != "" {
			return what, do
		}
	}
	return "", ""
}

func containerTrouble(container *corev1.ContainerStatus) (what, do string) {
	if waiting := container.State.Waiting; waiting != nil {
		switch waiting.Reason {
		case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName":
			return fmt.Sprintf("The image %q cannot be pulled (%s)", container.Image, waiting.Reason),
				"Correct spec.gateway.image or the operator's --gateway-image; see that the nodes reach the registry"
		case "CreateContainerConfigError", "CreateContainerError", "RunContainerError":
			return "The container cannot be created: " + waiting.Message, "Mend what the message names"
		}
	}
	ended := container.LastTerminationState.Terminated
	if container.State.Terminated != nil {
		ended = container.State.Terminated
	}
	switch {
	case container.Ready || ended == nil || ended.ExitCode == 0:
		return "", ""
	case ended.Reason == "OOMKilled":
		return "The gateway was killed because it took more memory than its limit", "Raise " +
			"spec.gateway.resources.limits.memory"
	}
	return fmt.Sprintf(
			"The gateway has ended %d times, the last time with exit code %d", container.RestartCount, ended.ExitCode,
		),
		"Read why in the log of the container before: kubectl guichet logs --previous"
}

// findConfiguration looks whether the gateway serves what the spec says.
func findConfiguration(o *Observation) []Finding {
	return o.ofConditions(v1alpha1.ConditionConfigSynced, v1alpha1.ConditionTemplatesServed)
}
