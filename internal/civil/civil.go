// Package civil has dates and months without a clock or a zone.
//
// A price list takes effect at a local midnight, and an allowance lasts a local month. Both are
// decided by converting an instant to a date in the account's zone and comparing dates, never by
// computing the instant of a midnight. So a day of 23 or 25 hours, or one without a midnight, needs
// no special case.
package civil

import (
	"fmt"
	"time"
)

// Date is a day of the proleptic Gregorian calendar, counted in days since 1970-01-01.
type Date int32

// Month is a month of the same calendar, counted in months since January of year 0.
type Month int32

const layout = "2006-01-02"

// DateAt returns the date that calendars in zone show at the instant unix, in seconds since
// 1970-01-01T00:00:00Z.
func DateAt(unix int64, zone *time.Location) Date {
	_, offset := time.Unix(unix, 0).In(zone).Zone()
	return Date(floorDiv(unix+int64(offset), secondsPerDay))
}

// ParseDate reads a date in the form YYYY-MM-DD.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(layout, text)
	if err != nil {
		return 0, fmt.Errorf("date %.20q must be a day of the calendar in the form YYYY-MM-DD", text)
	}
	return Date(floorDiv(t.Unix(), secondsPerDay)), nil
}

// String returns the date in the form YYYY-MM-DD.
func (d Date) String() string { return d.midnight().Format(layout) }

// Month returns the month of the date.
func (d Date) Month() Month {
	t := d.midnight()
	return Month(t.Year()*12 + int(t.Month()) - 1)
}

// Start returns the first instant of the date in zone: midnight, or the instant after the gap if
// the zone skips midnight that day.
func (d Date) Start(zone *time.Location) time.Time {
	// Some zones skipped a midnight, or a whole date: walk forward to where the date begins.
	y, m, day := d.midnight().Date()
	start := time.Date(y, m, day, 0, 0, 0, 0, zone)
	for DateAt(start.Unix(), zone) < d {
		_, end := start.ZoneBounds()
		if end.IsZero() {
			break
		}
		start = end
	}
	return d.firstMidnight(start)
}

// firstMidnight returns start, or the midnight before it if the zone sets its clocks back soon
// after midnight. The date then has two midnights, and time.Date returns either.
func (d Date) firstMidnight(start time.Time) time.Time {
	turn, _ := start.ZoneBounds()
	if turn.IsZero() {
		return start
	}
	_, offset := turn.Add(-time.Second).Zone()
	if first := d.midnight().Add(-time.Duration(offset) * time.Second); first.Before(turn) {
		return first.In(start.Location())
	}
	return start
}

// String returns the month in the form YYYY-MM.
func (m Month) String() string { return fmt.Sprintf("%04d-%02d", int(m)/12, int(m)%12+1) }

// First returns the first day of the month.
func (m Month) First() Date {
	t := time.Date(int(m)/12, time.Month(int(m)%12+1), 1, 0, 0, 0, 0, time.UTC)
	return Date(floorDiv(t.Unix(), secondsPerDay))
}

// ParseMonth reads a month in the form YYYY-MM.
func ParseMonth(text string) (Month, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil {
		return 0, fmt.Errorf("month %.20q must have the form YYYY-MM", text)
	}
	return Month(t.Year()*12 + int(t.Month()) - 1), nil
}

const secondsPerDay = 24 * 60 * 60

func (d Date) midnight() time.Time { return time.Unix(int64(d)*secondsPerDay, 0).UTC() }

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
