package tenant_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Whoever may name plans in an account must not get an allowance anew by moving a plan about.
func TestP15APlanKeepsItsCountsWhereverItMoves(t *testing.T) {
	type turn struct {
		account  string
		channels []string
		want     map[string]string
	}
	tests := map[string][]turn{
		"new, and never moved": {
			{"a", nil, nil},
			{"a", []string{"b"}, nil},
			{"a", []string{"b", "c"}, nil},
			{"a", nil, map[string]string{"a": "", "b": "b", "c": "c"}},
		},
		"from the account to a channel and back": {
			{"a", nil, nil},
			{"b", []string{"a"}, map[string]string{"a": "", "b": "b"}},
			{"a", nil, map[string]string{"a": "", "b": "b"}},
			{"a", []string{"b"}, nil},
		},
		"from a channel to the account": {
			{"a", []string{"b"}, nil},
			{"b", nil, map[string]string{"a": "", "b": "b"}},
			{"b", []string{"a"}, map[string]string{"a": "", "b": "b"}},
		},
		"places exchanged": {
			{"a", []string{"b"}, nil}, {"b", []string{"a"}, map[string]string{"a": "", "b": "b"}},
		},
		"another plan of the account goes on": {
			{"a", nil, nil},
			{"b", nil, map[string]string{"a": "", "b": ""}},
			{"b", []string{"a"}, map[string]string{"a": "", "b": ""}},
			{"a", nil, map[string]string{"a": "", "b": ""}},
		},
		"another plan after one that was a channel's": {
			{"a", []string{"b"}, nil},
			{"b", nil, map[string]string{"a": "", "b": "b"}},
			{"c", nil, map[string]string{"a": "", "b": "b", "c": "b"}},
		},
	}
	for name, turns := range tests {
		t.Run(name, func(t *testing.T) {
			var record tenant.PriceRecord
			for i, turn := range turns {
				got := record.Counting(turn.account, turn.channels)
				if diff := cmp.Diff(turn.want, got); diff != "" {
					t.Fatalf("turn %d (-want +got):\n%s", i, diff)
				}
				record.Plan, record.Counts, record.Channels = turn.account, got, nil
				for _, plan := range turn.channels {
					priced := tenant.ChannelPrices{PricedBy: tenant.PricedBy{Plan: plan}}
					record.Channels = append(record.Channels, priced)
				}
			}
		})
	}
}

func TestOnlyMovedCountsNeedANewFormat(t *testing.T) {
	document := func(counts map[string]string) config.Document {
		account := &v1alpha1.BusinessAccount{}
		account.Spec.PlanName = "whatsapp"
		return tenant.Compile(tenant.Sources{
			Account: account, PlanName: "whatsapp", Plan: plan(), Counts: counts,
		}).Document
	}
	if d := document(nil); d.CountedBy != "" || d.Format == config.FormatCounts {
		t.Errorf("nothing has moved: counted by %q, format %d", d.CountedBy, d.Format)
	}
	moved := map[string]string{"whatsapp": "whatsapp"}
	if d := document(moved); d.CountedBy != "whatsapp" || d.Format != config.FormatCounts {
		t.Errorf("the plan was a channel's: counted by %q, format %d", d.CountedBy, d.Format)
	}
}
