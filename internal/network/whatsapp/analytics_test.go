package whatsapp

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/network"
)

const twoPoints = `{"pricing_analytics":{"data":[{"data_points":[
	{"start":1759640400,"end":1759726800,"country":"FR","tier":"250000:2000000","pricing_type":"REGULAR",
		"pricing_category":"UTILITY","volume":3,"cost":0.06799999999999999},
	{"start":1759640400,"end":1759726800,"country":"BR","pricing_type":"FREE_CUSTOMER_SERVICE",
		"pricing_category":"SERVICE","volume":2}]}]},"id":"102290129340398"}`

func TestParseCountsReadsAnAnswerOfAnalytics(t *testing.T) {
	france, err := market.ParseCountry("FR")
	if err != nil {
		t.Fatal(err)
	}
	brazil, err := market.ParseCountry("BR")
	if err != nil {
		t.Fatal(err)
	}
	from, to := unix(1759640400), unix(1759726800)
	want := []network.Count{
		{
			Start: from, End: to, Country: france, Category: conversation.Utility, Kind: network.Regular,
			TierFrom: 250000, Volume: 3, Cost: money.MustParse("0.068"), Costed: true,
		},
		{
			Start: from, End: to, Country: brazil, Category: conversation.Service, Kind: network.FreeService,
			TierFrom: -1, Volume: 2,
		},
	}
	edge := strings.TrimSuffix(strings.TrimPrefix(twoPoints, `{"pricing_analytics":`), `,"id":"102290129340398"}`)
	for name, body := range map[string]string{"a field": twoPoints, "an edge": edge} {
		got, err := Network{}.ParseCounts([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b money.Decimal) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got, err := (Network{}).ParseCounts([]byte(twoPoints + "\n" + twoPoints)); err != nil || len(got) != 4 {
		t.Errorf("two answers gave %d counts and %v, want 4", len(got), err)
	}
}

func TestParseCountsSaysWhatWasToBeAskedFor(t *testing.T) {
	for name, tc := range map[string]struct{ from, to, want string }{
		"no country":     {`"country":"FR",`, ``, "COUNTRY"},
		"no category":    {`"pricing_category":"UTILITY",`, ``, "PRICING_CATEGORY"},
		"no type":        {`"pricing_type":"REGULAR",`, ``, "PRICING_TYPE"},
		"no volume":      {`"volume":3,`, ``, "VOLUME"},
		"half a message": {`"volume":3,`, `"volume":2.5,`, "VOLUME"},
		"a bad tier":     {`250000:2000000`, `many:2000000`, "0:250000"},
		"a huge cost":    {`0.06799999999999999`, `1e999999999`, "cost"},
		"no time":        {`"end":1759726800,"country":"FR"`, `"country":"FR"`, "end 0"},
		"an error":       {`{"pricing_analytics"`, `{"error":{"code":190},"pricing_analytics"`, "answer 1"},
	} {
		_, err := Network{}.ParseCounts([]byte(strings.Replace(twoPoints, tc.from, tc.to, 1)))
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want an error that names %q", name, err, tc.want)
		}
	}
}

func TestPricingAnalyticsAsksForWhatParseCountsReads(t *testing.T) {
	const want = `pricing_analytics.start(1759640400).end(1759726800).granularity(DAILY)` +
		`.metric_types(["COST","VOLUME"]).dimensions(["COUNTRY","PRICING_CATEGORY","PRICING_TYPE","TIER"])`
	if got := PricingAnalytics(unix(1759640400), unix(1759640400).Add(24*time.Hour)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func FuzzParseCounts(f *testing.F) {
	f.Add([]byte(twoPoints))
	f.Fuzz(func(t *testing.T, body []byte) {
		counts, err := Network{}.ParseCounts(body)
		for i := range counts {
			if c := &counts[i]; err == nil && (!c.Start.Before(c.End) || c.Volume < 0 || c.TierFrom < -1) {
				t.Errorf("got %+v", c)
			}
		}
	})
}
