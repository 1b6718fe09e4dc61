package controllers

import (
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/internal/tenant"
)

// CacheOptions keep the operator's caches small: of the cluster's objects only those that carry its
// label, of Secrets and Namespaces only the metadata, and of no object the record of who wrote
// which field. Without namespaces, all are served.
//
// What is stored of prices is in the operator's own namespace: ControllerRevisions of no other are
// cached, and ConfigMaps of no other with their data. A tenant can write those of its namespace.
func CacheOptions(namespaces []string, operatorNamespace string) cache.Options {
	ours := cache.ByObject{Label: labels.SelectorFromSet(labels.Set{tenant.LabelManagedBy: tenant.ManagedBy})}
	revisions, configMaps := ours, ours
	revisions.Namespaces = map[string]cache.Config{operatorNamespace: {}}
	configMaps.Transform = withoutData(operatorNamespace)
	options := cache.Options{
		DefaultTransform: slim,
		// Nothing is cached that no reconciler watches. A Secret that was read through the cache
		// would make it hold the data of all of them.
		ReaderFailOnMissingInformer: true,
		ByObject: map[client.Object]cache.ByObject{
			&appsv1.ControllerRevision{}:             revisions,
			&appsv1.Deployment{}:                     ours,
			&corev1.PersistentVolumeClaim{}:          ours,
			&corev1.Pod{}:                            ours,
			&corev1.Service{}:                        ours,
			&corev1.ServiceAccount{}:                 ours,
			&networkingv1.Ingress{}:                  ours,
			&networkingv1.NetworkPolicy{}:            ours,
			&policyv1.PodDisruptionBudget{}:          ours,
			&autoscalingv2.HorizontalPodAutoscaler{}: ours,
		},
	}
	if len(namespaces) > 0 {
		options.DefaultNamespaces = map[string]cache.Config{}
		for _, namespace := range namespaces {
			options.DefaultNamespaces[namespace] = cache.Config{}
		}
		configMaps.Namespaces = maps.Clone(options.DefaultNamespaces)
		configMaps.Namespaces[operatorNamespace] = cache.Config{}
	}
	options.ByObject[&corev1.ConfigMap{}] = configMaps
	return options
}

// withoutData drops the data of ConfigMaps in other namespaces than the operator's own.
func withoutData(operatorNamespace string) func(any) (any, error) {
	return func(object any) (any, error) {
		if configMap, ok := object.(*corev1.ConfigMap); ok && configMap.Namespace != operatorNamespace {
			configMap.Data, configMap.BinaryData = nil, nil
		}
		return slim(object)
	}
}

// slim drops what the operator never reads.
func slim(object any) (any, error) {
	if metadata, ok := object.(metav1.Object); ok {
		metadata.SetManagedFields(nil)
		if annotations := metadata.GetAnnotations(); annotations[corev1.LastAppliedConfigAnnotation] != "" {
			kept := make(map[string]string, len(annotations))
			for key, value := range annotations {
				if key != corev1.LastAppliedConfigAnnotation {
					kept[key] = value
				}
			}
			metadata.SetAnnotations(kept)
		}
	}
	return object, nil
}
