package gateway

import (
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/replay"
	"github.com/guichet-dev/guichet/internal/store"
)

// fromLedger is what the gateway's ledger says of each message, record by record.
func (s *story) fromLedger() map[string][]string {
	records := map[string][]string{}
	err := s.gateway.store.View(s.t.Context(), func(tx *store.Tx) error {
		for entry, err := range tx.Ledger().Entries(0) {
			if err != nil {
				return err
			}
			r, err := ledger.ParseCanonical(entry.Canonical)
			if err != nil {
				return err
			}
			if r.Kind == ledger.Doubt {
				continue // a late delivery without a rate
			}
			listed := ""
			if r.Listed {
				listed = r.ListPrice.String()
			}
			records[r.MessageID] = append(records[r.MessageID], describeRecord(
				r.Kind == ledger.Correction, r.Period, r.Revision, r.Market, r.Category,
				listed, r.Cost.String(), r.Charge.String(), r.FreeReason, r.Tier, r.Allowance))
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return records
}

// fromRate is what `guichet rate` says of each message.
func (s *story) fromRate() map[string][]string {
	r := replay.New(s.tenant.Book, &s.tenant.Payer)
	reader := replay.NewReader("events", strings.NewReader(strings.Join(s.lines, "\n")))
	records := map[string][]string{}
	var refused []string
	unknown := int64(0)
	var e replay.Event
	for range s.lines {
		if err := reader.Next(&e); err != nil {
			s.t.Fatal(err)
		}
		if strings.HasPrefix(string(e.ID), "wamid.unknown.") {
			unknown++
		}
		result, out, err := r.Apply(&e)
		if err != nil {
			s.t.Fatal(err)
		}
		id := string(e.ID)
		switch {
		case result == replay.Refused:
			refused = append(refused, id)
			continue
		case result == replay.Nothing || out.Result == pricing.Unpriced:
			continue
		}
		listed := ""
		if out.Listed {
			listed = out.ListPrice.String()
		}
		period := civil.DateAt(e.Time.Unix(), s.tenant.Zone).Month().String()
		records[id] = append(records[id], describeRecord(
			result == replay.Corrected, period, out.Revision, out.Market, out.Category.String(),
			listed, out.Cost.String(), out.Charge.String(), out.FreeReason.String(), out.Tier, out.Allowance))
	}
	if !slices.Equal(refused, s.refused) {
		s.t.Errorf("rate refuses %q, the gateway %q", refused, s.refused)
	}
	if passed := r.PassedOver(); passed != (replay.PassedOver{Statuses: unknown}) {
		s.t.Errorf("rate has passed over %+v, want %d statuses", passed, unknown)
	}
	return records
}

func describeRecord(
	corrects bool, period, revision, market, category, listed, cost, charge, free string, tier int, allowance string,
) string {
	return fmt.Sprintf(
		"correction %v, %s, revision %s, %s %s, listed %s, cost %s, charge %s, free %q, tier %d, allowance %q",
		corrects, period, revision, market, category, listed, cost, charge, free, tier, allowance)
}
