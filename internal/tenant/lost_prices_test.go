package tenant_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// TestP6RecoverFreezesWhatPriced goes through where a revision that priced messages can be found
// without a record of it.
func TestP6RecoverFreezesWhatPriced(t *testing.T) {
	now := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	was := pricing.Revision{Name: "a", EffectiveDate: "2025-07-01", Unit: "Message"}
	is := pricing.Revision{Name: "a", EffectiveDate: "2025-07-01", Unit: "Conversation"}
	used := []v1alpha1.PricedRevisions{{Plan: "other", Revisions: []string{"z"}}, {Plan: "p", Revisions: []string{"a"}}}
	cases := map[string]struct {
		plan    []pricing.Revision
		served  []pricing.Revision
		of      string
		genuine bool
		unit    string
		found   tenant.Origin
	}{
		"both agree": {[]pricing.Revision{was}, []pricing.Revision{was}, "p", false, "Message", ""},
		"changed, proven": {
			[]pricing.Revision{is}, []pricing.Revision{was}, "p", true, "Message", "Configuration",
		},
		"changed, not proven": {
			[]pricing.Revision{is}, []pricing.Revision{was}, "p", false, "Conversation", "Plan",
		},
		"removed, proven":     {nil, []pricing.Revision{was}, "p", true, "Message", "Configuration"},
		"removed, not proven": {nil, []pricing.Revision{was}, "p", false, "", ""},
		"configuration of another plan": {
			[]pricing.Revision{is}, []pricing.Revision{was}, "q", true, "Conversation", "Plan",
		},
		"nothing served": {[]pricing.Revision{is}, nil, "p", true, "Conversation", "Plan"},
		"its day has not come": {
			[]pricing.Revision{{Name: "a", EffectiveDate: "2026-11-21"}}, nil, "p", true, "", "",
		},
		"day has come where it is first": {
			[]pricing.Revision{{Name: "a", EffectiveDate: "2026-11-20", Unit: "x"}}, nil, "p", true, "x", "Plan",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			from := tenant.PriceSources{
				PlanName: "p", Plan: pricing.Plan{Revisions: c.plan}, Genuine: c.genuine,
				Served: &config.Document{PlanName: c.of, Plan: pricing.Plan{Revisions: c.served}},
			}
			record, found, nowhere := tenant.PriceRecord{}.Recover(used, from, now)
			if gone := name == "removed, not proven"; gone != (len(nowhere) == 1) {
				t.Errorf("nowhere: %v", nowhere)
			}
			if c.unit == "" {
				if len(record.Frozen)+len(found) > 0 {
					t.Errorf("got %v, want nothing frozen", record.Frozen)
				}
				return
			}
			if len(found) != 1 || found[0].Unit != c.unit {
				t.Fatalf("got %v, want the unit %q", found, c.unit)
			}
			want := tenant.Refs("p", found)
			want[0].Found = c.found
			if diff := cmp.Diff(want, record.Frozen); diff != "" {
				t.Error(diff)
			}
			again, more, _ := record.Recover(used, tenant.PriceSources{PlanName: "p"}, now)
			if diff := cmp.Diff(record, again); diff != "" || len(more) > 0 {
				t.Errorf("what is frozen stays: %s", diff)
			}
		})
	}
}

func TestDoubtfulWhileItMatters(t *testing.T) {
	was := pricing.Revision{Name: "a", EffectiveDate: "2025-07-01", Unit: "Message"}
	next := pricing.Revision{Name: "b", EffectiveDate: "2026-12-01"}
	frozen := func(found tenant.Origin) tenant.PriceRecord {
		ref := tenant.Refs("p", []pricing.Revision{was})[0]
		ref.Found = found
		return tenant.PriceRecord{Frozen: []tenant.RevisionRef{ref}}
	}
	changed := was
	changed.Unit = "Conversation"
	for name, c := range map[string]struct {
		found tenant.Origin
		plan  []pricing.Revision
		date  string
		want  int
	}{
		"recorded":                      {tenant.FoundRecorded, []pricing.Revision{changed}, "2026-11-20", 0},
		"from the configuration":        {tenant.FoundServed, []pricing.Revision{changed, next}, "2026-11-30", 1},
		"the plan is as it was":         {tenant.FoundServed, []pricing.Revision{was}, "2026-11-20", 0},
		"a later revision is in force":  {tenant.FoundServed, []pricing.Revision{changed, next}, "2026-12-01", 0},
		"from the plan":                 {tenant.FoundInPlan, []pricing.Revision{was, next}, "2026-11-30", 1},
		"from the plan, later in force": {tenant.FoundInPlan, []pricing.Revision{was, next}, "2026-12-01", 0},
	} {
		if got := frozen(c.found).Doubtful("p", pricing.Plan{Revisions: c.plan}, c.date); len(got) != c.want {
			t.Errorf("%s: got %v, want %d", name, got, c.want)
		}
	}
}
