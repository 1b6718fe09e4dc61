package gateway

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
	"github.com/guichet-dev/guichet/internal/reconcile"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
)

// ledgerMessages are the delivered messages of the ledger of a gateway that was stopped.
func (w *world) ledgerMessages() []reconcile.Message {
	w.t.Helper()
	keys, err := seal.Parse(w.readKeyFile(config.KeysetFile), w.readKeyFile(config.CustomerKeyFile))
	if err != nil {
		w.t.Fatal(err)
	}
	opened, err := store.Open(w.t.Context(), store.Options{
		AccountUID: w.document.Account.UID, Keys: keys, Path: filepath.Join(w.directory, "data", "gateway.db"),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	defer opened.Close()
	reader := reconcile.NewReader(nil)
	for _, err := range reader.Records(opened.Entries(w.t.Context(), 0)) {
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return reader.Messages()
}

// upstreamsCounts asks the simulator what it has delivered in the days of the test.
func (w *world) upstreamsCounts(days int) []network.Count {
	w.t.Helper()
	from := noon.Truncate(24 * time.Hour)
	fields := whatsapp.PricingAnalytics(from, from.AddDate(0, 0, days))
	request, err := http.NewRequest(http.MethodGet,
		w.upstream.URL+"/v26.0/"+waba+"?fields="+url.QueryEscape(fields), http.NoBody)
	if err != nil {
		w.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+accessToken)
	response, err := w.client.Do(request)
	if err != nil {
		w.t.Fatal(err)
	}
	body := readAll(w.t, response)
	counts, err := whatsapp.Network{}.ParseCounts([]byte(body))
	if err != nil {
		w.t.Fatalf("%v: %s", err, body)
	}
	return counts
}

// sees sets what the simulator's analytics see.
func (w *world) sees(sights []simulator.Sight) {
	w.t.Helper()
	body, err := json.Marshal(simulator.Analytics{Sights: sights})
	if err != nil {
		w.t.Fatal(err)
	}
	w.control(http.MethodPut, "analytics", string(body))
}

// seeds are how the simulator's analytics are made to see the first message of a market on a day.
var seeds = map[string]struct {
	cause reconcile.Cause
	days  []int
	alter func(*simulator.Sight)
}{
	"France": {reconcile.Late, []int{0, 2}, func(v *simulator.Sight) {
		v.DeliveredAt = v.DeliveredAt.Add(24 * time.Hour)
	}},
	"Brazil":         {reconcile.Category, []int{0, 1, 2, 3}, func(v *simulator.Sight) { v.Category = "marketing" }},
	"United Kingdom": {reconcile.Uncounted, []int{0, 1, 2, 3}, func(v *simulator.Sight) { v.Uncounted = true }},
	"Spain":          {reconcile.UnknownMessage, []int{0, 1, 2, 3}, nil},
	"Germany":        {reconcile.Rate, []int{0, 3}, func(v *simulator.Sight) { v.Cost = money.MustParse("0.0499") }},
	"Italy": {reconcile.Window, []int{1, 2}, func(v *simulator.Sight) {
		v.Type, v.Cost = "free_customer_service", money.Decimal{}
	}},
	"Mexico": {reconcile.Tier, []int{0, 2}, func(v *simulator.Sight) {
		v.Tier, v.Cost = "250000:2000000", money.MustParse("0.0001")
	}},
}

// seeded are sights of the messages of which twenty are not as the ledger has them, and the causes
// of these. What only the simulator knows has a cause under no name.
func seeded(messages []reconcile.Message) (sights []simulator.Sight, causes map[string][]string) {
	causes = map[string][]string{}
	first := map[string]bool{}
	for _, m := range messages {
		sight := simulator.Sight{
			Message: m.ID, DeliveredAt: m.DeliveredAt, Tier: "0:250000", Cost: m.Cost, Costed: true,
		}
		day := dayOf(m.DeliveredAt)
		seed := seeds[m.Market]
		if at := fmt.Sprint(m.Market, day); !first[at] && slices.Contains(seed.days, day) {
			first[at] = true
			if seed.alter == nil {
				another := sight
				another.Message, another.Country = "not ours "+at, "ES"
				another.Category, another.Type = "utility", "regular"
				sights = append(sights, another)
				causes[string(seed.cause)] = append(causes[string(seed.cause)], "")
			} else {
				seed.alter(&sight)
				causes[string(seed.cause)] = append(causes[string(seed.cause)], m.ID)
			}
		}
		sights = append(sights, sight)
	}
	return sights, causes
}

func dayOf(at time.Time) int { return int(at.Sub(noon.Truncate(24*time.Hour)) / (24 * time.Hour)) }

// P5: an upstream that counts what it delivered agrees with the ledger. Of twenty things that it
// counts otherwise, each is named with its cause and message, and nothing else is.
func TestP5LedgerIsReconciledWithTheUpstreamsCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		const days, perDay = 4, 4
		var sent int64
		for range days {
			for _, numbers := range []string{
				"336120000%02d", "55119876500%02d", "4474000000%02d", "346000000%02d", "49151123450%02d",
				"3933312345%02d", "52155123456%02d",
			} {
				for i := range perDay {
					w.accepted(templateTo(fmt.Sprintf(numbers, i), "parcel_ready"))
					sent++
				}
			}
			w.settled(sent)
			w.clock.Advance(24 * time.Hour)
		}
		if err := w.stop(); err != nil {
			t.Fatal(err)
		}
		messages := w.ledgerMessages()
		agreed, err := reconcile.Compare(w.upstreamsCounts(days), messages)
		if err != nil || len(agreed.Differences) > 0 || agreed.Ours != sent || agreed.Theirs != sent {
			t.Fatalf("an upstream that agrees gave %+v, %v", agreed, err)
		}

		sights, causes := seeded(messages)
		w.sees(sights)
		result, err := reconcile.Compare(w.upstreamsCounts(days), messages)
		if err != nil {
			t.Fatal(err)
		}
		if len(result.Differences) != 20 {
			t.Errorf("%d differences are named, want 20", len(result.Differences))
		}
		for _, d := range result.Differences {
			wanted := causes[string(d.Cause)]
			i := slices.IndexFunc(wanted, func(id string) bool { return id == "" || slices.Contains(d.Messages, id) })
			if i < 0 {
				t.Errorf("this was not seeded: %+v", d)
				continue
			}
			causes[string(d.Cause)] = slices.Delete(wanted, i, i+1)
		}
		for cause, left := range causes {
			if len(left) > 0 {
				t.Errorf("%s of %q was not named", cause, left)
			}
		}
	})
}
