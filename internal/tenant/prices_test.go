package tenant_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// TestP6FrozenRevisionsAreThoseThatPriced: as the gateway had them, once, and none whose day has
// not come.
func TestP6FrozenRevisionsAreThoseThatPriced(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 59, 59, 0, time.UTC) // before 00:00 on the 21st, also where it comes first
	given := []pricing.Revision{
		{Name: "a", EffectiveDate: "2025-07-01"},
		{Name: "b", EffectiveDate: "2026-11-20"},
		{Name: "c", EffectiveDate: "2026-11-21"},
		{Name: "d", EffectiveDate: "2024-01-01"},
	}
	record := tenant.PriceRecord{
		PricedBy: tenant.PricedBy{Plan: "whatsapp", Revisions: tenant.Refs("whatsapp", given)},
	}
	used := []v1alpha1.PricedRevisions{
		{Plan: "whatsapp", Revisions: []string{"a", "b", "c", "gone"}}, {Plan: "other", Revisions: []string{"d"}},
	}
	record = record.Freeze(used, now)
	names := func() (names []string) {
		for _, ref := range record.FrozenOf("whatsapp") {
			names = append(names, ref.Name)
		}
		return names
	}
	if diff := cmp.Diff([]string{"a", "b"}, names()); diff != "" {
		t.Fatalf("frozen: %s", diff)
	}
	first := slices.Clone(record.Frozen)
	given[0].Unit = "Message"
	record.Revisions = tenant.Refs("whatsapp", given)
	record = record.Freeze(used, now)
	if diff := cmp.Diff(first, record.Frozen); diff != "" {
		t.Fatalf("what is frozen changed with the plan: %s", diff)
	}
	if record = record.Freeze(used, now.Add(time.Second)); len(record.Frozen) != 3 {
		t.Fatalf("got %v, want the third too on its day", names())
	}
	if other := record.FrozenOf("other"); len(other) != 0 {
		t.Fatalf("got %v of a plan that the gateway was never given", other)
	}
}

// TestP15OnlyWhatIsStoredIsExtended: a record follows a revision that has what the stored one
// lacked. One that is not stored as the record names it stays named as it was, so that it is
// missed.
func TestP15OnlyWhatIsStoredIsExtended(t *testing.T) {
	stored, lost := plan().Revisions[0], plan().Revisions[0]
	stored.Name, lost.Name = "stored", "lost"
	was := []pricing.Revision{stored, lost}
	extended := slices.Clone(was)
	for i := range extended {
		extended[i].Rates = append(slices.Clone(extended[i].Rates), pricing.MarketRates{
			Market: "Poland", Prices: []pricing.Price{{Category: "Service", Amount: "0.01"}},
		})
	}
	record := tenant.PriceRecord{Frozen: append(tenant.Refs("other", was), tenant.Refs("whatsapp", was)...)}
	before := slices.Clone(record.Frozen)
	want := slices.Clone(before)
	want[2].Digest = pricing.Digest(extended[0])
	after := record.Extend("whatsapp", []pricing.Revision{stored}, extended)
	if diff := cmp.Diff(want, after.Frozen); diff != "" {
		t.Errorf("want, got: %s", diff)
	}
	if diff := cmp.Diff(before, record.Frozen); diff != "" {
		t.Errorf("the record before was changed: %s", diff)
	}
}

func TestP15AStoredRevisionIsReadByItsDigest(t *testing.T) {
	revision := plan().Revisions[0]
	ref := tenant.Refs("whatsapp", []pricing.Revision{revision})[0]
	object, err := kube.RevisionObject("guichet-system", "whatsapp", revision)
	if err != nil {
		t.Fatal(err)
	}
	read, err := kube.ReadRevision(object, ref)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(revision, read); diff != "" {
		t.Error(diff)
	}
	forged := object.DeepCopy()
	forged.Data.Raw = bytes.ReplaceAll(forged.Data.Raw, []byte("0.0248"), []byte("0"))
	if _, err := kube.ReadRevision(forged, ref); err == nil || !strings.Contains(
		err.Error(), "its content is not that of its digest",
	) {
		t.Errorf("got %v for another price", err)
	}
}

func TestNamesOfStoredPricesAreValid(t *testing.T) {
	digest := pricing.Digest(pricing.Revision{})
	names := map[string]bool{}
	for _, plan := range []string{
		"whatsapp", "a.b-c", strings.Repeat("a", 63), strings.Repeat("a", 253), strings.Repeat("a", 252) + "b",
		strings.Repeat("a.", 126) + "a",
	} {
		name := tenant.RevisionName(tenant.RevisionRef{Plan: plan, Digest: digest})
		if errs := validation.IsDNS1123Subdomain(name); len(errs) > 0 || names[name] {
			t.Errorf("%q is no name of its own: %v", name, errs)
		}
		names[name] = true
		if errs := validation.IsValidLabelValue(tenant.PlanLabel(plan)); len(errs) > 0 {
			t.Errorf("%q is no label: %v", tenant.PlanLabel(plan), errs)
		}
	}
	account := &v1alpha1.BusinessAccount{ObjectMeta: metav1.ObjectMeta{
		Namespace: strings.Repeat("n", 63), Name: strings.Repeat("a", 40), UID: "8a0e6f1c-62bb-4b5f-9d4b-3a1f5f9f0001",
	}}
	object, err := kube.PriceObject("guichet-system", tenant.NewPriceRecord(account))
	if err != nil {
		t.Fatal(err)
	}
	if object.Name != tenant.RecordName(account) || len(validation.IsDNS1123Subdomain(
		object.Name,
	)) > 0 || len(validation.IsValidLabelValue(object.Labels[tenant.LabelRecordOf])) > 0 {
		t.Errorf("got %q with the label %q", object.Name, object.Labels[tenant.LabelRecordOf])
	}
	read, err := kube.ReadRecord(object)
	if err != nil || read.UID != string(account.UID) {
		t.Errorf("got %+v, %v", read, err)
	}
}
