package statement

import (
	_ "embed"
	"html/template"
	"io"
	"slices"
)

//go:embed page.html
var page string

// bar is a category's part of a day in the chart, in its units.
type bar struct {
	X, Y, Width, Height float64
	Color, Title        string
}

// legend is a category's colour.
type legend struct{ Category, Color string }

// chart is the month's messages by day and category.
type chart struct {
	Bars   []bar
	Legend []legend
	First  string
	Last   string
	Most   int64
}

// Size of the chart, in its units.
const (
	chartWidth  = 620.0
	chartHeight = 120.0
)

// colors are told apart in print too; categories beyond them share the last one.
func colors() []string {
	return []string{"#1f4e79", "#c55a11", "#538135", "#7f6000", "#7030a0", "#999999"}
}

// WritePage writes the statement as one HTML page without scripts or anything from elsewhere, which
// prints as a sheet. issuer is who sends the invoice.
func (d *Document) WritePage(w io.Writer, issuer string) error {
	parsed, err := template.New("statement").Parse(page)
	if err != nil {
		return err
	}
	return parsed.Execute(w, struct {
		*Document
		Issuer string
		Chart  chart
	}{d, issuer, d.chart()})
}

func (d *Document) chart() chart {
	var c chart
	var dates, categories []string
	perDay := map[string]int64{}
	for _, day := range d.Days {
		dates, categories = append(dates, day.Date), append(categories, day.Category)
		perDay[day.Date] += max(day.Messages, 0)
		c.Most = max(c.Most, perDay[day.Date])
	}
	slices.Sort(dates)
	slices.Sort(categories)
	dates, categories = slices.Compact(dates), slices.Compact(categories)
	if c.Most == 0 {
		return c
	}
	c.First, c.Last = dates[0], dates[len(dates)-1]
	for i, category := range categories {
		c.Legend = append(c.Legend, legend{category, colors()[min(i, len(colors())-1)]})
	}
	width, top := chartWidth/float64(len(dates)), map[string]float64{}
	for _, day := range d.Days {
		height := chartHeight * float64(max(day.Messages, 0)) / float64(c.Most)
		top[day.Date] += height
		c.Bars = append(c.Bars, bar{
			X: width * float64(slices.Index(dates, day.Date)), Y: chartHeight - top[day.Date], Width: width * 0.85,
			Height: height, Color: c.Legend[slices.Index(categories, day.Category)].Color,
			Title: day.Date + " " + day.Category,
		})
	}
	return c
}
