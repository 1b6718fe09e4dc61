package civil

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func zone(tb testing.TB, name string) *time.Location {
	tb.Helper()
	location, err := time.LoadLocation(name)
	if err != nil {
		tb.Fatal(err)
	}
	return location
}

func TestDateAtTurnsAtLocalMidnight(t *testing.T) {
	tests := []struct{ zone, instant, want string }{
		{"UTC", "2026-09-30T23:59:59Z", "2026-09-30"},
		{"UTC", "2026-10-01T00:00:00Z", "2026-10-01"},
		{"Europe/Paris", "2026-09-30T21:59:59Z", "2026-09-30"},
		{"Europe/Paris", "2026-09-30T22:00:00Z", "2026-10-01"},
		{"Pacific/Kiritimati", "2026-09-30T10:00:00Z", "2026-10-01"},
		{"Pacific/Pago_Pago", "2026-10-01T10:59:59Z", "2026-09-30"},
		{"Asia/Kathmandu", "2026-09-30T18:15:00Z", "2026-10-01"},
		{"UTC", "1969-12-31T23:59:59Z", "1969-12-31"},
	}
	for _, tc := range tests {
		instant, err := time.Parse(time.RFC3339, tc.instant)
		if err != nil {
			t.Fatal(err)
		}
		if got := DateAt(instant.Unix(), zone(t, tc.zone)).String(); got != tc.want {
			t.Errorf("%s in %s: got %s, want %s", tc.instant, tc.zone, got, tc.want)
		}
	}
}

func TestStartOfADay(t *testing.T) {
	tests := []struct{ zone, date, want string }{
		{"Europe/Paris", "2026-03-29", "2026-03-28T23:00:00Z"},
		{"Europe/Paris", "2026-03-30", "2026-03-29T22:00:00Z"},
		{"Europe/Paris", "2026-10-25", "2026-10-24T22:00:00Z"},
		{"Europe/Paris", "2026-10-26", "2026-10-25T23:00:00Z"},
		{"America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z"}, // no midnight that day
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z"},   // midnight twice: the first one
		{"Asia/Gaza", "2021-10-29", "2021-10-28T21:00:00Z"},        // midnight twice, east of Greenwich
		{"Pacific/Kiritimati", "2026-10-01", "2026-09-30T10:00:00Z"},
	}
	for _, tc := range tests {
		date, err := ParseDate(tc.date)
		if err != nil {
			t.Fatal(err)
		}
		if got := date.Start(zone(t, tc.zone)).UTC().Format(time.RFC3339); got != tc.want {
			t.Errorf("%s in %s: got %s, want %s", tc.date, tc.zone, got, tc.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{"", "2026-02-30", "2026-13-01", "26-01-01", "2026-1-1", "2026-01-01T00:00:00Z"} {
		if date, err := ParseDate(text); err == nil {
			t.Errorf("ParseDate(%q) = %s, want an error", text, date)
		}
	}
	for _, text := range []string{"", "2026-13", "2026-1", "2026-01-01"} {
		if month, err := ParseMonth(text); err == nil {
			t.Errorf("ParseMonth(%q) = %s, want an error", text, month)
		}
	}
}

func TestMonths(t *testing.T) {
	date, err := ParseDate("2026-12-31")
	if err != nil {
		t.Fatal(err)
	}
	month, err := ParseMonth("2026-12")
	if err != nil {
		t.Fatal(err)
	}
	if date.Month() != month || month.String() != "2026-12" || month.First().String() != "2026-12-01" ||
		(month+1).First() != date+1 {
		t.Errorf("got %s, %s, first %s, next %s", date.Month(), month, month.First(), (month + 1).First())
	}
}

// A day starts at the first instant that calendars show it, and its text reads back.
func TestStartIsTheFirstInstantOfItsDay(t *testing.T) {
	zones := []*time.Location{
		zone(t, "Europe/Paris"), zone(t, "America/Santiago"), zone(t, "America/Havana"), zone(t, "Asia/Amman"),
		zone(t, "Pacific/Kiritimati"), time.UTC,
	}
	rapid.Check(t, func(t *rapid.T) {
		date := Date(rapid.Int32Range(-10_000, 40_000).Draw(t, "date"))
		location := rapid.SampledFrom(zones).Draw(t, "zone")
		start := date.Start(location).Unix()
		if DateAt(start, location) > date || DateAt(start-1, location) >= date {
			t.Fatalf(
				"%s in %s starts at %d: that is %s, and a second before it %s", date, location, start,
				DateAt(start, location), DateAt(start-1, location),
			)
		}
		if back, err := ParseDate(date.String()); err != nil || back != date {
			t.Fatalf("%s came back as %s, %v", date, back, err)
		}
	})
}
