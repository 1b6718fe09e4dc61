package controllers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

func TestSummaryPicksTheFirstThatIsFalse(t *testing.T) {
	condition := func(conditionType string, status metav1.ConditionStatus) metav1.Condition {
		return metav1.Condition{
			Type: conditionType, Status: status, Reason: conditionType + "Reason", Message: "about " + conditionType,
		}
	}
	tests := map[string]struct {
		conditions []metav1.Condition
		want       assessment
	}{
		"all true":               {[]metav1.Condition{condition("A", "True"), condition("B", "True")}, assessment{"True", "Ready", "Everything is in order"}},
		"one missing":            {[]metav1.Condition{condition("A", "True")}, assessment{"Unknown", "Pending", "B is not known yet"}},
		"unknown before false":   {[]metav1.Condition{condition("A", "Unknown"), condition("B", "False")}, assessment{"False", "BReason", "about B"}},
		"two false":              {[]metav1.Condition{condition("A", "False"), condition("B", "False")}, assessment{"False", "AReason", "about A"}},
		"unknown only":           {[]metav1.Condition{condition("A", "True"), condition("B", "Unknown")}, assessment{"Unknown", "BReason", "about B"}},
		"another one is ignored": {[]metav1.Condition{condition("A", "True"), condition("B", "True"), condition("C", "False")}, assessment{"True", "Ready", "Everything is in order"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := summary(
				tc.conditions, []string{"A", "B"}, time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
			); got != tc.want {
				t.Errorf("got %v, want %v", got, tc.want)
			}
		})
	}
}

func TestReadyOutlastsAConfigurationOnItsWay(t *testing.T) {
	since := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	conditions := []metav1.Condition{
		{Type: "Ready"},
		{Type: "A", Status: "True"},
		{Type: "ConfigSynced", Status: "False", Reason: "ConfigPropagating", Message: "older", LastTransitionTime: metav1.NewTime(since)},
	}
	for _, tc := range []struct {
		ready  metav1.ConditionStatus
		reason string
		after  time.Duration
		want   assessment
	}{
		{"True", "ConfigPropagating", 0, assessment{"True", "Ready", "Everything is in order"}},
		{"True", "ConfigPropagating", 29 * time.Second, assessment{"True", "Ready", "Everything is in order"}},
		{"True", "ConfigPropagating", 30 * time.Second, assessment{"False", "ConfigPropagating", "older"}},
		{"True", "ConfigRefused", 0, assessment{"False", "ConfigRefused", "older"}},
		{"False", "ConfigPropagating", 0, assessment{"False", "ConfigPropagating", "older"}},
		{"Unknown", "ConfigPropagating", 0, assessment{"False", "ConfigPropagating", "older"}},
	} {
		conditions[0].Status, conditions[2].Reason = tc.ready, tc.reason
		if got := summary(conditions, []string{"A", "ConfigSynced"}, since.Add(tc.after)); got != tc.want {
			t.Errorf("Ready=%s, %s for %s: got %v, want %v", tc.ready, tc.reason, tc.after, got, tc.want)
		}
	}
}

func TestTransitionsAreToldOnce(t *testing.T) {
	before := []metav1.Condition{
		{Type: "A", Status: "True", Reason: "Fine"},
		{Type: "Ready", Status: "False", Reason: "Bad"},
		{Type: "C", Status: "False", Reason: "Old", Message: "m"},
	}
	after := []metav1.Condition{
		{Type: "A", Status: "False", Reason: "Broken", Message: "mend it"},
		{Type: "B", Status: "Unknown", Reason: "Pending"},
		{Type: "Ready", Status: "True", Reason: "Ready"},
		{Type: "C", Status: "False", Reason: "Old", Message: "another message"},
		{Type: "WithinBudget", Status: "True", Reason: v1alpha1.ReasonBudgetWarning, Message: "80 %"},
	}
	want := []announcement{
		{"Warning", "Broken", "A: mend it"},
		{"Normal", "Ready", "Everything is in order"},
		{"Warning", "BudgetWarning", "WithinBudget: 80 %"},
	}
	if diff := cmp.Diff(want, transitions(before, after), cmp.AllowUnexported(announcement{})); diff != "" {
		t.Error(diff)
	}
	if again := transitions(after, after); len(again) != 0 {
		t.Errorf("got %v for conditions that have not changed", again)
	}
}

func TestTruncatedKeepsWholeCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Repeat(rapid.String().Draw(t, "text"), 200)
		got := truncated(text)
		if len(got) > maxMessage || len(text) <= maxMessage && got != text {
			t.Fatalf("got %d bytes of %d", len(got), len(text))
		}
		if strings.ToValidUTF8(text, "") == text && strings.ToValidUTF8(got, "") != got {
			t.Fatal("a character was cut in two")
		}
	})
}

func TestDecideStep(t *testing.T) {
	wanted := template.Definition{
		Name: "n", Language: "en_US", Category: "UTILITY",
		Components: []template.Component{{Type: "BODY", Text: "Hello"}},
	}
	other := template.Definition{
		Name: "n", Language: "en_US", Category: "UTILITY",
		Components: []template.Component{{Type: "BODY", Text: "Bye"}},
	}
	dearer := wanted
	dearer.Category = "MARKETING"
	digest := tenant.DefinitionDigest(wanted)
	upstream := func(d template.Definition, status string) *graph.UpstreamTemplate {
		return &graph.UpstreamTemplate{Definition: d, ID: "1", Status: status}
	}
	tests := map[string]struct {
		submitted, id string
		upstream      *graph.UpstreamTemplate
		want          step
	}{
		"never seen":                      {"", "", nil, stepCreate},
		"made, and the status was lost":   {"", "", upstream(wanted, "PENDING"), stepAdopt},
		"somebody else's":                 {"", "", upstream(other, "APPROVED"), stepDiffers},
		"submitted":                       {digest, "1", upstream(wanted, "PENDING"), stepObserve},
		"submitted, reworded upstream":    {digest, "1", upstream(other, "APPROVED"), stepObserve},
		"deleted upstream":                {digest, "1", nil, stepMissing},
		"edited and approved":             {"sha256:old", "1", upstream(other, "APPROVED"), stepEdit},
		"edited and rejected":             {"sha256:old", "1", upstream(other, "REJECTED"), stepEdit},
		"edited while reviewed":           {"sha256:old", "1", upstream(other, "PENDING"), stepWait},
		"edited and disabled":             {"sha256:old", "1", upstream(other, "DISABLED"), stepWait},
		"another category, approved":      {"sha256:old", "1", upstream(dearer, "APPROVED"), stepAdopt},
		"another category, rejected":      {"sha256:old", "1", upstream(dearer, "REJECTED"), stepEdit},
		"another category, reviewed":      {"sha256:old", "1", upstream(dearer, "PENDING"), stepWait},
		"made under another category":     {"", "", upstream(dearer, "PENDING"), stepAdopt},
		"edited, and the status was lost": {"sha256:old", "1", upstream(wanted, "PENDING"), stepAdopt},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			object := &v1alpha1.MessageTemplate{
				Status: v1alpha1.MessageTemplateStatus{SubmittedDigest: tc.submitted, UpstreamID: tc.id},
			}
			if got := decideStep(object, wanted, tc.upstream); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// Of an authentication template the spec gives settings and the upstream writes the text, so that a
// changed setting shows in no text.
func TestChangedAuthenticationTemplateIsSubmitted(t *testing.T) {
	expiring := func(minutes int) template.Definition {
		return template.Definition{
			Name: "n", Language: "en_US", Category: "AUTHENTICATION",
			Components: []template.Component{{Type: "BODY"}, {Type: "FOOTER", CodeExpirationMinutes: &minutes}},
		}
	}
	tests := map[string]struct {
		submitted, status string
		want              step
	}{
		"not submitted by this object": {"", "APPROVED", stepAdopt},
		"unchanged":                    {tenant.DefinitionDigest(expiring(5)), "APPROVED", stepObserve},
		"changed, approved":            {tenant.DefinitionDigest(expiring(10)), "APPROVED", stepEdit},
		"changed, reviewed":            {tenant.DefinitionDigest(expiring(10)), "PENDING", stepWait},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			object := &v1alpha1.MessageTemplate{
				Status: v1alpha1.MessageTemplateStatus{SubmittedDigest: tc.submitted, UpstreamID: "1"},
			}
			upstream := &graph.UpstreamTemplate{Definition: expiring(10), ID: "1", Status: tc.status}
			if got := decideStep(object, expiring(5), upstream); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

// Whoever may write a MessageTemplate can name any WhatsApp Business account: what that costs of
// its budget is no other tenant's (P8).
func TestP8UpstreamLimitsAreOfOneTenant(t *testing.T) {
	limits, now := newUpstreamLimits(), time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	if !limits.of("stranger", "102290129340398").submissions.AllowN(now, submissionBurst) {
		t.Fatal("the burst was refused")
	}
	if limits.of("stranger", "102290129340398").submissions.AllowN(now, 1) {
		t.Error("two accounts of a namespace must share the budget of their WhatsApp Business account")
	}
	if !limits.of("acme", "102290129340398").submissions.AllowN(now, 1) {
		t.Error("a stranger has spent the budget of another tenant")
	}
}

func TestNextLookGrowsWhileTheUpstreamReviews(t *testing.T) {
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tests := []struct{ waiting, want time.Duration }{
		{0, 2 * time.Second}, {8 * time.Second, 2 * time.Second}, {40 * time.Second, 10 * time.Second}, {time.Hour, time.Minute},
	}
	for _, tc := range tests {
		scope := &templateScope{
			now: now, upstream: &graph.UpstreamTemplate{Status: graph.TemplatePending},
			template: &v1alpha1.MessageTemplate{},
		}
		scope.template.Status.Conditions = []metav1.Condition{
			{Type: v1alpha1.ConditionApproved, LastTransitionTime: metav1.NewTime(now.Add(-tc.waiting))},
		}
		if got := scope.nextLook(); got != tc.want {
			t.Errorf("after %s: got %s, want %s", tc.waiting, got, tc.want)
		}
	}
	approved := &templateScope{
		now: now, upstream: &graph.UpstreamTemplate{Status: graph.TemplateApproved},
		template: &v1alpha1.MessageTemplate{},
	}
	if got := approved.nextLook(); got != 10*time.Minute {
		t.Errorf("approved: got %s, want 10m", got)
	}
}

func TestSubmissionsStayWithinTheUpstreamsHour(t *testing.T) {
	budget := newUpstreamLimits().of("acme", "1")
	start := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	submitted := 0
	for second := range 3600 {
		if budget.submissions.AllowN(start.Add(time.Duration(second)*time.Second), 1) {
			submitted++
		}
	}
	if submitted < 95 || submitted > 100 {
		t.Errorf("got %d submissions in an hour, want at most 100 and not much less", submitted)
	}
}

func TestP11UsageLeavesOutWhatHasNoCurrency(t *testing.T) {
	r := &report.Report{Period: report.Period{Name: "2026-11"}}
	usage := Usage(r, nil, "")
	if usage.Billed != nil || usage.Cost != nil || usage.Reserved != nil || usage.BudgetLeft != nil {
		t.Errorf("got %+v: an amount without a currency is no amount", usage)
	}
	if usage := Usage(
		r, nil, "EUR",
	); usage.Billed == nil || *usage.Billed != (v1alpha1.Money{Amount: "0", Currency: "EUR"}) {
		t.Errorf("got %v, want 0 EUR by the plan", usage.Billed)
	}
}

func TestUsageIsBounded(t *testing.T) {
	r := &report.Report{}
	for n := range 200 {
		r.Period.Categories = append(r.Period.Categories, report.Category{Name: "c"})
		r.Period.Allowances = append(r.Period.Allowances, report.Allowance{Name: fmt.Sprint("a", n/2)}) // each twice
		r.History = append(r.History, report.PeriodTotal{Name: "2026-01"})
	}
	usage := Usage(r, nil, "USD")
	if len(usage.Categories) != 16 || len(usage.Allowances) != 64 || len(History(r, "USD")) != 13 {
		t.Errorf(
			"got %d categories, %d allowances, %d periods", len(usage.Categories), len(usage.Allowances),
			len(History(r, "USD")),
		)
	}
}

func TestReachedIsExact(t *testing.T) {
	limit := money.Money{Amount: money.MustParse("0.3"), Currency: "USD"}
	for _, tc := range []struct {
		spent   string
		percent int32
		want    bool
	}{{"0.1", 33, true}, {"0.1", 34, false}, {"0.299999999999", 100, false}, {"0.3", 100, true}, {"0", 1, false}} {
		if got := reached(
			money.Money{Amount: money.MustParse(tc.spent), Currency: "USD"}, limit, tc.percent,
		); got != tc.want {
			t.Errorf("%s of 0.3 reaches %d %%: got %t", tc.spent, tc.percent, got)
		}
	}
}

func TestWhoHasAChannelKeepsItAndElseTheOldestGetsIt(t *testing.T) {
	t.Parallel()
	channel := v1alpha1.ChannelIdentity{Type: v1alpha1.ChannelWhatsApp, ID: "106540352242922"}
	at := func(second int, namespace, name string) v1alpha1.BusinessAccount {
		return v1alpha1.BusinessAccount{ObjectMeta: metav1.ObjectMeta{
			Namespace: namespace, Name: name, CreationTimestamp: metav1.NewTime(
				time.Date(2026, 11, 20, 12, 0, second, 0, time.UTC),
			),
		}}
	}
	having := func(account v1alpha1.BusinessAccount) v1alpha1.BusinessAccount {
		account.Status.HeldChannels = []v1alpha1.ChannelIdentity{{Type: "WhatsApp", ID: "1"}, channel}
		return account
	}
	// In the order of their right to the number.
	orders := map[string][]v1alpha1.BusinessAccount{
		"by age":     {at(1, "z", "z"), at(2, "a", "z"), at(2, "b", "a"), at(2, "b", "b")},
		"who has it": {having(at(3, "z", "z")), at(1, "a", "a"), at(2, "b", "b")},
		"two who do": {having(at(2, "z", "z")), having(at(3, "a", "a")), at(1, "b", "b")},
		"alone":      {at(1, "a", "a")},
		"having another": {at(1, "a", "a"), func() v1alpha1.BusinessAccount {
			b := at(2, "b", "b")
			b.Status.HeldChannels = []v1alpha1.ChannelIdentity{
				{Type: "WhatsApp", ID: "1"}, {Type: "Messenger", ID: channel.ID},
			}
			return b
		}()},
	}
	for name, order := range orders {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				claimants := rapid.Permutation(order).Draw(t, "claimants")
				for i := range order {
					other := holder(&order[i], claimants, hasChannel(channel))
					if i == 0 && other != nil {
						t.Fatalf(
							"%s/%s is the first, and %s/%s holds its number", order[i].Namespace, order[i].Name,
							other.Namespace, other.Name,
						)
					}
					if i > 0 && (other == nil || other.Namespace != order[0].Namespace || other.Name != order[0].Name) {
						t.Fatalf(
							"%s/%s must not hold the number of %s/%s", order[i].Namespace, order[i].Name,
							order[0].Namespace, order[0].Name,
						)
					}
				}
			})
		})
	}
}
