package controllers

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/guichet-dev/guichet/api/v1alpha1"
)

// inspectionHarness is a reconciler of one account, with objects in memory and a double of Meta.
type inspectionHarness struct {
	*UpstreamInspectionReconciler
	t      *testing.T
	meta   *metaDouble
	clock  *clocktesting.FakePassiveClock
	client client.Client
	events *events.FakeRecorder
}

var acme = types.NamespacedName{Namespace: "acme", Name: "acme"}

func newInspectionHarness(t *testing.T, registration v1alpha1.WebhookRegistration) *inspectionHarness {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		t.Fatal(err)
	}
	d := &inspectionHarness{
		t: t, meta: newMetaDouble(t), events: events.NewFakeRecorder(16),
		clock: clocktesting.NewFakePassiveClock(time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)),
	}
	account := &v1alpha1.BusinessAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme", UID: "4711", Generation: 1},
		Spec: v1alpha1.BusinessAccountSpec{
			WhatsAppBusinessAccountID: "102", Webhooks: &v1alpha1.Webhooks{Registration: registration},
			Channels: []v1alpha1.Channel{{
				Name: "main", Type: v1alpha1.ChannelWhatsApp, PhoneNumberID: "106",
				CredentialsSecretName: "acme-whatsapp",
				BaseURL:               d.meta.server.URL, APIVersion: "v26.0",
			}},
		},
	}
	credentials := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme-whatsapp"},
		Data: map[string][]byte{
			"accessToken": []byte("token\n"), "appSecret": []byte("secret"), "verifyToken": []byte("verify"),
		},
	}
	d.client = fake.NewClientBuilder().WithScheme(scheme).
		WithObjects(account, credentials, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "acme"}}).
		WithStatusSubresource(account).Build()
	d.UpstreamInspectionReconciler = NewUpstreamInspectionReconciler(Dependencies{
		Client: d.client, Live: d.client, Recorder: d.events, Clock: d.clock,
		Options: Options{TrustedUpstreams: []string{d.meta.server.URL}},
	}, NewGraphUpstream(http.DefaultTransport), NewUpstreamInspections())
	return d
}

func (d *inspectionHarness) account() *v1alpha1.BusinessAccount {
	d.t.Helper()
	account := &v1alpha1.BusinessAccount{}
	if err := d.client.Get(d.t.Context(), acme, account); err != nil {
		d.t.Fatal(err)
	}
	return account
}

// ready says that the gateway takes webhooks at a URL, or not.
func (d *inspectionHarness) ready(callback string, status metav1.ConditionStatus) {
	d.t.Helper()
	account := d.account()
	account.Status.Gateway = &v1alpha1.GatewayStatus{WebhookURL: callback}
	j := judgement{conditions: &account.Status.Conditions, generation: 1, now: d.clock.Now()}
	for _, needed := range []string{"GatewayAvailable", "ConfigSynced", "ChannelsHeld", "HostHeld"} {
		j.set(needed, assessment{status, needed, ""})
	}
	if err := d.client.Status().Update(d.t.Context(), account); err != nil {
		d.t.Fatal(err)
	}
}

func (d *inspectionHarness) credential(key, value string) {
	d.t.Helper()
	secret := &corev1.Secret{}
	err := d.client.Get(d.t.Context(), types.NamespacedName{Namespace: "acme", Name: "acme-whatsapp"}, secret)
	secret.Data[key] = []byte(value)
	if err := errors.Join(err, d.client.Update(d.t.Context(), secret)); err != nil {
		d.t.Fatal(err)
	}
}

// pass takes one pass and returns what was asked of Meta in it.
func (d *inspectionHarness) pass() (calls []string, again time.Duration) {
	d.t.Helper()
	d.meta.calls = nil
	result, err := d.Reconcile(d.t.Context(), ctrl.Request{NamespacedName: acme})
	if err != nil {
		d.t.Fatal(err)
	}
	return d.meta.calls, result.RequeueAfter
}

func (d *inspectionHarness) wantCalls(when string, want ...string) {
	d.t.Helper()
	calls, _ := d.pass()
	if diff := cmp.Diff(want, calls); diff != "" {
		d.t.Errorf("%s (-want +got):\n%s", when, diff)
	}
}

// registered is what the account's status says of the registration.
func (d *inspectionHarness) registered() string {
	d.t.Helper()
	account := d.account()
	last := d.inspections.of(account)
	if last == nil {
		return "not inspected"
	}
	v := assessRegistration(&accountScope{account: account, inspection: last, now: d.clock.Now()})
	return fmt.Sprintf("%s %s: %s", v.status, v.reason, v.message)
}

func (d *inspectionHarness) wantRegistered(want string) {
	d.t.Helper()
	if got := d.registered(); got != want {
		d.t.Errorf("got  %s\nwant %s", got, want)
	}
}

const (
	asksToken    = "GET /debug_token token"
	asksFunding  = "GET /102 token"
	asksApps     = "GET /102/subscribed_apps token"
	asksFields   = "GET /77/subscriptions 77|secret"
	subscribes   = "POST /102/subscribed_apps token"
	callback     = "https://acme.test/webhooks"
	overrides    = subscribes + ` {"override_callback_uri":"https://acme.test/webhooks","verify_token":"verify"}`
	isRegistered = "True WebhookRegistered: Meta sends the webhooks of WhatsApp Business account 102 to " + callback
)

func TestWebhookIsRegisteredOnceTheGatewayAnswers(t *testing.T) {
	d := newInspectionHarness(t, v1alpha1.RegistrationRegister)
	d.wantCalls("before the gateway is there", asksToken, asksFunding, asksApps)
	d.wantRegistered("Unknown RegistrationWaits: The webhook is registered once GatewayAvailable, ConfigSynced, " +
		"ChannelsHeld and HostHeld are True, as Meta then calls it")
	if got := d.account().Finalizers; !cmp.Equal(got, []string{"guichet.dev/webhook-override"}) {
		t.Errorf("finalizers %v; want one before anything is written upstream", got)
	}

	d.ready(callback, metav1.ConditionTrue)
	d.wantCalls("when it is ready", asksToken, asksFunding, asksApps, subscribes, overrides, asksFields)
	d.wantRegistered(isRegistered)

	d.wantCalls("at rest")
	d.ready(callback, metav1.ConditionFalse)
	d.wantCalls("while the gateway restarts")
	d.ready(callback, metav1.ConditionTrue)
	d.wantCalls("when it is back")
	version := d.account().ResourceVersion
	d.clock.SetTime(d.clock.Now().Add(5 * time.Hour))
	d.wantCalls("five hours later")
	d.clock.SetTime(d.clock.Now().Add(2 * time.Hour))
	d.wantCalls("seven hours later", asksToken, asksFunding, asksApps, asksFields)
	if got := d.account().ResourceVersion; got != version {
		t.Error("P9: the account was written at rest")
	}

	d.memories.forget(acme) // as after a restart
	d.wantCalls("after a restart", asksToken, asksFunding, asksApps, asksFields)
	d.wantRegistered(isRegistered)
}

func TestWebhookIsRegisteredAgainWhenItsInputsChange(t *testing.T) {
	d := newInspectionHarness(t, v1alpha1.RegistrationRegister)
	d.ready(callback, metav1.ConditionTrue)
	d.pass()

	d.credential("verifyToken", "other")
	d.wantCalls("with another verify token", asksToken, asksFunding, asksApps,
		strings.Replace(overrides, `"verify"`, `"other"`, 1), asksFields)
	d.credential("unrelated", "x")
	d.wantCalls("with a Secret that says the same")
	d.ready("https://two.test/webhooks", metav1.ConditionTrue)
	d.wantCalls("at another URL", asksToken, asksFunding, asksApps,
		subscribes+` {"override_callback_uri":"https://two.test/webhooks","verify_token":"other"}`, asksFields)

	d.meta.override = "https://somebody.test/" // by hand, at Meta
	d.clock.SetTime(d.clock.Now().Add(7 * time.Hour))
	d.wantCalls("after somebody has changed it", asksToken, asksFunding, asksApps,
		subscribes+` {"override_callback_uri":"https://two.test/webhooks","verify_token":"other"}`, asksFields)
}

func TestRegistrationFailuresAreNamedAndTriedLessAndLessOften(t *testing.T) {
	const not = "The webhooks of WhatsApp Business account 102 do not go to https://acme.test/webhooks"
	for name, tc := range map[string]struct {
		prepare func(*metaDouble)
		want    string
	}{
		"handshake": {
			func(m *metaDouble) { m.subscribed, m.refuse["POST /102/subscribed_apps"] = true, 2200 },
			"False HandshakeFailed: " + not + ": Meta called it and did not get the answer that it wants: make it " +
				"reachable from the internet, with a certificate that is not self-signed. Meta says: (#2200) no",
		},
		"token": {
			func(m *metaDouble) { m.refuse["GET /102/subscribed_apps"] = 190 },
			"False AccessTokenRefused: " + not + `: put a valid access token into key "accessToken" of Secret ` +
				`"acme-whatsapp"`,
		},
		"permission": {
			func(m *metaDouble) { m.refuse["GET /102/subscribed_apps"] = 200 },
			"False PermissionMissing: " + not + `: give the access token in Secret "acme-whatsapp" the permission ` +
				"whatsapp_business_management",
		},
		"anything else": {
			func(m *metaDouble) { m.refuse["POST /102/subscribed_apps"] = 100 },
			"False RegistrationRefused: " + not + ". The Graph API answered: (#100) no",
		},
		"an outage": {
			func(m *metaDouble) { m.down = true },
			"Unknown UpstreamUnreachable: The Graph API answered: (#1) Bad Gateway: the answer had no error object " +
				"in " +
				"Meta's shape",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newInspectionHarness(t, v1alpha1.RegistrationRegister)
			tc.prepare(d.meta)
			d.ready(callback, metav1.ConditionTrue)
			for _, pause := range []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute} {
				_, again := d.pass()
				d.wantRegistered(tc.want)
				if again < pause*9/10 || again > pause*11/10 {
					t.Errorf("looks again in %s, want about %s", again, pause)
				}
				d.clock.SetTime(d.clock.Now().Add(again))
			}
			for range 10 {
				_, again := d.pass()
				if again > 66*time.Minute {
					t.Errorf("looks again in %s, want an hour at most", again)
				}
				d.clock.SetTime(d.clock.Now().Add(again))
			}
			*d.meta = metaDouble{
				server: d.meta.server, token: `"is_valid":true`, refuse: map[string]int{},
				fields: `"messages","user_preferences","message_template_status_update",` +
					`"message_template_quality_update",` +
					`"template_category_update"`,
			}
			d.pass()
			d.wantRegistered(isRegistered)
		})
	}
}

// That the gateway cannot answer a handshake yet does not hide that something else failed.
func TestFailureIsTriedAgainSoonWhileTheRegistrationWaits(t *testing.T) {
	d := newInspectionHarness(t, v1alpha1.RegistrationRegister)
	d.meta.unavailable = []string{"GET /debug_token", "GET /102"}
	_, again := d.pass()
	if v := d.registered(); !strings.HasPrefix(v, "Unknown RegistrationWaits: ") {
		t.Errorf("got %s", v)
	}
	if again > time.Minute {
		t.Errorf("tries again in %s, want about 30 seconds", again)
	}
}

func TestAnOutageTakesNothingBack(t *testing.T) {
	d := newInspectionHarness(t, v1alpha1.RegistrationRegister)
	d.ready(callback, metav1.ConditionTrue)
	d.pass()
	d.meta.down = true
	d.clock.SetTime(d.clock.Now().Add(7 * time.Hour))
	d.pass()
	d.wantRegistered(isRegistered)
	last := d.inspections.of(d.account())
	if !last.funded || last.fundingFailure != nil || last.tokens[0].failure != nil {
		t.Errorf("got %+v; want what was known before", last)
	}
}

func TestMissingFieldsAreNamed(t *testing.T) {
	const sends = "Meta sends the webhooks of WhatsApp Business account 102 to https://acme.test/webhooks"
	for name, tc := range map[string]struct {
		fields string
		refuse int
		want   string
	}{
		"a template's": {
			`{"name":"messages"},{"name":"user_preferences"},{"name":"message_template_status_update"}`, 0,
			"True FieldsMissing: " + sends + ", but the app is not subscribed to message_template_quality_update, " +
				"template_category_update: subscribe to them in the app's dashboard at Meta",
		},
		"messages": {
			`"user_preferences","message_template_status_update","message_template_quality_update",` +
				`"template_category_update"`, 0,
			"False FieldsMissing: " + sends + ", but the app is not subscribed to messages: subscribe to them in the " +
				"app's dashboard at Meta",
		},
		"not told": {
			``, 190, "True WebhookRegistered: " + sends + "; to which fields the app is subscribed is not known: " +
				"Meta " +
				`refuses the app's token, which is made of its id and key "appSecret" of Secret "acme-whatsapp"`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newInspectionHarness(t, v1alpha1.RegistrationRegister)
			d.meta.fields, d.meta.refuse["GET /77/subscriptions"] = tc.fields, tc.refuse
			d.ready(callback, metav1.ConditionTrue)
			d.pass()
			d.wantRegistered(tc.want)
		})
	}
}

func TestManualRegistrationWritesNothing(t *testing.T) {
	d := newInspectionHarness(t, v1alpha1.RegistrationManual)
	d.ready(callback, metav1.ConditionTrue)
	d.wantCalls("with Manual", asksToken, asksFunding)
	if account := d.account(); len(account.Finalizers) > 0 || registers(account) {
		t.Errorf("got finalizers %v, want none", account.Finalizers)
	}
}

func TestOverrideGoesWithTheAccount(t *testing.T) {
	for name, tc := range map[string]struct {
		prepare func(*inspectionHarness)
		want    []string
		after   time.Duration
		failure bool
		event   string
	}{
		"in place": {func(*inspectionHarness) {}, []string{asksApps, subscribes}, 0, false, ""},
		"somebody's": {
			func(d *inspectionHarness) { d.meta.override = "https://two.test/" }, []string{asksApps}, 0, false, "",
		},
		"an outage": {
			func(d *inspectionHarness) { d.meta.down = true }, []string{asksApps}, 9 * time.Minute, true, "",
		},
		"a long outage": {
			func(d *inspectionHarness) { d.meta.down = true },
			[]string{asksApps},
			11 * time.Minute, false,
			"Warning LeftUpstream The callback override of WhatsApp Business account 102 was not removed: " +
				"The Graph API answered: (#1) Bad Gateway: the answer had no error object in Meta's shape",
		},
		"without credentials": {
			func(d *inspectionHarness) { d.credential("accessToken", "") }, nil, 0, false,
			"Warning LeftUpstream The credentials of the account are gone: the callback override of WhatsApp " +
				"Business account 102 was not removed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newInspectionHarness(t, v1alpha1.RegistrationRegister)
			d.ready(callback, metav1.ConditionTrue)
			d.pass()
			tc.prepare(d)
			if err := d.client.Delete(t.Context(), d.account()); err != nil {
				t.Fatal(err)
			}
			d.clock.SetTime(d.account().DeletionTimestamp.Add(tc.after))
			d.meta.calls = nil
			_, err := d.Reconcile(t.Context(), ctrl.Request{NamespacedName: acme})
			if diff := cmp.Diff(tc.want, d.meta.calls); diff != "" {
				t.Errorf("calls (-want +got):\n%s", diff)
			}
			if failed := err != nil; failed != tc.failure {
				t.Errorf("got the error %v", err)
			}
			gone := apierrors.IsNotFound(d.client.Get(t.Context(), acme, &v1alpha1.BusinessAccount{}))
			if gone == tc.failure {
				t.Errorf("the account is gone: %t", gone)
			}
			told := ""
			select {
			case told = <-d.events.Events:
			default:
			}
			if told != tc.event {
				t.Errorf("told %q, want %q", told, tc.event)
			}
		})
	}
}
