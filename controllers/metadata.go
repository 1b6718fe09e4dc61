package controllers

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// metadataOf is an empty object of a kind of which only the metadata is read.
func metadataOf(kind schema.GroupVersionKind) *metav1.PartialObjectMetadata {
	object := &metav1.PartialObjectMetadata{}
	object.SetGroupVersionKind(kind)
	return object
}

func labelsOf(object metav1.Object) labels.Set { return labels.Set(object.GetLabels()) }

// leaves tells whether an object is on its way out, alone or with its namespace, so that nothing
// may be made for it any more. A namespace that the cache has not seen yet is new.
func (d *Dependencies) leaves(ctx context.Context, object client.Object) (bool, error) {
	if !object.GetDeletionTimestamp().IsZero() {
		return true, nil
	}
	namespace := metadataOf(corev1.SchemeGroupVersion.WithKind("Namespace"))
	if err := d.Client.Get(
		ctx, types.NamespacedName{Name: object.GetNamespace()}, namespace,
	); client.IgnoreNotFound(err) != nil {
		return false, reading(err, "Namespace %q", object.GetNamespace())
	}
	return !namespace.DeletionTimestamp.IsZero(), nil
}
