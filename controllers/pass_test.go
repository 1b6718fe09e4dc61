package controllers

import (
	"context"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// brokenClient is a client of objects in memory, of which some calls are intercepted.
func brokenClient(t *testing.T, calls interceptor.Funcs, objects ...client.Object) client.Client {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).WithInterceptorFuncs(calls).
		WithIndex(&v1alpha1.BusinessAccount{}, indexPlan, planOf).WithIndex(
		&v1alpha1.BusinessAccount{}, indexPriced, pricedOf,
	).Build()
}

func TestPlanStatusOfAnOldCopyIsWrittenLaterWithoutAnError(t *testing.T) {
	plan := &v1alpha1.PricingPlan{ObjectMeta: metav1.ObjectMeta{Name: "whatsapp"}}
	r := NewPricingPlanReconciler(Dependencies{
		Clock:    clocktesting.NewFakePassiveClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
		Recorder: events.NewFakeRecorder(8),
		Client: brokenClient(t, interceptor.Funcs{SubResourcePatch: func(
			context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption,
		) error {
			return apierrors.NewConflict(schema.GroupResource{Resource: "pricingplans"}, "whatsapp", nil)
		}}, plan),
	})
	result, err := r.Reconcile(t.Context(), ctrl.Request{NamespacedName: client.ObjectKeyFromObject(plan)})
	if err != nil || result.RequeueAfter != time.Second {
		t.Errorf("got %v, %v; want another look in a second", result, err)
	}
}

func TestNamespacesThatAreNotServedAreNotLookedInto(t *testing.T) {
	for name, tc := range map[string]struct {
		served []string
		want   int
	}{
		"all are served": {nil, 1}, "it is served": {[]string{"globex", "acme"}, 1},
		"another is served": {[]string{"globex"}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			lists := 0
			r := &BusinessAccountReconciler{Dependencies: Dependencies{
				Options: Options{Namespaces: tc.served},
				Client: brokenClient(t, interceptor.Funcs{List: func(
					context.Context, client.WithWatch, client.ObjectList, ...client.ListOption,
				) error {
					lists++
					return nil
				}}),
			}}
			r.accountsOfNamespace(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acme"}})
			if lists != tc.want {
				t.Errorf("the caches were asked %d times, want %d", lists, tc.want)
			}
		})
	}
}
