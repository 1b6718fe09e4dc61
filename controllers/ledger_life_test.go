package controllers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/apitest"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// retainedObjects are what outlives an account.
func retainedObjects() map[string]client.Object {
	return map[string]client.Object{
		"acme-gateway-data": &corev1.PersistentVolumeClaim{}, "acme-gateway-keys": &corev1.Secret{},
		"acme-api-tokens": &corev1.Secret{},
	}
}

func (w *world) ledgerRecordName() string { return tenant.LedgerRecordName(w.namespace, "acme") }

// ledgerRecord is the operator's record of the ledger of acme.
func (w *world) ledgerRecord() (*tenant.LedgerRecord, *corev1.ConfigMap, error) {
	object := &corev1.ConfigMap{}
	key := types.NamespacedName{Namespace: w.options.OperatorNamespace, Name: w.ledgerRecordName()}
	if err := w.client.Get(w.t.Context(), key, object); err != nil {
		return nil, nil, err
	}
	record, err := kube.ReadLedger(object)
	return record, object, err
}

// bill has the gateways report a ledger.
func (w *world) bill(records map[int64]string, sequence int64) {
	w.gateways.change(func(f *fakeGateways) {
		billed("0.0204", sequence, w.clock.Now())(f)
		f.records = records
		f.report.Ledger = report.Ledger{Sequence: sequence, Hash: records[sequence]}
	})
}

// endAccount deletes acme, and plays the garbage collector, and the kubelet that ends the pod.
func (w *world) endAccount() {
	w.t.Helper()
	account := w.account()
	w.Expect(w.client.Delete(w.t.Context(), account)).To(gomega.Succeed())
	w.collectGarbage(account.UID)
}

func (w *world) collectGarbage(owner types.UID) {
	w.t.Helper()
	lists := []client.ObjectList{
		&appsv1.DeploymentList{}, &corev1.SecretList{}, &corev1.PersistentVolumeClaimList{}, &corev1.ServiceList{},
		&corev1.ServiceAccountList{}, &corev1.ConfigMapList{}, &networkingv1.NetworkPolicyList{},
	}
	for _, list := range lists {
		w.Expect(w.client.List(w.t.Context(), list, client.InNamespace(w.namespace))).To(gomega.Succeed())
		w.Expect(apimeta.EachListItem(list, func(item runtime.Object) error {
			object, ok := item.(client.Object)
			if owners := object.GetOwnerReferences(); ok && len(owners) == 1 && owners[0].UID == owner {
				return w.client.Delete(w.t.Context(), object)
			}
			return nil
		})).To(gomega.Succeed())
	}
	w.Expect(w.client.DeleteAllOf(
		w.t.Context(), &corev1.Pod{}, client.InNamespace(w.namespace), client.GracePeriodSeconds(0),
	)).To(gomega.Succeed())
}

// uids are those of the retained objects, and whether each is owned.
func (w *world) uids() map[string]types.UID {
	w.t.Helper()
	uids := map[string]types.UID{}
	for name, object := range retainedObjects() {
		w.Expect(w.get(name, object)).To(gomega.Succeed())
		w.Expect(object.GetOwnerReferences()).To(gomega.BeEmpty(), "%s must outlive the account", name)
		w.Expect(object.GetLabels()).NotTo(
			gomega.HaveKey("app.kubernetes.io/instance"), "Argo CD would prune %s as a part of an application", name,
		)
		uids[name] = object.GetUID()
	}
	return uids
}

func TestP14AnAccountMadeAgainGoesOnWithItsLedger(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	ledger, first := w.account().Status.LedgerID, w.account().UID
	w.Expect(ledger).NotTo(gomega.BeEmpty())
	w.Expect(ledger).NotTo(gomega.Equal(string(first)), "the ledger has an identity of its own")
	w.Expect(w.document().Account.LedgerID).To(gomega.Equal(ledger))
	records := map[int64]string{2: "sha256:2a", 3: "sha256:3a"}
	w.bill(records, 2)
	w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(int64(2)))
	w.bill(records, 3)
	w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(int64(3)))
	before := w.uids()

	w.endAccount()
	w.Eventually(func() int64 {
		record, _, err := w.ledgerRecord()
		w.Expect(err).NotTo(gomega.HaveOccurred())
		return record.Head().Sequence
	}).Should(gomega.Equal(int64(3)), "the last report stays, also what came after it was kept last")
	w.Expect(w.uids()).To(gomega.Equal(before))

	w.createAccount()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.Expect(w.uids()).To(gomega.Equal(before), "the volume, the keys and the tokens are the same")
	w.Expect(w.account().UID).NotTo(gomega.Equal(first))
	w.Expect(w.account().Status.LedgerID).To(gomega.Equal(ledger))
	w.Expect(w.document().Account.UID).To(gomega.Equal(string(w.account().UID)))
	w.Expect(w.document().Account.LedgerID).To(gomega.Equal(ledger))
	w.Eventually(func() string {
		record, _, err := w.ledgerRecord()
		w.Expect(err).NotTo(gomega.HaveOccurred())
		return record.Owner
	}).Should(gomega.Equal(string(w.account().UID)))
}

func sequenceOf(account *v1alpha1.BusinessAccount) int64 {
	if usage := account.Status.Usage; usage != nil && usage.Ledger != nil && usage.Ledger.Sequence != nil {
		return *usage.Ledger.Sequence
	}
	return -1
}

// A store that somebody has put in the place of the retained one, or rolled back, is noticed
// although the new account has published nothing yet.
func TestP14AnotherLedgerInItsPlaceIsNamed(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.bill(map[int64]string{3: "sha256:3a"}, 3)
	w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(int64(3)))
	w.endAccount()
	w.bill(map[int64]string{3: "sha256:3b", 5: "sha256:5b"}, 5)
	w.createAccount()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionFalse, v1alpha1.ReasonLedgerRegressed,
		"The gateway's ledger lacks record 3, which was published before the account was made again: its store was "+
			"lost, or restored from before. Restore the store, or have the platform team annotate ConfigMap \""+
			w.ledgerRecordName()+"\" with guichet.dev/accepted-loss=sha256:3a, to go on with what the store has")
	w.settle()
	w.Expect(sequenceOf(w.account())).To(gomega.Equal(int64(-1)), "its figures are not shown")

	record, object, err := w.ledgerRecord()
	w.Expect(err).NotTo(gomega.HaveOccurred())
	w.Expect(record.Head().Hash).To(gomega.Equal("sha256:3a"))
	object.Annotations = map[string]string{tenant.AnnotationAcceptedLoss: "sha256:3a"}
	w.Expect(w.client.Update(t.Context(), object)).To(gomega.Succeed())
	w.eventually("acme", v1alpha1.ConditionUsageCurrent, metav1.ConditionTrue, v1alpha1.ReasonUsageCurrent, "")
	w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(int64(5)))
}

// The payer can delete the volume, and gets no new ledger for it (P15).
func TestP15ALostVolumeBeginsNoSecondLedger(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.bill(map[int64]string{3: "sha256:3a"}, 3)
	w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(int64(3)))
	ledger := w.account().Status.LedgerID
	w.endAccount()
	claim := &corev1.PersistentVolumeClaim{}
	w.Expect(w.get("acme-gateway-data", claim)).To(gomega.Succeed())
	claim.Finalizers = nil
	w.Expect(w.client.Update(t.Context(), claim)).To(gomega.Succeed())
	w.Expect(w.client.Delete(t.Context(), claim)).To(gomega.Succeed())
	w.createAccount()
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonLedgerLost,
		`PersistentVolumeClaim "acme-gateway-data" is gone, and ledger `+ledger+` with it, which had 3 records: `+
			`restore it from a snapshot; or, to begin with an empty ledger, delete the account and Secret `+
			`"acme-gateway-keys", have the platform team delete ConfigMap "`+w.ledgerRecordName()+`" in namespace "`+
			w.options.OperatorNamespace+`", and make the account again`)
	w.Expect(apierrors.IsNotFound(w.get("acme-gateway", &appsv1.Deployment{}))).To(gomega.BeTrue())
	w.Expect(apierrors.IsNotFound(w.get("acme-gateway-data", claim))).To(gomega.BeTrue())
}

// Nor does the payer get one for having deleted the keys as well, or by the deletionPolicy (P15).
func TestP15ALedgerThatWentWithItsAccountIsNotReplaced(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.bill(map[int64]string{3: "sha256:3a"}, 3)
	w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(int64(3)))
	ledger := w.account().Status.LedgerID
	w.endAccount()
	for name, object := range retainedObjects() {
		w.Expect(w.get(name, object)).To(gomega.Succeed())
		object.SetFinalizers(nil)
		w.Expect(w.client.Update(t.Context(), object)).To(gomega.Succeed())
		w.Expect(w.client.Delete(t.Context(), object)).To(gomega.Succeed())
	}
	w.createAccount()
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonLedgerLost,
		`PersistentVolumeClaim "acme-gateway-data" is gone, and ledger `+ledger+` with it, which had 3 records: `+
			`restore it from a snapshot; or, to begin with an empty ledger, delete the account, have the platform team `+
			`delete ConfigMap "`+w.ledgerRecordName()+`" in namespace "`+w.options.OperatorNamespace+`", and make the `+
			`account again`)
	w.Expect(apierrors.IsNotFound(w.get("acme-gateway", &appsv1.Deployment{}))).To(gomega.BeTrue())
	w.Expect(apierrors.IsNotFound(w.get("acme-gateway-keys", &corev1.Secret{}))).To(gomega.BeTrue())
}

// With 'Delete' the ledger goes only once its last record was exported, or given up.
func TestP14DeleteNeedsTheWordTwice(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.bill(map[int64]string{3: "sha256:3a"}, 3)
	w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(int64(3)))
	owned := func() int {
		count := 0
		for name, object := range retainedObjects() {
			w.Expect(w.get(name, object)).To(gomega.Succeed())
			count += len(object.GetOwnerReferences())
		}
		return count
	}
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Spec.DeletionPolicy = v1alpha1.DeletionDelete
		account.Annotations = map[string]string{v1alpha1.AnnotationExportedLedger: "sha256:2a"}
	})
	w.settle()
	w.Expect(owned()).To(gomega.Equal(0), "record 3 was not exported")
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Annotations = map[string]string{v1alpha1.AnnotationExportedLedger: "sha256:3a"}
	})
	w.Eventually(owned).Should(gomega.Equal(3))
	w.bill(map[int64]string{3: "sha256:3a", 4: "sha256:4a"}, 4)
	w.Eventually(owned).Should(gomega.Equal(0), "record 4 was not exported")
	w.updateAccount(func(account *v1alpha1.BusinessAccount) {
		account.Annotations = map[string]string{v1alpha1.AnnotationDeleteUnexported: "true"}
	})
	w.Eventually(owned).Should(gomega.Equal(3))
	w.endAccount()
	w.Expect(apierrors.IsNotFound(w.get("acme-gateway-keys", &corev1.Secret{}))).To(gomega.BeTrue())
}

// An account of an earlier release owns its volume and keys, and its ledger has its UID as its id.
func TestP14AnEarlierAccountKeepsItsLedger(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createPlan()
	w.createCredentials()
	w.createAccount()
	account := w.account()
	keys, err := kube.KeysSecret(account, w.clock.Now())
	w.Expect(err).NotTo(gomega.HaveOccurred())
	keys.Labels = tenant.Labels("acme")
	keys.OwnerReferences = []metav1.OwnerReference{
		*metav1.NewControllerRef(account, v1alpha1.GroupVersion.WithKind("BusinessAccount")),
	}
	w.Expect(w.client.Create(t.Context(), keys)).To(gomega.Succeed())
	w.start()
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.Expect(w.account().Status.LedgerID).To(gomega.Equal(string(account.UID)))
	w.Expect(w.document().Account.LedgerID).To(gomega.BeEmpty(), "its configuration is as before")
	w.uids()
}

// restoreInto copies what a backup of the account's namespace and of the operator's has.
func (w *world) restoreInto(other *world) {
	w.t.Helper()
	for _, name := range []string{"acme-gateway-keys", "acme-api-tokens"} {
		secret := &corev1.Secret{}
		w.Expect(w.get(name, secret)).To(gomega.Succeed())
		secret.ObjectMeta = metav1.ObjectMeta{Namespace: other.namespace, Name: name, Labels: secret.Labels}
		w.Expect(other.client.Create(w.t.Context(), secret)).To(gomega.Succeed())
	}
	claim := &corev1.PersistentVolumeClaim{}
	w.Expect(w.get("acme-gateway-data", claim)).To(gomega.Succeed())
	claim.ObjectMeta = metav1.ObjectMeta{Namespace: other.namespace, Name: claim.Name, Labels: claim.Labels}
	w.Expect(other.client.Create(w.t.Context(), claim)).To(gomega.Succeed())
}

func TestP14ALedgerGoesOnInAnotherCluster(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	w.bill(map[int64]string{3: "sha256:3a"}, 3)
	w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(int64(3)))
	ledger := w.account().Status.LedgerID
	_, kept, err := w.ledgerRecord()
	w.Expect(err).NotTo(gomega.HaveOccurred())

	server, stop, err := apitest.Start("..")
	w.Expect(err).NotTo(gomega.HaveOccurred())
	t.Cleanup(func() { _ = stop() })
	for _, name := range []string{"shop", "operators"} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
		w.Expect(clientOf(t, server).Create(t.Context(), namespace)).To(gomega.Succeed())
	}
	other := newWorldOn(t, server, "shop", "operators")
	w.restoreInto(other)
	other.createPlan()
	other.createCredentials()
	other.start()
	adopting := fmt.Sprintf(accountManifest, other.planName()) + "  adopt: {ledgerID: " + ledger + "}\n"
	other.create(adopting)
	other.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonLedgerUnknown,
		"spec.adopt names ledger "+ledger+", which the operator has no record of: ask the platform team to restore it")

	kept.ObjectMeta = metav1.ObjectMeta{Namespace: "operators", Name: kept.Name, Labels: kept.Labels}
	w.Expect(other.client.Create(t.Context(), kept)).To(gomega.Succeed())
	other.eventually(
		"acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonLedgerNotGranted,
		"spec.adopt names ledger "+ledger+", which this account may not go on with: ask the platform team to let it",
	)
	kept.Annotations = map[string]string{tenant.AnnotationAdoptableBy: "shop/acme"}
	w.Expect(other.client.Update(t.Context(), kept)).To(gomega.Succeed())
	other.bill(map[int64]string{3: "sha256:3a", 4: "sha256:4a"}, 4)
	other.startPod()
	other.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
	w.Expect(other.account().Status.LedgerID).To(gomega.Equal(ledger))
	w.Expect(other.document().Account.LedgerID).To(gomega.Equal(ledger))
	w.Expect(other.document().Account.UID).NotTo(gomega.Equal(string(w.account().UID)))
	key := types.NamespacedName{Namespace: "operators", Name: kept.Name}
	w.Expect(apierrors.IsNotFound(other.client.Get(t.Context(), key, kept))).To(
		gomega.BeTrue(), "the account before it cannot go on with the same ledger any more",
	)
	other.uids()
}

// A forged label, or the keys of another ledger, choose no history (P15).
func TestP15KeysOfAnUnknownLedgerAreNotUsed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.createPlan()
	w.createCredentials()
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{
		Namespace: w.namespace, Name: "acme-gateway-keys", Labels: tenant.RetainedLabels("acme"),
	}}
	w.Expect(w.client.Create(t.Context(), secret)).To(gomega.Succeed())
	w.start()
	w.createAccount()
	w.eventually("acme", v1alpha1.ConditionGatewayAvailable, metav1.ConditionFalse, v1alpha1.ReasonLedgerUnknown,
		`Secret "acme-gateway-keys" holds the keys of a ledger that the operator has no record of: have the platform `+
			`team restore ConfigMap "`+w.ledgerRecordName()+`" in its namespace; or, to begin with an empty ledger, `+
			`delete the Secret and what it unlocks`)
	w.Expect(w.account().Status.LedgerID).To(gomega.BeEmpty())
	w.Expect(apierrors.IsNotFound(w.get("acme-gateway", &appsv1.Deployment{}))).To(gomega.BeTrue())
	w.Expect(w.client.Delete(t.Context(), secret)).To(gomega.Succeed())
	w.startPod()
	w.eventually("acme", v1alpha1.ConditionReady, metav1.ConditionTrue, v1alpha1.ReasonReady, "")
}

// TestP9TheLastReportIsKeptNowAndThen counts the writes of a busy account.
func TestP9TheLastReportIsKeptNowAndThen(t *testing.T) {
	t.Parallel()
	w := readyWorld(t)
	records := map[int64]string{}
	saved := func() int64 {
		record, _, err := w.ledgerRecord()
		w.Expect(err).NotTo(gomega.HaveOccurred())
		return record.Head().Sequence
	}
	for sequence := range int64(4) {
		records[sequence+1] = fmt.Sprintf("sha256:%d", sequence+1)
		w.bill(records, sequence+1)
		w.Eventually(func() int64 { return sequenceOf(w.account()) }).Should(gomega.Equal(sequence + 1))
	}
	w.Expect(saved()).To(gomega.Equal(int64(0)), "it was kept when the account began, moments ago")
	w.clock.SetTime(w.clock.Now().Add(11 * time.Minute))
	w.Eventually(saved).Should(gomega.Equal(int64(4)))
	calls := w.settle()
	w.clock.SetTime(w.clock.Now().Add(11 * time.Minute))
	w.settle()
	w.Expect(w.calls.since(calls)).To(gomega.BeEmpty(), "nothing was billed since")
}
