package controllers

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestPodTroubleSaysWhyInStableWords(t *testing.T) {
	unschedulable := func(message string) corev1.PodStatus {
		return corev1.PodStatus{Conditions: []corev1.PodCondition{
			{Type: "PodScheduled", Status: "False", Reason: "Unschedulable", Message: message},
		}}
	}
	waiting := func(reason, message string) corev1.PodStatus {
		return corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Image: "guichet.dev/gateway:one", State: corev1.ContainerState{
				Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message},
			},
		}}}
	}
	ended := func(now corev1.ContainerState, exitCode int32, reason string, ready bool) corev1.PodStatus {
		return corev1.PodStatus{ContainerStatuses: []corev1.ContainerStatus{{
			Ready: ready, State: now, LastTerminationState: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{ExitCode: exitCode, Reason: reason},
			},
		}}}
	}
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	started := func(ago time.Duration) corev1.ContainerState {
		return corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now.Add(-ago))}}
	}
	running := started(time.Second)
	evicted := ended(
		corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137}}, 137, "Error", false,
	)
	evicted.Phase = corev1.PodFailed
	backOff := corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{
		Reason: "CrashLoopBackOff", Message: "back-off 20s restarting failed container",
	}}
	tests := map[string]struct {
		status corev1.PodStatus
		want   string
	}{
		"nothing": {},
		"no room": {
			unschedulable(
				"0/3 nodes are available: 1 Insufficient memory, 2 node(s) had untolerated taint {disk: slow}. " +
					"preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.",
			),
			"a pod cannot be scheduled: Insufficient memory, node(s) had untolerated taint {disk: slow}",
		},
		"no room, on other nodes": {
			unschedulable(
				"0/4 nodes are available: 3 node(s) had untolerated taint {disk: slow}, 1 Insufficient memory.",
			),
			"a pod cannot be scheduled: Insufficient memory, node(s) had untolerated taint {disk: slow}",
		},
		"no volume": {
			unschedulable("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims. not found"),
			"a pod cannot be scheduled: pod has unbound immediate PersistentVolumeClaims",
		},
		"no words":                              {unschedulable(""), "a pod cannot be scheduled: its events say why"},
		"no image":                              {waiting("ImagePullBackOff", "x"), `the image "guichet.dev/gateway:one" cannot be pulled`},
		"no Secret":                             {waiting("CreateContainerConfigError", `secret "acme-gateway-keys" not found`), `the container cannot be created: secret "acme-gateway-keys" not found`},
		"being made":                            {waiting("ContainerCreating", ""), ""},
		"crashed, waits":                        {ended(backOff, 1, "Error", false), "the gateway crashes with exit code 1: its log says why"},
		"crashed, tries again":                  {ended(running, 1, "Error", false), "the gateway crashes with exit code 1: its log says why"},
		"crashed long ago, waits for its store": {ended(started(time.Minute), 1, "Error", false), ""},
		"evicted, and remembered":               {evicted, ""},
		"crashed and mended":                    {ended(running, 1, "Error", true), ""},
		"stopped in order":                      {ended(running, 0, "Completed", false), ""},
		"too little memory":                     {ended(backOff, 137, "OOMKilled", false), "the gateway was killed because it took more memory than its limit: raise spec.gateway.resources.limits.memory"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := podTrouble([]corev1.Pod{{}, {Status: tc.status}}, now); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
