package cli

import (
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestPlanCheck(t *testing.T) {
	got, err := run(t, "plan", "check", samples+"pricingplan_announcement.yaml")
	if err != nil || got != "The plan can be used, and every market has its rates\n" {
		t.Errorf("got %v\n%s", err, got)
	}
	for name, tc := range map[string]struct {
		arguments []string
		failed    bool
		want      []string
	}{
		"a gap today": {
			[]string{withoutMalaysia(t)},
			true,
			[]string{"revisions[pmp-2026-10].rates: Malaysia must have a rate for Marketing, "},
		},
		"a gap of a revision that is over by then": {[]string{whatsapp, "--since", "2025-06-30"}, true, []string{
			"note: revisions[cbp-2025-02].rates: ", "\nrevisions[cbp-2025-04].rates: Argentina, ",
		}},
		"no such day": {[]string{whatsapp, "--since", "soon"}, true, nil},
		"a list that was not found": {[]string{samples + "pricingplan_whatsapp_eur.yaml"}, true, []string{
			"revisions[pmp-2026-10].rates: Argentina, ",
		}},
		"pesos": {
			[]string{samples + "pricingplan_whatsapp_cop.yaml"},
			false,
			[]string{"The plan can be used, and every market has its rates\n"},
		},
	} {
		got, err := run(t, append([]string{"plan", "check"}, tc.arguments...)...)
		if (err != nil) != tc.failed {
			t.Errorf("%s: got %v\n%s", name, err, got)
		}
		for _, want := range tc.want {
			if !strings.Contains(got, want) {
				t.Errorf("%s: want %q in\n%s", name, want, got)
			}
		}
	}
}

// The shipped plan has every rate since July 2026, in truth since July 2025; what is not known of
// the time before is told, and is no error.
func TestPlanCheckOfTheShippedPlan(t *testing.T) {
	for _, since := range [][]string{nil, {"--since", "2026-07-01"}} {
		var out, notes strings.Builder
		command := New()
		command.SetArgs(append([]string{"plan", "check", whatsapp}, since...))
		command.SetOut(&out)
		command.SetErr(&notes)
		if err := command.Execute(); err != nil || strings.Contains(out.String(), "revisions[") {
			t.Errorf("%v: got %v\n%s", since, err, out.String())
		}
		for line := range strings.Lines(notes.String()) {
			if !strings.HasPrefix(line, "note: revisions[cbp-") && !strings.HasPrefix(line, "note: revisions[nbp-") {
				t.Errorf("%v: a note of a revision that is complete: %s", since, line)
			}
		}
		if !strings.Contains(notes.String(), "note: revisions[cbp-2025-04].rates: ") ||
			!strings.Contains(notes.String(), "note: revisions[nbp-2018-08].rates: ") {
			t.Errorf("%v: what lacks in earlier revisions must be told:\n%s", since, notes.String())
		}
	}
}

// What import prints is a revision that the plan takes, and rate prices by it.
func TestPlanImport(t *testing.T) {
	var printed, notes strings.Builder
	command := New()
	command.SetArgs([]string{
		"plan", "import", "--plan", whatsapp, "--base-rates", baseCSV, "--tiers", tiersCSV, "--effective-date",
		"2027-01-01",
	})
	command.SetOut(&printed)
	command.SetErr(&notes)
	if err := command.Execute(); err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := yaml.Unmarshal([]byte(read(t, whatsapp)), &object); err != nil {
		t.Fatal(err)
	}
	var revisions []any
	if err := yaml.Unmarshal([]byte(printed.String()), &revisions); err != nil {
		t.Fatal(err)
	}
	spec := object["spec"].(map[string]any)
	spec["revisions"] = append(spec["revisions"].([]any), revisions...)
	text, err := yaml.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	plan := write(t, "plan.yaml", string(text))
	events := write(t, "events.jsonl", strings.ReplaceAll(read(t, october), "2026-10-0", "2027-01-0"))
	rated, err := run(t, "rate", "--plan", plan, "--time-zone", "UTC", "--events", events)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`{"id":"m1","time":"2027-01-05T10:01:02Z","market":"France","category":"utility",` +
			`"revision":"rates-2027-01-01","currency":"USD","unpriced":true}`,
		`{"id":"m4","time":"2027-01-06T10:00:01Z","market":"Brazil","category":"marketing",` +
			`"revision":"rates-2027-01-01","price":"0.0625"`,
	} {
		if !strings.Contains(rated, want) {
			t.Errorf("want %s in\n%s", want, rated)
		}
	}
}

// What the revision does not take over from the plan or the card is said, beside the YAML.
func TestPlanImportNotes(t *testing.T) {
	changes := strings.NewReplacer(
		"Brazil,$US,0.0625,0.0068,0.0068,n/a", "Brazil,$US,0.0625,0.0068,0.0068,0.0500",
		"Argentina,$US,0.0618,0.0260,", "Argentina,$US,0.0618,,",
	)
	abroad := write(t, "abroad.csv", changes.Replace(read(t, baseCSV)))
	var out, notes strings.Builder
	command := New()
	command.SetArgs(
		[]string{"plan", "import", "--plan", whatsapp, "--base-rates", abroad, "--effective-date", "2027-01-01"},
	)
	command.SetOut(&out)
	command.SetErr(&notes)
	const want = "note: pmp-2026-10 has volume tiers and this revision has none, for want of --tiers: messages " +
		"cost the list rate whatever their number\n" +
		"note: the card has empty cells, which are unknown rates and not 0; such messages are unpriced: " +
		"Utility in Argentina\n" +
		"note: the card has no rates for these markets, whose messages are unpriced: Chile, Colombia, " +
		"Egypt, France, Germany, Indonesia, Israel, Italy, Malaysia, Mexico, Netherlands, Nigeria, " +
		"Pakistan, Peru, Russia, Saudi Arabia, South Africa, Spain, Turkey, United Arab Emirates, United " +
		"Kingdom, North America, Rest of Africa, Rest of Asia Pacific, Rest of Western Europe, Rest of " +
		"Latin America, Rest of Middle East, Hong Kong, Hungary, Poland, Qatar, Romania, Singapore, " +
		"Bangladesh, Iraq, Kazakhstan, Kuwait, Morocco, Nepal, Oman, Sri Lanka, Ukraine\n" +
		"note: the card has a rate for AuthenticationInternational in Brazil, but " +
		"internationalAuthentication.countries has no country of it: add BR, or the rate is never used\n"
	if err := command.Execute(); err != nil || notes.String() != want || !strings.HasPrefix(out.String(), "- ") {
		t.Errorf("got %v\n%s\nwant\n%s", err, notes.String(), want)
	}
}

// A market that a card has before the published list has it gets no message.
func TestPlanImportNotesAMarketBeforeItsDay(t *testing.T) {
	card := write(t, "card.csv", read(t, baseCSV)+"Kazakhstan,$US,0.0604,0.0180,0.0180,0.1600,0.0180\n")
	got, err := run(t, "plan", "import", "--plan", whatsapp, "--base-rates", card, "--effective-date", "2026-09-30")
	const want = "note: these markets are not in the published list of 2026-09-30, " +
		"so their rates are not used: Kazakhstan\n"
	if err != nil || !strings.Contains(got, want) {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestPlanImportRefuses(t *testing.T) {
	broken := write(t, "broken.csv", strings.Replace(read(t, baseCSV), "0.0625", "cheap", 1))
	euros := write(t, "euros.csv", strings.ReplaceAll(read(t, baseCSV), "$US", "EUR"))
	tests := map[string]struct {
		rates, date string
		want        string
	}{
		"a malformed row":          {broken, "2027-01-01", `broken.csv: line 9: amount "cheap"`},
		"another currency":         {euros, "2027-01-01", "the card is in EUR and the plan in USD"},
		"no date":                  {baseCSV, "soon", `date "soon" must be a day`},
		"the day of a revision":    {baseCSV, "2026-10-01", "must not be the day of another revision"},
		"before the plan's rules":  {baseCSV, "2018-01-01", "the plan must have a revision before the effective date"},
		"a file that is not there": {"none.csv", "2027-01-01", "open none.csv"},
	}
	for name, tc := range tests {
		_, err := run(t, "plan", "import", "--plan", whatsapp, "--base-rates", tc.rates, "--effective-date", tc.date)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: got %v, want %s", name, err, tc.want)
		}
	}
}
