package controllers_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/statement"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// books are the ledger that the fake gateways keep.
type books struct {
	w       *world
	zone    *time.Location
	entries []ledger.Entry
	head    ledger.Head
}

func (w *world) newBooks() *books {
	w.t.Helper()
	zone, err := time.LoadLocation("America/Sao_Paulo")
	w.Expect(err).NotTo(gomega.HaveOccurred())
	b := &books{w: w, zone: zone, head: ledger.Head{Hash: ledger.Genesis("ledger")}}
	w.gateways.change(func(f *fakeGateways) { f.records, f.statement = map[int64]string{}, b.statement })
	return b
}

// settle adds a delivered message, charged 0.03, and tells it in the report of the clock's month.
func (b *books) settle(id string, delivered time.Time) {
	b.w.t.Helper()
	local := civil.DateAt(delivered.Unix(), b.zone).Month()
	entry, head := b.head.Append(&ledger.Record{
		Kind: ledger.Settlement, MessageID: id, SettledAt: b.w.clock.Now(), DeliveredAt: delivered,
		Period: local.String(), Plan: "whatsapp", Revision: "pmp-2025-07", Channel: "106540352242922",
		MessageKind: "template", Market: "Brazil", Category: "utility", Currency: "USD",
		Cost: money.MustParse("0.02"), Charge: money.MustParse("0.03"),
	})
	b.w.gateways.change(func(f *fakeGateways) {
		b.entries, b.head = append(b.entries, entry), head
		f.records[entry.Sequence] = entry.Hash.String()
	})
	b.tell()
}

// tell has the gateways report the ledger in the month of the clock.
func (b *books) tell() {
	month := civil.DateAt(b.w.clock.Now().Unix(), b.zone).Month()
	b.w.gateways.change(func(f *fakeGateways) {
		billed("0.03", b.head.Sequence, b.w.clock.Now())(f)
		f.report.Period.Name = month.String()
		f.report.Period.Start = month.First().Start(b.zone)
		f.report.Period.End = (month + 1).First().Start(b.zone)
		f.report.Ledger = report.Ledger{Sequence: b.head.Sequence, Hash: b.head.Hash.String()}
	})
}

func (b *books) statement(query report.StatementQuery) (statement.Content, error) {
	from := ledger.Head{Sequence: query.From, Hash: ledger.Genesis("ledger")}
	if query.From > 0 {
		from.Hash = b.entries[query.From-1].Hash
	}
	builder := statement.NewBuilder(query.Period, from, query.LateAfter, b.zone)
	for _, entry := range b.entries[query.From:] {
		if err := builder.Add(entry); err != nil {
			return statement.Content{}, err
		}
	}
	return builder.Content(func(string) string { return "WhatsApp" })
}

// statementSays is the state of a statement, and what it asks for: of the month, and of earlier
// ones.
func (w *world) statementSays(name string) string {
	found := &v1alpha1.UsageStatement{}
	if err := w.get(name, found); err != nil {
		return err.Error()
	}
	says := []string{string(found.Spec.State)}
	for _, total := range found.Spec.Totals {
		says = append(says, fmt.Sprintf("%s and %s %s", total.Billed, total.Adjusted, total.Currency))
	}
	return strings.Join(says, " ")
}

// A statement is open while its month runs and for seven days after it; then it is closed, signed,
// and survives its account, which goes on in the next one when it is made again.
func TestP14AStatementIsClosedSignedAndOutlivesItsAccount(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	b := w.newBooks()
	november := w.clock.Now()
	b.settle("m1", november)
	w.Eventually(func() string { return w.statementSays("acme-2026-11") }).Should(gomega.Equal("Open 0.03 and 0 USD"))

	b.settle("m2", november)
	w.Consistently(func() string { return w.statementSays("acme-2026-11") }, "500ms").Should(
		gomega.Equal("Open 0.03 and 0 USD"), "an open statement is not written for each message",
	)
	w.clock.SetTime(november.Add(10 * time.Minute))
	w.Eventually(func() string { return w.statementSays("acme-2026-11") }).Should(gomega.Equal("Open 0.06 and 0 USD"))

	w.clock.SetTime(time.Date(2026, 12, 8, 2, 59, 59, 0, time.UTC)) // a second before local midnight
	b.settle("m3", w.clock.Now())
	w.Eventually(func() string { return w.statementSays("acme-2026-12") }).Should(gomega.Equal("Open 0.03 and 0 USD"))
	b.settle("m4", november)
	w.Expect(w.statementSays("acme-2026-11")).To(gomega.Equal("Open 0.06 and 0 USD"))
	w.clock.SetTime(time.Date(2026, 12, 8, 3, 0, 0, 0, time.UTC))
	w.Eventually(func() string { return w.statementSays("acme-2026-11") }).Should(
		gomega.Equal("Closed 0.09 and 0 USD"), "what was told of within seven days counts in its month",
	)
	closed := &v1alpha1.UsageStatement{}
	w.Expect(w.get("acme-2026-11", closed)).To(gomega.Succeed())
	w.Expect(closed.OwnerReferences).To(gomega.BeEmpty())
	w.Expect(closed.Spec.ClosedTime.UTC()).To(gomega.Equal(w.clock.Now()))
	w.Expect(*closed.Spec.Ledger.Sequence).To(gomega.Equal(int64(4)))
	w.Expect(closed.Spec.Ledger.Head).To(gomega.Equal(v1alpha1.StatementHash(b.head.Hash.String())))
	keys := &corev1.ConfigMap{}
	w.Expect(w.client.Get(t.Context(), types.NamespacedName{
		Namespace: w.options.OperatorNamespace, Name: "guichet-statement-keys",
	}, keys)).To(gomega.Succeed())
	spec, err := json.Marshal(closed.Spec)
	w.Expect(err).NotTo(gomega.HaveOccurred())
	w.Expect(statement.VerifyWith(spec, keys.Data)).To(gomega.Succeed(), "as the API server gives it")

	b.settle("late", november)
	w.clock.SetTime(w.clock.Now().Add(10 * time.Minute))
	w.Eventually(func() string { return w.statementSays("acme-2026-12") }).Should(
		gomega.Equal("Open 0.03 and 0.03 USD"), "what comes later is an adjustment in the next one",
	)

	w.endAccount()
	w.Expect(w.statementSays("acme-2026-11")).To(gomega.Equal("Closed 0.09 and 0 USD"))
	w.createAccount()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.clock.SetTime(time.Date(2027, 1, 8, 3, 0, 0, 0, time.UTC))
	b.settle("m5", w.clock.Now())
	w.Eventually(func() string { return w.statementSays("acme-2026-12") }).Should(
		gomega.Equal("Closed 0.03 and 0.03 USD"),
	)
	w.Eventually(func() string { return w.statementSays("acme-2027-01") }).Should(gomega.Equal("Open 0.03 and 0 USD"))
	again := &v1alpha1.UsageStatement{}
	w.Expect(w.get("acme-2026-11", again)).To(gomega.Succeed())
	w.Expect(again.ResourceVersion).To(gomega.Equal(closed.ResourceVersion))
}

// Month after month is closed, each time with another one of the operator's writes failing: each
// statement goes on where the one before ended, and each record is in one of them.
func TestP5StatementsFollowEachOtherWhateverFails(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	b := w.newBooks()
	month := civil.DateAt(w.clock.Now().Unix(), b.zone).Month()
	name := func(month civil.Month) string { return "acme-" + month.String() }
	b.settle("m0", w.clock.Now())
	w.Eventually(func() string { return w.statementSays(name(month)) }).Should(gomega.HavePrefix("Open"))
	var from, late, covered int64
	for k := 1; ; k++ {
		w.clock.SetTime((month + 1).First().Start(b.zone).Add(7 * 24 * time.Hour))
		w.calls.failNext(k)
		b.settle(fmt.Sprintf("late%d", k), month.First().Start(b.zone))
		b.settle(fmt.Sprintf("m%d", k), w.clock.Now())
		w.Eventually(func() string {
			w.clock.SetTime(w.clock.Now().Add(time.Minute)) // a failed write is tried again in a minute
			return w.statementSays(name(month)) + "; " + w.statementSays(name(month+1))
		}).Should(gomega.MatchRegexp("^Closed .*; Open "), "with call %d failing", k)
		w.settle()
		closed := &v1alpha1.UsageStatement{}
		w.Expect(w.get(name(month), closed)).To(gomega.Succeed())
		ledger := closed.Spec.Ledger
		covered += *ledger.Records
		w.Expect(*ledger.From).To(gomega.Equal(from), "with call %d failing", k)
		w.Expect(*ledger.LateAfter).To(gomega.Equal(late), "with call %d failing", k)
		w.Expect(covered).To(gomega.Equal(int64(2*k)), "with call %d failing", k)
		from, late, month = *ledger.Next, *ledger.Sequence, month+1
		if !w.calls.failed() {
			if k < 4 {
				t.Fatalf("only %d writes were there to fail: a month takes more", k-1)
			}
			return
		}
		w.calls.failNext(0)
	}
}

// A copy of a signed statement under the name of a later month is not that month's statement, even
// where no policy keeps it from being made.
func TestP15ACopyOfAStatementIsNotThatOfAnotherMonth(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	b := w.newBooks()
	b.settle("m1", w.clock.Now())
	w.Eventually(func() string { return w.statementSays("acme-2026-11") }).Should(gomega.Equal("Open 0.03 and 0 USD"))
	w.clock.SetTime(time.Date(2026, 12, 8, 3, 0, 0, 0, time.UTC))
	b.tell()
	w.Eventually(func() string { return w.statementSays("acme-2026-11") }).Should(
		gomega.Equal("Closed 0.03 and 0 USD"),
	)
	november := &v1alpha1.UsageStatement{}
	w.Expect(w.get("acme-2026-11", november)).To(gomega.Succeed())
	w.Expect(w.client.Create(t.Context(), &v1alpha1.UsageStatement{
		ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "acme-2027-01"}, Spec: november.Spec,
	})).To(gomega.Succeed())

	w.clock.SetTime(time.Date(2027, 1, 1, 3, 0, 0, 0, time.UTC))
	b.settle("m2", w.clock.Now())
	names := tenant.StatementNames("acme", "2027-01", w.account().Status.LedgerID)
	w.Eventually(func() string { return w.statementSays(names[1]) }).Should(gomega.Equal("Open 0.03 and 0 USD"))
}

// Nobody but the operator makes, changes or deletes a statement, and nobody at all changes a closed
// one; a namespace that ends is not held.
func TestP15StatementsAreTheOperators(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ending := newNamespace(t)
	w.others = []string{ending}
	w.installPolicy("admission", "usage_statements.yaml")
	tenant := w.editorOfStatements("ed", w.namespace, ending)
	open := func(namespace string) *v1alpha1.UsageStatement {
		zero := int64(0)
		hash := v1alpha1.StatementHash(ledger.Genesis("ledger").String())
		return &v1alpha1.UsageStatement{
			ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "acme-2026-11"},
			Spec: v1alpha1.UsageStatementSpec{
				AccountName: "acme", Period: "2026-11", TimeZone: "Europe/Paris", State: v1alpha1.StatementOpen,
				AsOfTime: metav1.NewTime(w.clock.Now()), Doubted: &zero, Unpriced: &zero, InDoubt: &zero,
				Ledger: v1alpha1.StatementLedger{
					ID: "ledger", From: &zero, Sequence: &zero, Records: &zero, Next: &zero, Head: hash, Root: hash,
				},
			},
		}
	}
	refused := gomega.MatchError(gomega.ContainSubstring(
		"statements are the operator's: nobody else makes, changes or deletes one",
	))
	w.Eventually(func() error {
		return tenant.Create(t.Context(), open(w.namespace), client.DryRunAll)
	}).Should(refused)

	standing := open(w.namespace)
	w.Expect(w.client.Create(t.Context(), standing)).To(gomega.Succeed())
	change := func(c client.Client, patch string) error {
		return c.Patch(t.Context(), standing.DeepCopy(), client.RawPatch(types.MergePatchType, []byte(patch)))
	}
	w.Expect(change(tenant, `{"spec": {"unpriced": 1}}`)).To(refused)
	w.Expect(change(tenant, `{"metadata": {"finalizers": ["example.com/held"]}}`)).To(refused)
	w.Expect(tenant.Delete(t.Context(), standing.DeepCopy())).To(refused)
	w.Expect(change(w.client, `{"spec": {"unpriced": 1}}`)).To(gomega.Succeed())
	w.Expect(change(w.client, `{"spec": {"period": "2026-12"}}`)).To(gomega.MatchError(gomega.ContainSubstring(
		"accountName and period never change",
	)))
	w.Expect(change(w.client, `{"spec": {"state": "Closed"}}`)).To(gomega.MatchError(gomega.ContainSubstring(
		"a closed statement has a signature and a closedTime",
	)))
	w.Expect(change(w.client, `{"spec": {"state": "Closed", "closedTime": "2026-12-08T00:00:00Z", "signature":
		{"algorithm": "Ed25519", "keyID": "0123456789abcdef", "value": "`+strings.Repeat("A", 88)+`"}}}`)).To(gomega.Succeed())
	for _, patch := range []string{
		`{"spec": {"unpriced": 0}}`, `{"spec": {"state": "Open"}}`, `{"spec": {"signature": null}}`,
		`{"spec": {"totals": [{"currency": "USD", "messages": 0, "charged": 0, "free": 0, "failed": 0, "billed": "0",
			"adjusted": "0", "due": "0", "cost": "0"}]}}`,
	} {
		w.Expect(change(w.client, patch)).To(gomega.MatchError(gomega.ContainSubstring(
			"a closed statement never changes",
		)), patch)
	}

	w.Expect(w.client.Create(t.Context(), open(ending))).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ending}})).To(
		gomega.Succeed(),
	)
	w.Eventually(func() error { return tenant.Delete(t.Context(), open(ending), client.DryRunAll) }).Should(
		gomega.Succeed(), "a policy must not hold a namespace for ever",
	)
}

// editorOfStatements is somebody who was given every common right to statements.
func (w *world) editorOfStatements(name string, namespaces ...string) client.Client {
	w.t.Helper()
	for _, namespace := range namespaces {
		meta := metav1.ObjectMeta{Name: name, Namespace: namespace}
		w.Expect(w.client.Create(w.t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{"guichet.dev"}, Resources: []string{"usagestatements"},
			Verbs: []string{"create", "delete", "get", "list", "patch", "update", "watch"},
		}}})).To(gomega.Succeed())
		w.Expect(w.client.Create(w.t.Context(), &rbacv1.RoleBinding{
			ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name}},
		})).To(gomega.Succeed())
	}
	access := rest.CopyConfig(w.server)
	access.Impersonate = rest.ImpersonationConfig{UserName: name}
	c, err := client.New(access, client.Options{Scheme: w.client.Scheme()})
	w.Expect(err).NotTo(gomega.HaveOccurred())
	return c
}
