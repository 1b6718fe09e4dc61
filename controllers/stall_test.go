package controllers

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/statement"
)

// noReports are gateways that never report.
type noReports struct{}

func (noReports) Read(context.Context, ReportingPod) (report.Report, error) {
	return report.Report{}, errors.New("connection refused")
}
func (noReports) Forget(types.NamespacedName) {}

func (noReports) Statement(context.Context, ReportingPod, report.StatementQuery) (statement.Content, error) {
	return statement.Content{}, ErrNoStatements
}

// deafListener takes no note of templates.
type deafListener struct{}

func (deafListener) News(types.NamespacedName)                               {}
func (deafListener) Served(types.NamespacedName, []v1alpha1.MessageTemplate) {}
func (deafListener) Forget(types.NamespacedName)                             {}

// desk is a reconciler of one account over objects in memory, whose calls can be counted and
// refused.
type desk struct {
	*BusinessAccountReconciler
	t       *testing.T
	clock   *clocktesting.FakePassiveClock
	client  client.Client
	applied int    // objects that were applied or were to be
	read    int    // Secrets whose data was read
	refuse  error  // what applying gets
	status  error  // what writing the status gets
	broken  string // is the type of the objects that cannot be read, such as "*v1.Secret"
}

const deskPlan = `
spec:
  currency: USD
  revisions:
  - name: pmp-2025-07
    effectiveDate: "2025-07-01"
    classifyBy: Category
    unit: Message
    outsideWindow: TemplateOnly
    rateAt: Delivery
    serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}
    free: [{name: free-form, reason: ServiceWindow, when: Always, categories: [Service]}]
    rates:
    - {market: Any, prices: [{category: Marketing, amount: "0.0604"}, {category: Utility, amount: "0.0077"}, {category: Authentication, amount: "0.0077"}]}
`

func newDesk(t *testing.T) *desk {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	plan := &v1alpha1.PricingPlan{}
	if err := yaml.Unmarshal([]byte(deskPlan), plan); err != nil {
		t.Fatal(err)
	}
	plan.Name = "whatsapp"
	account := &v1alpha1.BusinessAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme", UID: "4711", Generation: 1},
		Spec: v1alpha1.BusinessAccountSpec{
			DisplayName: "Acme", PlanName: "whatsapp", TimeZone: "Europe/Paris",
			WhatsAppBusinessAccountID: "102290129340398",
			Channels: []v1alpha1.Channel{{
				Name: "main", Type: v1alpha1.ChannelWhatsApp, PhoneNumberID: "106540352242922",
				CredentialsSecretName: "acme-whatsapp",
				BaseURL:               "https://graph.facebook.com", APIVersion: "v26.0",
			}},
		},
	}
	credentials := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: "acme", Name: "acme-whatsapp",
	}, Data: map[string][]byte{
		"accessToken": []byte("a"), "appSecret": []byte("b"), "verifyToken": []byte("c"),
	}}
	d := &desk{t: t, clock: clocktesting.NewFakePassiveClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC))}
	d.client = fake.NewClientBuilder().WithScheme(scheme).
		WithObjects(plan, account, credentials, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}).
		WithStatusSubresource(account).
		WithIndex(&v1alpha1.BusinessAccount{}, indexChannel, channelKeysOf).
		WithIndex(&v1alpha1.MessageTemplate{}, indexAccount, accountOf).
		WithInterceptorFuncs(interceptor.Funcs{
			Get: func(
				ctx context.Context, c client.WithWatch, key client.ObjectKey, object client.Object,
				options ...client.GetOption,
			) error {
				if _, isSecret := object.(*corev1.Secret); isSecret {
					d.read++
				}
				if d.broken == fmt.Sprintf("%T", object) {
					return errDown
				}
				return c.Get(ctx, key, object, options...)
			},
			List: func(
				ctx context.Context, c client.WithWatch, list client.ObjectList, options ...client.ListOption,
			) error {
				if d.broken == fmt.Sprintf("%T", list) {
					return errDown
				}
				return c.List(ctx, list, options...)
			},
			Apply: func(context.Context, client.WithWatch, runtime.ApplyConfiguration, ...client.ApplyOption) error {
				d.applied++
				return d.refuse // what was applied is of no interest
			},
			SubResourcePatch: func(
				ctx context.Context, c client.Client, sub string, object client.Object, patch client.Patch,
				options ...client.SubResourcePatchOption,
			) error {
				if d.status != nil {
					return d.status
				}
				return c.SubResource(sub).Patch(ctx, object, patch, options...)
			},
		}).Build()
	d.BusinessAccountReconciler = NewBusinessAccountReconciler(Dependencies{
		Client: d.client, Live: d.client, Recorder: events.NewFakeRecorder(1024), Clock: d.clock,
		Options: Options{
			GatewayImage: "guichet.dev/gateway:one", OperatorNamespace: "guichet-system",
			ReportInterval: 10 * time.Second,
		},
	}, noReports{}, deafListener{}, NewUpstreamInspections())
	return d
}

// pass takes one pass over the account.
func (d *desk) pass() (ctrl.Result, error) {
	d.t.Helper()
	result, err := d.Reconcile(
		d.t.Context(), ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "acme", Name: "acme"}},
	)
	if err != nil && result != (ctrl.Result{}) {
		d.t.Errorf("a pass returned %v together with the error %v", result, err)
	}
	return result, err
}

// spend takes passes as the queue would, until so much time has gone by.
func (d *desk) spend(span time.Duration) (passes int) {
	d.t.Helper()
	for end := d.clock.Now().Add(span); d.clock.Now().Before(end); passes++ {
		result, err := d.pass()
		if err != nil || result.RequeueAfter <= 0 {
			d.t.Fatalf("got %v, %v; want another look later", result, err)
		}
		d.clock.SetTime(d.clock.Now().Add(result.RequeueAfter))
	}
	return passes
}

func (d *desk) condition(conditionType string) metav1.Condition {
	d.t.Helper()
	account := &v1alpha1.BusinessAccount{}
	if err := d.client.Get(d.t.Context(), types.NamespacedName{Namespace: "acme", Name: "acme"}, account); err != nil {
		d.t.Fatal(err)
	}
	for _, condition := range account.Status.Conditions {
		if condition.Type == conditionType {
			return condition
		}
	}
	return metav1.Condition{}
}

var errDown = errors.New("connection refused")

var errQuota = apierrors.NewForbidden(
	schema.GroupResource{Resource: "services"}, "acme-gateway", errors.New("exceeded quota"),
)

// An account whose objects the API server refuses waits for a change, at next to no cost; the
// change is looked at at once.
func TestRefusedAccountCostsNextToNothing(t *testing.T) {
	d := newDesk(t)
	d.refuse = errQuota
	d.spend(time.Minute)
	if got := d.condition(v1alpha1.ConditionGatewayAvailable); got.Reason != v1alpha1.ReasonApplyRefused {
		t.Fatalf("got %+v, want ApplyRefused", got)
	}
	applied, read := d.applied, d.read
	passes := d.spend(time.Hour)
	if passes > 80 || d.applied-applied > 8*9 || d.read-read > 8*6 {
		t.Errorf("an hour took %d passes, %d objects and %d Secrets; "+
			"want less than two looks a minute and a try every ten minutes",
			passes, d.applied-applied, d.read-read)
	}

	d.refuse = nil
	account := &v1alpha1.BusinessAccount{}
	if err := d.client.Get(t.Context(), types.NamespacedName{Namespace: "acme", Name: "acme"}, account); err != nil {
		t.Fatal(err)
	}
	account.Generation, account.Spec.DisplayName = 2, "Acme Parcels"
	if err := d.client.Update(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	if _, err := d.pass(); err != nil {
		t.Fatal(err)
	}
	if got := d.condition(v1alpha1.ConditionGatewayAvailable); got.Reason == v1alpha1.ReasonApplyRefused {
		t.Error("a changed account was not tried again at once")
	}
}

// A quota that was raised changes nothing that the operator watches: it is found within minutes.
func TestRefusedAccountIsTriedAgain(t *testing.T) {
	d := newDesk(t)
	d.refuse = errQuota
	d.spend(time.Hour)
	d.refuse = nil
	d.spend(longestStall + 2*time.Minute)
	if got := d.condition(v1alpha1.ConditionGatewayAvailable); got.Reason == v1alpha1.ReasonApplyRefused {
		t.Errorf("got %+v although nothing is refused any more", got)
	}
}

// What fails is tried again by the queue, which lets the pauses double: never by a result beside an
// error.
func TestResultsAndErrorsExcludeEachOther(t *testing.T) {
	conflict := apierrors.NewConflict(schema.GroupResource{Resource: "businessaccounts"}, "acme", nil)
	down := errors.New("connection refused")
	for name, tc := range map[string]struct {
		refuse, status error
		wantErr        bool
		wantAfter      time.Duration
	}{
		"nothing fails":                      {nil, nil, false, 10 * time.Second},
		"the API server is away":             {down, down, true, 0},
		"an object cannot be applied":        {down, nil, true, 0},
		"the status cannot be written":       {nil, down, true, 0},
		"an old copy":                        {nil, conflict, false, time.Second},
		"an old copy, and a failure":         {down, conflict, true, 0},
		"refused, and an old copy":           {errQuota, conflict, false, time.Second},
		"refused, and the status fails, too": {errQuota, down, true, 0},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			d.refuse, d.status = tc.refuse, tc.status
			result, err := d.pass()
			if (err != nil) != tc.wantErr {
				t.Fatalf("got the error %v", err)
			}
			if low, high := tc.wantAfter*8/10, tc.wantAfter*12/10; result.RequeueAfter < low ||
				result.RequeueAfter > high {
				t.Errorf("the next look is in %v, want about %v", result.RequeueAfter, tc.wantAfter)
			}
		})
	}
}

func TestFailedPassesBackOffToMinutes(t *testing.T) {
	limiter := controllerOptions(Options{}).RateLimiter
	request := ctrl.Request{NamespacedName: types.NamespacedName{Namespace: "acme", Name: "acme"}}
	var last, sum time.Duration
	for range 30 {
		last = limiter.When(request)
		sum += last
	}
	if last != longestBackoff || sum < time.Hour {
		t.Errorf("30 failures take %v and the last pause %v, want more than an hour and %v", sum, last, longestBackoff)
	}
	limiter.Forget(request)
	if got := limiter.When(request); got != shortestBackoff {
		t.Errorf("after a success the first pause is %v, want %v", got, shortestBackoff)
	}
}
