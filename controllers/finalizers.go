package controllers

import (
	"context"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
)

// setFinalizer adds a finalizer to an object, or removes it, in a write of its own. It writes
// nothing if the object is as wanted already.
func (d *Dependencies) setFinalizer(ctx context.Context, object client.Object, finalizer string, wanted bool) error {
	if controllerutil.ContainsFinalizer(object, finalizer) == wanted {
		return nil
	}
	before, ok := object.DeepCopyObject().(client.Object)
	if !ok {
		return fmt.Errorf("%T has no metadata", object)
	}
	if wanted {
		controllerutil.AddFinalizer(object, finalizer)
	} else {
		controllerutil.RemoveFinalizer(object, finalizer)
	}
	patch := client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})
	if err := d.Client.Patch(ctx, object, patch, client.FieldOwner(FieldManager)); client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("write finalizer %q of %q: %w", finalizer, object.GetName(), err)
	}
	return nil
}
