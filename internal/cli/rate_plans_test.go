package cli

import (
	"strings"
	"testing"
)

// twoChannels is two messages of each of two channels, and one that no window permits.
const twoChannels = `{"time":"2026-10-05T10:00:00Z","type":"send","id":"m1","channel":"1066","customer":"33612345678","kind":"template","category":"utility"}
{"time":"2026-10-05T10:00:00Z","type":"send","id":"m2","channel":"2077","customer":"33612345678","kind":"template","category":"utility"}
{"time":"2026-10-05T10:00:00Z","type":"send","id":"m3","channel":"2077","customer":"33612345678","kind":"template","category":"utility"}
{"time":"2026-10-05T10:00:02Z","type":"status","id":"m1","status":"delivered"}
{"time":"2026-10-05T10:00:02Z","type":"status","id":"m2","status":"delivered"}
{"time":"2026-10-05T10:00:03Z","type":"status","id":"m3","status":"delivered"}
{"time":"2026-10-05T10:00:04Z","type":"send","id":"m4","channel":"2077","customer":"33612345678","kind":"text"}
{"time":"2026-10-05T10:00:04Z","type":"send","id":"m5","channel":"1066","customer":"33612345678","kind":"template","category":"utility"}
{"time":"2026-10-05T10:00:05Z","type":"status","id":"m5","status":"delivered"}
`

// ratePlan is the file of a plan that prices utility messages, of which one is free.
func ratePlan(t *testing.T, name, price string) string {
	t.Helper()
	return write(t, name+".yaml", `
apiVersion: guichet.dev/v1alpha1
kind: PricingPlan
metadata: {name: `+name+`}
spec:
  currency: USD
  revisions:
  - name: `+name+`
    effectiveDate: "2026-01-01"
    classifyBy: Category
    unit: Message
    outsideWindow: TemplateOnly
    rateAt: Delivery
    serviceWindow: {openings: [{events: [Message], durationSeconds: 86400}]}
    allowances: [{name: free, count: 1, of: [Utility], per: Account, period: Month}]
    rates: [{market: Any, prices: [{category: Utility, amount: "`+price+`"}]}]
`)
}

// Each channel is priced by its plan, and what two plans count under one name is counted apart.
func TestP6RatePricesEachChannelByItsPlan(t *testing.T) {
	events := write(t, "events.jsonl", twoChannels)
	accounts, own := ratePlan(t, "whole", "0.03"), ratePlan(t, "own", "0.5")
	for name, tc := range map[string]struct {
		more []string
		want string
	}{
		"a plan for each": {[]string{"--channel-plan", "2077=" + own}, `
{"id":"m1","time":"2026-10-05T10:00:02Z","market":"France","category":"utility","revision":"whole","price":"0.03","charge":"0","currency":"USD","freeReason":"allowance"}
{"id":"m2","time":"2026-10-05T10:00:02Z","market":"France","category":"utility","revision":"own","price":"0.5","charge":"0","currency":"USD","freeReason":"allowance"}
{"id":"m3","time":"2026-10-05T10:00:03Z","market":"France","category":"utility","revision":"own","price":"0.5","charge":"0.5","currency":"USD","tier":0}
{"id":"m4","refused":131047}
{"id":"m5","time":"2026-10-05T10:00:05Z","market":"France","category":"utility","revision":"whole","price":"0.03","charge":"0.03","currency":"USD","tier":0}
{"total":"0.53","currency":"USD","charged":2,"free":2,"refused":1,"unpriced":0}
`},
		"the account's plan for all": {[]string{"--channel-plan", "2077=" + accounts}, `
{"id":"m1","time":"2026-10-05T10:00:02Z","market":"France","category":"utility","revision":"whole","price":"0.03","charge":"0","currency":"USD","freeReason":"allowance"}
{"id":"m2","time":"2026-10-05T10:00:02Z","market":"France","category":"utility","revision":"whole","price":"0.03","charge":"0.03","currency":"USD","tier":0}
{"id":"m3","time":"2026-10-05T10:00:03Z","market":"France","category":"utility","revision":"whole","price":"0.03","charge":"0.03","currency":"USD","tier":0}
{"id":"m4","refused":131047}
{"id":"m5","time":"2026-10-05T10:00:05Z","market":"France","category":"utility","revision":"whole","price":"0.03","charge":"0.03","currency":"USD","tier":0}
{"total":"0.09","currency":"USD","charged":3,"free":1,"refused":1,"unpriced":0}
`},
		"compared": {[]string{"--channel-plan", "2077=" + own, "--compare", ratePlan(t, "other", "0.04")}, `
{"category":"utility","market":"France","total":"0.53","compared":"0.54","difference":"0.01","currency":"USD","unpriced":[0,0]}
{"total":"0.53","compared":"0.54","difference":"0.01","currency":"USD","unpriced":[0,0],"refused":[1,1]}
`},
	} {
		t.Run(name, func(t *testing.T) {
			arguments := []string{"rate", "--plan", accounts, "--time-zone", "Europe/Paris", "--events", events}
			got, err := run(t, append(arguments, tc.more...)...)
			if want := strings.TrimPrefix(tc.want, "\n"); err != nil || got != want {
				t.Errorf("%v, got\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}
