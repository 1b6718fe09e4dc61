package cli

import (
	"strings"
	"testing"
)

// withoutMalaysia returns the shipped plan without Malaysia's rates: what goes there is unpriced.
func withoutMalaysia(t *testing.T) string {
	t.Helper()
	var kept strings.Builder
	for line := range strings.Lines(read(t, whatsapp)) {
		if !strings.Contains(line, "{market: Malaysia,") {
			kept.WriteString(line)
		}
	}
	return write(t, "without-malaysia.yaml", kept.String())
}

func TestRate(t *testing.T) {
	got, err := run(t, "rate", "--plan", withoutMalaysia(t), "--time-zone", "Europe/Paris", "--events", october)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"id":"m1","time":"2026-10-05T10:01:02Z","market":"France","category":"utility","revision":"pmp-2026-10","price":"0.03","charge":"0.03","currency":"USD","tier":0}
{"id":"m2","time":"2026-10-05T10:02:02Z","market":"France","category":"service","revision":"pmp-2026-10","price":"0.03","charge":"0","currency":"USD","freeReason":"allowance"}
{"id":"m3","refused":131047}
{"id":"m4","time":"2026-10-06T10:00:01Z","market":"Brazil","category":"marketing","revision":"pmp-2026-10","price":"0.0625","charge":"0","currency":"USD","freeReason":"undelivered"}
{"id":"m5","time":"2026-10-06T10:00:02Z","market":"Malaysia","category":"marketing","revision":"pmp-2026-10","currency":"USD","unpriced":true}
{"total":"0.03","currency":"USD","charged":1,"free":2,"refused":1,"unpriced":1}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRateForPeople(t *testing.T) {
	got, err := run(
		t, "rate", "--plan", withoutMalaysia(t), "--time-zone", "Europe/Paris", "--events", october, "-o", "table",
	)
	if err != nil {
		t.Fatal(err)
	}
	const want = `CATEGORY   MARKET    MESSAGES  CHARGED  FREE  UNPRICED  TOTAL USD
marketing  Brazil    1         0        1     0         0
marketing  Malaysia  1         0        0     1         0
utility    France    1         1        0     0         0.03
service    France    1         0        1     0         0
all                  4         1        2     1         0.03
1 refused outside the service window (131047)
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestRateCompare(t *testing.T) {
	other := samples + "pricingplan_announcement.yaml"
	plan := withoutMalaysia(t)
	got, err := run(t, "rate", "--plan", plan, "--compare", other, "--time-zone", "Europe/Paris", "--events", october)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"category":"marketing","market":"Brazil","total":"0","compared":"0","difference":"0","currency":"USD","unpriced":[0,0]}
{"category":"marketing","market":"Malaysia","total":"0","compared":"0.05","difference":"0.05","currency":"USD","unpriced":[1,0]}
{"category":"utility","market":"France","total":"0.03","compared":"0","difference":"-0.03","currency":"USD","unpriced":[0,0]}
{"category":"service","market":"France","total":"0","compared":"0","difference":"0","currency":"USD","unpriced":[0,0]}
{"total":"0.03","compared":"0.05","difference":"0.02","currency":"USD","unpriced":[1,0],"refused":[1,0]}
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	table, err := run(
		t, "rate", "--plan", plan, "--compare", other, "--time-zone", "Europe/Paris", "--events", october, "-o",
		"table",
	)
	if err != nil || !strings.HasSuffix(
		table,
		"all                  0.03       0.05          0.02        1 → 0\n1 → 0 refused outside the service window "+
			"(131047)\n",
	) {
		t.Errorf("got %v\n%s", err, table)
	}
}

func TestRateRefuses(t *testing.T) {
	backwards := write(t, "backwards.jsonl", `{"time":"2026-10-05T10:00:00Z","type":"status","id":"m1","status":"read"}
{"time":"2026-10-05T09:00:00Z","type":"status","id":"m1","status":"read"}
`)
	euros := write(t, "euros.yaml", strings.Replace(read(t, whatsapp), "currency: USD", "currency: EUR", 1))
	unknownField := write(
		t, "unknown.yaml",
		strings.Replace(read(t, whatsapp), "classifyBy: Form", "classifyBy: Form\n      colour: Red", 1),
	)
	sameDay := write(t, "same.yaml", strings.Replace(read(t, whatsapp), `"2026-09-28"`, `"2026-10-01"`, 1))
	tests := map[string]struct {
		plan, zone, events string
		more               []string
		want               string
	}{
		"no such plan": {"none.yaml", "UTC", october, nil, "open none.yaml"},
		"not a plan": {
			samples + "../crd/kustomization.yaml", "UTC", october, nil, "must hold one PricingPlan",
		},
		"a field of no plan":     {unknownField, "UTC", october, nil, `unknown field "spec.revisions[0].colour"`},
		"two revisions on a day": {sameDay, "UTC", october, nil, "must not be the day of another revision"},
		"no such zone": {
			whatsapp, "Europe/Atlantis", october, nil, `--time-zone "Europe/Atlantis" must be the name of a zone`,
		},
		"the machine's zone": {whatsapp, "Local", october, nil, `--time-zone "Local" must be the name of a zone`},
		"no such events":     {whatsapp, "UTC", "none.jsonl", nil, "open none.jsonl"},
		"events out of order": {
			whatsapp, "UTC", backwards, nil, "line 2: its time must not be before that of line 1",
		},
		"another output": {
			whatsapp, "UTC", october, []string{"-o", "xml"}, `--output "xml" must be json or table`,
		},
		"another currency": {
			whatsapp, "UTC", october, []string{"--compare", euros}, "amounts are never converted",
		},
		"a channel without a plan": {
			whatsapp, "UTC", october,
			[]string{"--channel-plan", "1066"},
			`--channel-plan "1066" must be a channel and a file, like 1066=own.yaml`,
		},
		"a channel with two plans": {
			whatsapp, "UTC", october,
			[]string{"--channel-plan", "1066=" + whatsapp, "--channel-plan", "1066=" + sameDay},
			`channel "1066" must have one plan`,
		},
		"a channel's plan in another currency": {
			whatsapp, "UTC", october, []string{"--channel-plan", "1066=" + euros}, "amounts are never converted",
		},
		"no country": {
			whatsapp, "UTC", october, []string{"--primary-location", "Gaul"}, "--primary-location: country",
		},
		"no such exemption": {
			whatsapp, "UTC", october,
			[]string{"--exemption", "paid-exmpt"},
			`--exemption "paid-exmpt" must be an exemption of the plan`,
		},
		"no exception": {
			whatsapp, "UTC", october,
			[]string{"--international-exception", "IN"},
			`--international-exception "IN" must be a country and an instant, like IN=2026-11-01T00:00:00Z`,
		},
		"exception of no country": {
			whatsapp, "UTC", october,
			[]string{"--international-exception", "XX=2026-11-01T00:00:00Z"},
			`--international-exception "XX=2026-11-01T00:00:00Z": country "XX" must be a code`,
		},
		"exception without a start": {
			whatsapp, "UTC", october,
			[]string{"--international-exception", "IN=2026-11-01T00:00:00Z"},
			"--international-exception must come with --international-start-time",
		},
		"no instant": {
			whatsapp, "UTC", october,
			[]string{"--international-start-time", "soon"},
			"--international-start-time must be an instant",
		},
	}
	for name, tc := range tests {
		_, err := run(
			t,
			append([]string{"rate", "--plan", tc.plan, "--time-zone", tc.zone, "--events", tc.events}, tc.more...)...,
		)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}

func TestRateReadsTheStandardInputAndTheAccountsFacts(t *testing.T) {
	var out strings.Builder
	command := New()
	command.SetIn(strings.NewReader(`{"time":"2026-10-05T10:01:00Z","type":"send","id":"m1","channel":"1066","customer":"919812345678","kind":"template","category":"authentication"}
{"time":"2026-10-05T10:01:02Z","type":"status","id":"m1","status":"delivered"}
`))
	command.SetOut(&out)
	command.SetArgs([]string{
		"rate", "--plan", whatsapp, "--time-zone", "UTC", "--events", "-", "--primary-location", "FR",
		"--international-start-time", "2026-10-01T00:00:00Z",
	})
	if err := command.Execute(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(
		out.String(),
		`"category":"authentication_international","revision":"pmp-2026-10","price":"0.0304","charge":"0.0304"`,
	) {
		t.Errorf("got %s", out.String())
	}
}

func TestRateTakesCountriesWithAStartOfTheirOwn(t *testing.T) {
	events := write(t, "events.jsonl", `{"time":"2026-10-05T10:00:00Z","type":"send","id":"m1","channel":"1066","customer":"919812345678","kind":"template","category":"authentication"}
{"time":"2026-10-05T10:00:00Z","type":"send","id":"m2","channel":"1066","customer":"2348012345678","kind":"template","category":"authentication"}
{"time":"2026-10-05T10:00:01Z","type":"status","id":"m1","status":"delivered"}
{"time":"2026-10-05T10:00:01Z","type":"status","id":"m2","status":"delivered"}
`)
	got, err := run(t, "rate", "--plan", whatsapp, "--time-zone", "UTC", "--events", events, "--primary-location", "FR",
		"--international-start-time", "2026-10-01T00:00:00Z", "--international-exception", "IN=2026-10-05T10:00:02Z")
	const want = `{"id":"m1","time":"2026-10-05T10:00:01Z","market":"India","category":"authentication","revision":"pmp-2026-10","price":"0.0014","charge":"0.0014","currency":"USD","tier":0}
{"id":"m2","time":"2026-10-05T10:00:01Z","market":"Nigeria","category":"authentication_international","revision":"pmp-2026-10","price":"0.075","charge":"0.075","currency":"USD","tier":0}
{"total":"0.0764","currency":"USD","charged":2,"free":0,"refused":0,"unpriced":0}
`
	if err != nil || got != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

// Under a plan with mark-ups the cost, which is what Meta bills, stands beside the charge wherever
// the two differ.
func TestRateShowsTheCostBesideAMarkedUpCharge(t *testing.T) {
	const rule = "    - name: pmp-2026-10\n"
	marked := write(t, "marked.yaml", strings.Replace(
		read(t, withoutMalaysia(t)), rule, rule+`      markups: [{category: Utility, percent: "10"}]`+"\n", 1,
	))
	got, err := run(t, "rate", "--plan", marked, "--time-zone", "Europe/Paris", "--events", october)
	for _, want := range []string{
		`"price":"0.03","cost":"0.03","charge":"0.033","currency":"USD","tier":0}`,
		`"price":"0.0625","charge":"0","currency":"USD","freeReason":"undelivered"}`,
		`{"total":"0.033","cost":"0.03","currency":"USD","charged":1,"free":2,"refused":1,"unpriced":1}`,
	} {
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("got %v, want %s in\n%s", err, want, got)
		}
	}
	table, err := run(t, "rate", "--plan", marked, "--time-zone", "Europe/Paris", "--events", october, "-o", "table")
	if err != nil || !strings.HasSuffix(table, "0.03 USD of the total is the cost, the rest is the mark-up\n") {
		t.Errorf("got %v\n%s", err, table)
	}
}

// A message whose end is not in the file is not in the total; whoever checks a bill must know.
func TestRateSaysWhatHasNotEnded(t *testing.T) {
	events := write(t, "events.jsonl", `{"time":"2026-10-05T10:00:00Z","type":"send","id":"m1","channel":"1066","customer":"33612345678","kind":"template","category":"utility"}
{"time":"2026-10-05T10:00:01Z","type":"send","id":"m1","channel":"1066","customer":"33612345678","kind":"template","category":"utility"}
{"time":"2026-10-05T10:00:02Z","type":"status","id":"m2","status":"delivered"}
`)
	const totals = `{"total":"0","currency":"USD","charged":0,"free":0,"refused":0,"unpriced":0}
`
	const note = "note: messages that were sent and have no final status (delivered, read or failed) in the file, " +
		"and so are not in the total: 1\n" +
		"note: statuses of messages that the file does not send, and so are not in the total: 1\n" +
		"note: sends with the id of a message that had not ended, and so are not in the total: 1\n"
	var out, notes strings.Builder
	command := New()
	command.SetArgs([]string{"rate", "--plan", whatsapp, "--time-zone", "UTC", "--events", events})
	command.SetOut(&out)
	command.SetErr(&notes)
	if err := command.Execute(); err != nil || out.String() != totals || notes.String() != note {
		t.Errorf("got %v\n%s%s", err, out.String(), notes.String())
	}
}

// What had failed and is delivered after all is a second line, and counts once in the totals.
func TestP2RateCorrectsAFailureThatIsDelivered(t *testing.T) {
	events := write(t, "events.jsonl", `{"time":"2026-10-05T10:00:00Z","type":"send","id":"m1","channel":"1066","customer":"33612345678","kind":"template","category":"utility"}
{"time":"2026-10-05T10:00:01Z","type":"status","id":"m1","status":"failed"}
{"time":"2026-10-05T10:00:02Z","type":"status","id":"m1","status":"delivered"}
`)
	got, err := run(t, "rate", "--plan", whatsapp, "--time-zone", "UTC", "--events", events)
	for _, want := range []string{
		`"freeReason":"undelivered"}`, `"charge":"0.03","currency":"USD","tier":0,"corrects":"undelivered"}`,
		`{"total":"0.03","currency":"USD","charged":1,"free":0,"refused":0,"unpriced":0}`,
	} {
		if err != nil || !strings.Contains(got, want) {
			t.Errorf("got %v, want %s in\n%s", err, want, got)
		}
	}
}
