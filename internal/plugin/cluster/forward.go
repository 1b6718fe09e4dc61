package cluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Forward opens a local port that leads to a port of the first ready pod with some labels. It ends
// with the context. localPort 0 is any free one.
func (c *Cluster) Forward(
	ctx context.Context, namespace string, chosen labels.Set, localPort, port int,
) (address string, ended <-chan error, err error) {
	pod, err := c.readyPod(ctx, namespace, chosen)
	if err != nil {
		return "", nil, err
	}
	clientset, err := kubernetes.NewForConfig(c.Config)
	if err != nil {
		return "", nil, err
	}
	target := clientset.CoreV1().RESTClient().Post().
		Resource("pods").Namespace(namespace).Name(pod).SubResource("portforward").URL()
	dialer, err := portforward.NewSPDYOverWebsocketDialer(target, c.Config)
	if err != nil {
		return "", nil, err
	}
	transport, upgrader, err := spdy.RoundTripperFor(c.Config)
	if err != nil {
		return "", nil, err
	}
	older := spdy.NewDialer(upgrader, &http.Client{Transport: transport}, http.MethodPost, target)
	without := func(err error) bool { return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err) }
	ready, complaint := make(chan struct{}), &bytes.Buffer{}
	forwarder, err := portforward.NewOnAddresses(
		portforward.NewFallbackDialer(dialer, older, without), []string{"127.0.0.1"},
		[]string{fmt.Sprintf("%d:%d", localPort, port)}, ctx.Done(), ready, io.Discard, complaint,
	)
	if err != nil {
		return "", nil, err
	}
	done := make(chan error, 1)
	go func() { done <- forwarder.ForwardPorts() }()
	select {
	case err := <-done:
		return "", nil, fmt.Errorf("forward a port to pod %s/%s: %w", namespace, pod, err)
	case <-ready:
	}
	ports, err := forwarder.GetPorts()
	if err != nil || len(ports) != 1 {
		return "", nil, errors.Join(errors.New("no port was forwarded"), err)
	}
	return fmt.Sprintf("http://127.0.0.1:%d", ports[0].Local), done, nil
}

// readyPod is the name of a ready pod with some labels.
func (c *Cluster) readyPod(ctx context.Context, namespace string, chosen labels.Set) (string, error) {
	pods := &corev1.PodList{}
	err := c.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabels(chosen))
	if err != nil {
		return "", explained(err)
	}
	for _, pod := range pods.Items {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && condition.Status == corev1.ConditionTrue {
				return pod.Name, nil
			}
		}
	}
	return "", fmt.Errorf("no pod in namespace %q with the labels %s is ready: kubectl guichet doctor says why",
		namespace, chosen)
}
