package controllers

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// maxQuoted bounds what a message quotes of a pod's status, in characters.
const maxQuoted = 256

// oomKilled is the kubelet's reason for a container that took more memory than its limit.
const oomKilled = "OOMKilled"

// podTrouble says in stable words why a pod does not start, or nothing. Pods that are on their way
// out, or that have ended and are only remembered, have no say.
func podTrouble(pods []corev1.Pod, now time.Time) string {
	for i := range pods {
		phase := pods[i].Status.Phase
		if !pods[i].DeletionTimestamp.IsZero() || phase == corev1.PodFailed || phase == corev1.PodSucceeded {
			continue
		}
		for _, condition := range pods[i].Status.Conditions {
			if condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse &&
				condition.Reason == corev1.PodReasonUnschedulable {
				return "a pod cannot be scheduled: " + schedulerReasons(condition.Message)
			}
		}
		for j := range pods[i].Status.ContainerStatuses {
			if trouble := containerTrouble(&pods[i].Status.ContainerStatuses[j], now); trouble != "" {
				return trouble
			}
		}
	}
	return ""
}

func containerTrouble(container *corev1.ContainerStatus, now time.Time) string {
	if waiting := container.State.Waiting; waiting != nil {
		switch waiting.Reason {
		case "ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName":
			return fmt.Sprintf("the image %q cannot be pulled", container.Image)
		case "CreateContainerConfigError":
			if waiting.Message != "" {
				return "the container cannot be created: " + bounded(waiting.Message, maxQuoted)
			}
			return "the container cannot be created: the pod's events say why"
		case "CreateContainerError", "RunContainerError":
			return "the container cannot be created: the pod's events say why"
		}
	}
	return crash(container, now)
}

// crashLoops is for how long after a start the end before it still says why a container is not
// ready: one that crashes again does so by then, and the text must not change with each start.
const crashLoops = 20 * time.Second

// crash says how a container that is not ready has ended before, whether it waits for its next
// start or was just started.
func crash(container *corev1.ContainerStatus, now time.Time) string {
	if running := container.State.Running; running != nil && now.Sub(running.StartedAt.Time) >= crashLoops {
		return ""
	}
	ended := container.State.Terminated
	if ended == nil {
		ended = container.LastTerminationState.Terminated
	}
	switch {
	case container.Ready || ended == nil || ended.ExitCode == 0:
		return ""
	case ended.Reason == oomKilled:
		return "the gateway was killed because it took more memory than its limit: raise " +
			"spec.gateway.resources.limits.memory"
	}
	return fmt.Sprintf("the gateway crashes with exit code %d: its log says why", ended.ExitCode)
}

// podsStarted tells whether a gateway runs, whether it is ready or not.
func podsStarted(pods []corev1.Pod) bool {
	return slices.ContainsFunc(pods, func(pod corev1.Pod) bool {
		return slices.ContainsFunc(pod.Status.ContainerStatuses, func(container corev1.ContainerStatus) bool {
			return container.Started != nil && *container.Started
		})
	})
}

// nodeCount is the number of nodes that a reason of the scheduler begins with.
var nodeCount = regexp.MustCompile(`^\d+ `)

// schedulerReasons are the reasons of the scheduler's sentence, "0/3 nodes are available: 1
// Insufficient memory, 2 node(s) had untolerated taint {a: b}. preemption: …", without the numbers
// of nodes: those change while the reasons stay.
func schedulerReasons(message string) string {
	if _, after, found := strings.Cut(message, "available: "); found {
		message = after
	}
	message, _, _ = strings.Cut(message, ". ")
	var reasons []string
	for reason := range strings.SplitSeq(strings.TrimSuffix(message, "."), ", ") {
		if reason = nodeCount.ReplaceAllString(reason, ""); reason != "" {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) == 0 {
		return "its events say why"
	}
	slices.Sort(reasons)
	return bounded(strings.Join(slices.Compact(reasons), ", "), maxQuoted)
}
