package controllers

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// FieldManager owns every field that the operator applies.
const FieldManager = "guichet"

// applier applies intents by server-side apply, and skips those that the live object is known to
// satisfy, so that at rest no request is made at all.
type applier struct {
	client client.Client
	live   client.Reader
	memory *applyMemory
}

// apply makes the live object what the intent says. found is the live object as the cache has it,
// or nil.
func (a applier) apply(
	ctx context.Context, owner client.Object, intent *unstructured.Unstructured, found client.Object,
) error {
	kind, name := intent.GetKind(), intent.GetName()
	existing, err := a.existing(ctx, intent, found)
	if err != nil {
		return err
	}
	key := memoryKey{account: client.ObjectKeyFromObject(owner), kind: kind, name: name}
	retained := len(intent.GetOwnerReferences()) == 0 && existing != nil && kube.Retained(existing, owner.GetName())
	if existing != nil && !metav1.IsControlledBy(existing, owner) && !retained {
		lost, err := a.lostItsOwner(ctx, key, intent, existing)
		if err != nil {
			return err
		}
		if !lost {
			return &foreignError{kind: kind, name: name, gvk: intent.GroupVersionKind()}
		}
	}
	digest, err := digestOf(intent)
	if err != nil {
		return err
	}
	if existing != nil && a.memory.satisfied(key, existing, digest) {
		return nil
	}
	applied := intent.DeepCopy()
	if existing != nil {
		// With its UID the intent applies to this very object: not to one that took its place in
		// the meantime.
		applied.SetUID(existing.GetUID())
	}
	err = a.client.Apply(
		ctx, client.ApplyConfigurationFromUnstructured(applied), client.FieldOwner(FieldManager), client.ForceOwnership,
	)
	switch {
	case refused(err):
		return &refusedError{
			kind: kind, name: name, err: err,
			replaceable: kind == "Service" && existing != nil && apierrors.IsInvalid(err),
		}
	case err != nil:
		return writing("apply", kind, name, err)
	}
	a.memory.remember(key, applied, digest)
	return nil
}

// lostItsOwner tells whether an object is one that was applied for the account, and that somebody
// has taken from it since. Whoever may write in the namespace could otherwise keep the gateway's
// configuration as it is, or as they like it. An object that another controller owns is never
// taken.
func (a applier) lostItsOwner(
	ctx context.Context, key memoryKey, intent *unstructured.Unstructured, existing client.Object,
) (bool, error) {
	if metav1.GetControllerOf(existing) != nil {
		return false, nil
	}
	if a.memory.applied(key, existing.GetUID()) {
		return true, nil
	}
	live := metadataOf(intent.GroupVersionKind()) // what is cached does not say who wrote which field
	err := a.live.Get(ctx, client.ObjectKeyFromObject(intent), live)
	if err != nil {
		return false, fmt.Errorf("look for %s %q: %w", intent.GetKind(), intent.GetName(), err)
	}
	return slices.ContainsFunc(live.ManagedFields, func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == FieldManager && e.Operation == metav1.ManagedFieldsOperationApply
	}), nil
}

// existing is the live object: as the cache has it, or, since the cache holds only objects with the
// operator's label, as the API server has it.
func (a applier) existing(
	ctx context.Context, intent *unstructured.Unstructured, found client.Object,
) (client.Object, error) {
	if found != nil {
		return found, nil
	}
	live := metadataOf(intent.GroupVersionKind())
	err := a.live.Get(ctx, client.ObjectKeyFromObject(intent), live)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, reading(err, "%s %q", intent.GetKind(), intent.GetName())
	}
	return live, nil
}

func digestOf(intent *unstructured.Unstructured) ([sha256.Size]byte, error) {
	encoded, err := json.Marshal(intent.Object)
	if err != nil {
		return [sha256.Size]byte{}, fmt.Errorf("encode %s %q: %w", intent.GetKind(), intent.GetName(), err)
	}
	return sha256.Sum256(encoded), nil
}

// memoryKey names an applied object.
type memoryKey struct {
	account types.NamespacedName
	kind    string
	name    string
}

// satisfaction is the version of a live object that satisfies an intent.
type satisfaction struct {
	uid     types.UID
	version string
	digest  [sha256.Size]byte
}

// applyMemory remembers which version of each object satisfies which intent. It holds digests only.
// It is safe for concurrent use.
type applyMemory struct {
	mutex sync.Mutex
	known map[memoryKey]satisfaction
}

func newApplyMemory() *applyMemory { return &applyMemory{known: map[memoryKey]satisfaction{}} }

func (m *applyMemory) satisfied(key memoryKey, live client.Object, digest [sha256.Size]byte) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.known[key] == satisfaction{uid: live.GetUID(), version: live.GetResourceVersion(), digest: digest}
}

func (m *applyMemory) remember(key memoryKey, live client.Object, digest [sha256.Size]byte) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	m.known[key] = satisfaction{uid: live.GetUID(), version: live.GetResourceVersion(), digest: digest}
}

// applied tells whether the object was applied before, whatever has become of it.
func (m *applyMemory) applied(key memoryKey, uid types.UID) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	known, found := m.known[key]
	return found && known.uid == uid
}

// forgetAccount drops what is known of the objects of an account that is gone.
func (m *applyMemory) forgetAccount(account types.NamespacedName) {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	for key := range m.known {
		if key.account == account {
			delete(m.known, key)
		}
	}
}
