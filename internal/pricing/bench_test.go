package pricing

import (
	"testing"
	"time"

	"github.com/guichet-dev/guichet/internal/conversation"
)

// BenchmarkRate prices the common message: a utility template outside the window, and a text that
// an allowance pays for.
func BenchmarkRate(b *testing.B) {
	paris, err := time.LoadLocation("Europe/Paris")
	if err != nil {
		b.Fatal(err)
	}
	book := compiled(b, samplePlan(b, "whatsapp"))
	for name, m := range map[string]Message{
		"Template": {Channel: "1066", Form: conversation.Templated, Category: conversation.Utility},
		"Text":     {Channel: "1066", Form: conversation.FreeForm},
	} {
		b.Run(name, func(b *testing.B) {
			d := newDesk(b, book, "2026-10-05T10:00:00Z")
			d.account.Zone = paris
			d.writes(french, 0, conversation.Message)
			m.Country = country(b, "FR")
			m.SentAt, m.EndedAt, m.Delivered = d.start, d.start, true
			state := d.state("1066", french)
			b.ReportAllocs()
			for b.Loop() {
				out := book.Rate(&d.account, &m, state, d.counts)
				if out.Result == Unpriced {
					b.Fatal("unpriced")
				}
			}
		})
	}
}

func BenchmarkMaxCharge(b *testing.B) {
	d := newDesk(b, compiled(b, samplePlan(b, "whatsapp")), "2026-10-05T10:00:00Z")
	m := d.message(french, 0, conversation.Templated, conversation.Utility)
	state := d.state("1066", french)
	b.ReportAllocs()
	for b.Loop() {
		if bound := d.book.MaxCharge(&d.account, &m, state, d.start+30*86400); bound.Unpriced {
			b.Fatal("unpriced")
		}
	}
}

func TestRateDoesNotAllocate(t *testing.T) {
	d := newDesk(t, compiled(t, samplePlan(t, "whatsapp")), "2026-10-05T10:00:00Z")
	d.account.Zone = zone(t, "Europe/Paris")
	d.writes(french, 0, conversation.Message)
	m := d.message(french, 1, conversation.FreeForm, conversation.None)
	state := d.state("1066", french)
	if n := testing.AllocsPerRun(100, func() { d.book.Rate(&d.account, &m, state, d.counts) }); n != 0 {
		t.Errorf("Rate allocates %v times, want never", n)
	}
	if n := testing.AllocsPerRun(100, func() { d.book.MaxCharge(&d.account, &m, state, d.start+86400) }); n != 0 {
		t.Errorf("MaxCharge allocates %v times, want never", n)
	}
}
