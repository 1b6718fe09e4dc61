//go:build chaos && linux

package chaos

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"slices"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
	"github.com/guichet-dev/guichet/internal/simulator"
)

// rated is the result of guichet rate.
type rated struct {
	charges map[string]money.Decimal
	total   money.Decimal
	charged int
	refused int
}

// compareWithRate prices the traffic that the upstream has seen with the command line, and compares
// the total, and the price of each template. Which of the free-form messages used up the allowance
// depends on the order in which their deliveries were reported, so those are compared in sum.
func (r *run) compareWithRate(b *books) {
	want := r.rate(r.recorded())
	charged := b.count(func(f *fate) bool { return !f.charge.IsZero() })
	if want.total != b.billed || want.charged != charged || want.refused != 0 {
		r.t.Errorf(
			"P5: guichet rate has %s for %d messages and refuses %d; the ledger has %s for %d", want.total,
			want.charged, want.refused, b.billed, charged,
		)
	}
	for id, f := range b.fates {
		if isTemplate := bytes.Contains(
			[]byte(f.send.Body), []byte(`"type":"template"`),
		); isTemplate && f.charge != want.charges[id] {
			r.t.Errorf("P6: guichet rate charges %s for %s, the ledger %s", want.charges[id], id, f.charge)
		}
	}
}

// recorded returns the traffic as the upstream saw it. A message that it has twice counts once,
// from the first time on.
func (r *run) recorded() []event {
	events := slices.Clone(r.phones.wrote)
	first := map[string]simulator.Sent{}
	ends := map[string]event{}
	for _, m := range r.sim.Messages(simulator.MessageFilter{}) {
		if known, found := first[m.CallbackData]; !found || m.AcceptedAt.Before(known.AcceptedAt) {
			first[m.CallbackData] = m
		}
		for _, s := range m.Statuses {
			end := event{Time: s.At, Type: "status", ID: m.CallbackData, Status: s.Status}
			known, ended := ends[m.CallbackData]
			sooner := !ended || known.Status == webhook.StatusFailed || end.Time.Before(known.Time)
			if s.Status == webhook.StatusDelivered && sooner || s.Status == webhook.StatusFailed && !ended {
				ends[m.CallbackData] = end
			}
		}
	}
	for id, m := range first {
		kind, category := "text", ""
		if m.Template != "" {
			kind, category = "template", m.Category
		}
		events = append(events, event{
			Time: m.AcceptedAt, Type: "send", ID: id, Channel: m.PhoneNumberID, Customer: m.To, Kind: kind,
			Category: category,
		})
	}
	for _, end := range ends {
		events = append(events, end)
	}
	for i := range events {
		events[i].Time = events[i].Time.Round(0) // the wall clock alone is what is written
	}
	slices.SortStableFunc(events, func(a, b event) int { return a.Time.Compare(b.Time) })
	return events
}

// rate runs guichet rate over the events under the account's plan.
func (r *run) rate(events []event) rated {
	plan := map[string]any{
		"apiVersion": "guichet.dev/v1alpha1", "kind": "PricingPlan", "metadata": map[string]any{
			"name": r.account.Document.PlanName,
		}, "spec": r.account.Document.Plan,
	}
	r.writeJSON("plan.json", plan)
	lines := make([]any, len(events))
	for i, e := range events {
		lines[i] = e
	}
	r.writeJSON("events.jsonl", lines...)
	command := exec.Command(r.programs.Path("guichet"), "rate", "--plan", r.account.Path("plan.json"),
		"--time-zone", r.account.Document.Account.TimeZone, "--portfolio", r.account.Document.Account.PortfolioID, "--events", r.account.Path("events.jsonl"))
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		r.t.Fatalf("guichet rate: %v", err)
	}
	return r.readRated(output)
}

func (r *run) readRated(output []byte) rated {
	all := rated{charges: map[string]money.Decimal{}}
	lines := bufio.NewScanner(bytes.NewReader(output))
	for lines.Scan() {
		var line struct {
			ID      string         `json:"id"`
			Charge  money.Decimal  `json:"charge"`
			Total   *money.Decimal `json:"total"`
			Charged int            `json:"charged"`
			Refused int            `json:"refused"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			r.t.Fatalf("guichet rate printed what is no JSON: %v", err)
		}
		if line.Total != nil {
			all.total, all.charged, all.refused = *line.Total, line.Charged, line.Refused
		} else {
			all.charges[line.ID] = line.Charge
		}
	}
	return all
}

// writeJSON writes values as JSON, one on a line.
func (r *run) writeJSON(name string, values ...any) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	for _, value := range values {
		if err := encoder.Encode(value); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := os.WriteFile(r.account.Path(name), text.Bytes(), 0o600); err != nil {
		r.t.Fatal(err)
	}
}
