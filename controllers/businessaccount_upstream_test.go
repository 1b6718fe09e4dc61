package controllers

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
)

// scopeOf is a pass over an account whose replicas report so.
func scopeOf(reports ...report.Report) *accountScope {
	scope := &accountScope{
		account: &v1alpha1.BusinessAccount{
			ObjectMeta: metav1.ObjectMeta{Namespace: "acme", Name: "acme"},
			Spec: v1alpha1.BusinessAccountSpec{Channels: []v1alpha1.Channel{{
				Name: "main", PhoneNumberID: "106540352242922", BaseURL: "https://graph.facebook.com", CredentialsSecretName: "acme-whatsapp",
			}}},
		},
		now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), memory: &accountMemory{},
		holders:  map[v1alpha1.ChannelIdentity]types.NamespacedName{},
		children: map[string]client.Object{},
	}
	for i, r := range reports {
		scope.reports = append(scope.reports, podReport{pod: fmt.Sprint("pod-", i), ready: true, report: r})
	}
	return scope
}

func TestObstaclesBecomeConditions(t *testing.T) {
	for name, tc := range map[string]struct {
		obstacle report.Obstacle
		want     assessment
	}{
		"a wrong token": {report.Obstacle{Cause: report.Refused, Code: 190}, assessment{
			"False", "AccessTokenRefused",
			`The upstream refuses with code 190 (Access token has expired): put a valid access token into key "accessToken" of Secret "acme-whatsapp"`,
		}},
		"a mistyped number id": {report.Obstacle{Cause: report.Refused, Code: 100}, assessment{
			"False", "PhoneNumberUnknown",
			`The upstream refuses with code 100 (Invalid parameter): correct phoneNumberID "106540352242922", or give the system user of the access token the right to this number`,
		}},
		"a missing permission": {report.Obstacle{Cause: report.Refused, Code: 200}, assessment{
			"False", "PermissionMissing",
			`The upstream refuses with code 200 (API permission missing): give the access token in Secret "acme-whatsapp" the permission whatsapp_business_messaging`,
		}},
		"no means of payment": {report.Obstacle{Cause: report.Refused, Code: 131042}, assessment{
			"False", "PaymentMissing",
			"The upstream refuses with code 131042 (Business eligibility payment issue): add a means of payment to " +
				"the WhatsApp Business account at Meta; messages that cost nothing are sent meanwhile",
		}},
		"a locked account": {report.Obstacle{Cause: report.Refused, Code: 131031}, assessment{
			"False", "AccountRestricted",
			"The upstream refuses with code 131031 (Account has been locked): see the account quality page of " +
				"Meta's Business Manager",
		}},
		"a number that is not registered": {report.Obstacle{Cause: report.Refused, Code: 133010}, assessment{
			"False", "PhoneNumberNotRegistered",
			"The upstream refuses with code 133010 (Phone number not registered): register the number for the Cloud " +
				"API at Meta",
		}},
		"an internal address": {report.Obstacle{Cause: report.AddressNotAllowed}, assessment{
			"False", "UpstreamUnreachable",
			`The upstream at baseURL "https://graph.facebook.com" cannot be reached: its address is inside the ` +
				`cluster or this network; the platform must allow it with the operator's flag --allow-egress`,
		}},
		"an unknown host": {report.Obstacle{Cause: report.NameNotResolved}, assessment{
			"False", "UpstreamUnreachable",
			`The upstream at baseURL "https://graph.facebook.com" cannot be reached: its host name cannot be resolved; correct it, or the cluster's DNS`,
		}},
		"a bad certificate": {report.Obstacle{Cause: report.CertificateInvalid}, assessment{
			"False", "UpstreamUnreachable",
			`The upstream at baseURL "https://graph.facebook.com" cannot be reached: the TLS handshake fails; its certificate must be valid, and baseURL must say http or https as the server does`,
		}},
		"a refused connection": {report.Obstacle{Cause: report.Unreachable}, assessment{
			"False", "UpstreamUnreachable",
			`The upstream at baseURL "https://graph.facebook.com" cannot be reached: no connection can be made; correct it, or let the gateway's pods reach it`,
		}},
		"an outage": {report.Obstacle{Cause: report.Outage, Code: 131016}, assessment{
			"False", "UpstreamFailing",
			"The upstream answers that it cannot work now: messages wait, and are tried again until it can",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			scope := scopeOf(
				// another replica has not met it yet
				report.Report{Channels: []report.Channel{{Name: "main", Checked: true}}},
				report.Report{Channels: []report.Channel{{Name: "main", Checked: true, Obstacle: &tc.obstacle}}})
			if got := assessChannel(scope, &scope.account.Spec.Channels[0]); got != tc.want {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
			status := v1alpha1.BusinessAccountStatus{}
			showChannels(scope, &status)
			want := assessment{tc.want.status, tc.want.reason, `channel "main": ` + tc.want.message}
			if got := assessChannels(status.Channels, v1alpha1.ConditionUpstreamAccepts); got != want {
				t.Errorf("the account: got %v, want %v", got, want)
			}
		})
	}
}

func TestUpstreamIsUnknownUntilAReplicaSays(t *testing.T) {
	for name, tc := range map[string]struct {
		reports []report.Report
		reason  string
	}{
		"no replica":         {nil, "ReportUnavailable"},
		"an older release":   {[]report.Report{{}}, "UpstreamNotReported"},
		"not asked yet":      {[]report.Report{{Channels: []report.Channel{{Name: "main"}}}}, "UpstreamNotChecked"},
		"one has not asked":  {[]report.Report{{Channels: []report.Channel{{Name: "main", Checked: true}}}, {Channels: []report.Channel{{Name: "main"}}}}, "UpstreamNotChecked"},
		"of another channel": {[]report.Report{{Channels: []report.Channel{{Name: "other", Checked: true}}}}, "ReportUnavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			scope := scopeOf(tc.reports...)
			if got := assessChannel(
				scope, &scope.account.Spec.Channels[0],
			); got.status != metav1.ConditionUnknown || got.reason != tc.reason {
				t.Errorf("got %v, want Unknown and %s", got, tc.reason)
			}
		})
	}
}

func TestQueueIsShownRounded(t *testing.T) {
	at := time.Date(2026, 11, 20, 11, 58, 59, 0, time.UTC)
	count := func(n int64) *int64 { return &n }
	minute := func(m int) metav1.Time { return metav1.NewTime(time.Date(2026, 11, 20, 11, m, 0, 0, time.UTC)) }
	scope := scopeOf(report.Report{Period: report.Period{Name: "2026-11"}, Waiting: []report.Waiting{
		{Channel: "main", Reason: report.WaitingForPair, Messages: 7, Oldest: at},
		{Channel: "main", Reason: report.WaitingForUpstream, Messages: 1299, Oldest: at.Add(-time.Minute)},
	}})
	status := v1alpha1.BusinessAccountStatus{}
	showQueue(scope, &status)
	want := &v1alpha1.QueueStatus{
		Messages: count(1300), OldestTime: minute(57),
		Waiting: []v1alpha1.WaitingMessages{
			{Channel: "main", Reason: "PairLimit", Messages: count(7), OldestTime: minute(58)},
			{Channel: "main", Reason: "UpstreamStopped", Messages: count(1200), OldestTime: minute(57)},
		},
	}
	if diff := cmp.Diff(want, status.Queue); diff != "" {
		t.Fatalf("the queue (-want +got):\n%s", diff)
	}
	showQueue(scopeOf(report.Report{Period: report.Period{Name: "2026-11"}}), &status)
	if status.Queue != nil {
		t.Fatalf("%+v is shown although nothing waits", status.Queue)
	}
}

func TestStoreConditions(t *testing.T) {
	shared := &v1alpha1.Gateway{Storage: &v1alpha1.Storage{
		Type: v1alpha1.StorageShared, Shared: &v1alpha1.SharedStorage{ConnectionSecretName: "acme-postgres"},
	}}
	for name, tc := range map[string]struct {
		gateway *v1alpha1.Gateway
		outage  *report.StoreOutage
		want    assessment
	}{
		"well": {nil, nil, assessment{"True", "StoreWritable", "The gateway's store takes writes"}},
		"a full volume": {nil, &report.StoreOutage{Cause: report.StoreFull}, assessment{
			"False", "VolumeFull",
			"The gateway's volume is full: raise spec.gateway.storage.embedded.size; the gateway answers 503 to " +
				"sends and webhooks meanwhile",
		}},
		"a read-only volume": {nil, &report.StoreOutage{Cause: report.StoreReadOnly}, assessment{
			"False", "VolumeReadOnly",
			"The gateway's volume is read-only: see the node's log, and repair the file system; the gateway answers " +
				"503 to sends and webhooks meanwhile",
		}},
		"a broken volume": {nil, &report.StoreOutage{Cause: report.StoreFailing}, assessment{
			"False", "StoreFailing",
			"Writing to the gateway's store fails: its log says why; the gateway answers 503 to sends and webhooks " +
				"meanwhile",
		}},
		"a database that is away": {shared, &report.StoreOutage{Cause: report.StoreUnreachable}, assessment{
			"False", "DatabaseUnreachable",
			`The PostgreSQL server cannot be reached: see whether it runs, and the URL in Secret "acme-postgres"; the gateway answers 503 to sends and webhooks meanwhile`,
		}},
		"a stand-by": {shared, &report.StoreOutage{Cause: report.StoreReadOnly}, assessment{
			"False", "VolumeReadOnly",
			"The PostgreSQL server is read-only: the connection URL must lead to the primary; the gateway answers " +
				"503 to sends and webhooks meanwhile",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			scope := scopeOf(report.Report{StoreOutage: tc.outage})
			scope.account.Spec.Gateway = tc.gateway
			if got := assessStore(scope); got != tc.want {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}

// A process that lost its store is told of, unless another replica has taken over.
func TestSupersededStoreIsACondition(t *testing.T) {
	superseded := report.Report{StoreOutage: &report.StoreOutage{Cause: report.StoreSuperseded}}
	want := assessment{"False", "StoreSuperseded", "The gateway may not use its store any more, as another process " +
		"has opened it or a newer release has migrated it: delete the gateway's pod, and see that nothing else uses the " +
		"store; the gateway answers 503 to sends and webhooks meanwhile"}
	if got := assessStore(scopeOf(superseded)); got != want {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	for name, reports := range map[string][]report.Report{
		"the other is first": {{}, superseded}, "the other is second": {superseded, {}},
	} {
		if got := assessStore(scopeOf(reports...)); got.status != metav1.ConditionTrue {
			t.Errorf("%s: got %v, want True", name, got)
		}
	}
}

func TestClaimThatIsBeingDeletedShows(t *testing.T) {
	scope := scopeOf(report.Report{})
	deleted := metav1.NewTime(scope.now)
	scope.children["PersistentVolumeClaim/acme-gateway-data"] = &corev1.PersistentVolumeClaim{
		ObjectMeta: metav1.ObjectMeta{Name: "acme-gateway-data", DeletionTimestamp: &deleted},
	}
	if got := assessStore(scope); got.status != metav1.ConditionFalse || got.reason != v1alpha1.ReasonVolumeDeleting {
		t.Errorf("got %v, want False and VolumeDeleting", got)
	}
}

func TestWhyAReportCannotBeRead(t *testing.T) {
	for name, tc := range map[string]struct {
		err  error
		want string
	}{
		"the network":         {errors.New("connection refused"), "cannot reach port 8443"},
		"another certificate": {fmt.Errorf("read: %w", &tls.CertificateVerificationError{Err: errors.New("unknown authority")}), "another certificate"},
		"another token":       {fmt.Errorf("read: %w", &reportStatusError{401}), "refuses the operator's token"},
		"an error":            {fmt.Errorf("read: %w", &reportStatusError{500}), "answers 500"},
	} {
		if got := reportFailure(tc.err); !strings.Contains(got, tc.want) {
			t.Errorf("%s: got %q, want it to hold %q", name, got, tc.want)
		}
	}
}

// Each send is refused although the budget is not spent: less is left than a message can cost.
func TestBudgetThatRefusesEverySendIsNotWithin(t *testing.T) {
	usd := func(amount string) money.Money { return money.Money{Amount: money.MustParse(amount), Currency: "USD"} }
	refused := usd("0.0859")
	for name, tc := range map[string]struct {
		billed  string
		action  v1alpha1.BudgetAction
		refused *money.Money
		want    assessment
	}{
		"nothing refused": {"99.95", v1alpha1.BudgetBlock, nil, assessment{"True", "WithinBudget", "Charges and reservations are within the budget"}},
		"refused": {"99.95", v1alpha1.BudgetBlock, &refused, assessment{
			"False", "BudgetTooLow",
			"Less is left of the budget of 100 USD in period 2026-11 than a message can cost: those that can cost 0.0859 USD or more are refused" +
				"; raise spec.budget.limit, or wait for the next period",
		}},
		"a reservation was given back": {"99.9", v1alpha1.BudgetBlock, &refused, assessment{"True", "WithinBudget", "Charges and reservations are within the budget"}},
		"a budget that warns":          {"99.95", v1alpha1.BudgetWarn, &refused, assessment{"True", "WithinBudget", "Charges and reservations are within the budget"}},
		"spent":                        {"100", v1alpha1.BudgetBlock, &refused, assessment{"False", "BudgetExhausted", "The budget of 100 USD is spent in period 2026-11: raise spec.budget.limit, or wait for the next period"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := report.Report{
				Period:        report.Period{Name: "2026-11", Billed: usd(tc.billed), Reserved: usd("0")},
				BudgetRefused: tc.refused,
			}
			scope := scopeOf(r)
			scope.memory.report = &r
			scope.account.Spec.Budget = &v1alpha1.Budget{
				Limit: v1alpha1.Money{Amount: "100", Currency: "USD"}, Action: tc.action,
			}
			if got := assessBudget(scope); got != tc.want {
				t.Errorf("got  %v\nwant %v", got, tc.want)
			}
		})
	}
}

func TestHeldConfigurationIsNamed(t *testing.T) {
	scope := scopeOf(report.Report{ConfigDigest: "sha256:aa"})
	if got := assessConfig(
		scope,
	); got.status != metav1.ConditionUnknown || got.reason != v1alpha1.ReasonConfigUnknown {
		t.Errorf("got %v before the first configuration, want Unknown", got)
	}
	scope.account.Status.Gateway = &v1alpha1.GatewayStatus{
		ConfigDigest: "sha256:aa", ConfigTime: metav1.NewTime(scope.now),
	}
	want := assessment{"False", "ConfigHeld", "No new configuration can be made: it needs the plan and the " +
		"credentials. The gateway goes on with configuration sha256:aa of 2026-11-20T12:00:00Z"}
	if got := assessConfig(scope); got != want {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// A template that is Ready can be sent: every ready replica serves it.
func TestTemplateIsServedWhenEveryReplicaServesIt(t *testing.T) {
	template := v1alpha1.MessageTemplate{ObjectMeta: metav1.ObjectMeta{UID: "1", Generation: 2}}
	template.Status.UpstreamStatus = "APPROVED"
	template.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionApproved, Status: metav1.ConditionTrue}}
	older := template
	older.Generation = 1
	for name, tc := range map[string]struct {
		served *v1alpha1.MessageTemplate
		want   metav1.ConditionStatus
	}{
		"not yet": {nil, metav1.ConditionUnknown}, "as it was": {&older, metav1.ConditionUnknown}, "as it is": {&template, metav1.ConditionTrue},
	} {
		scope := &templateScope{template: &template, servedForms: map[types.UID]string{}}
		if tc.served != nil {
			scope.servedForms["1"] = formOf(tc.served)
		}
		if got, news := served(scope, &template.Status); got.status != tc.want || !news {
			t.Errorf("%s: got %v, want %s", name, got, tc.want)
		}
	}
	known := template
	known.Status.Conditions = append(
		known.Status.Conditions[:1:1],
		metav1.Condition{Type: v1alpha1.ConditionServed, Status: "True", ObservedGeneration: 2},
	)
	if got, news := served(&templateScope{template: &known}, &known.Status); news {
		t.Errorf("got %v from an operator that has not asked yet, want nothing new", got)
	}
}
