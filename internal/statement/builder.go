package statement

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Builder adds up a statement record by record.
type Builder struct {
	period    string
	zone      *time.Location
	from      int64
	lateAfter *int64
	passed    bool // a record of a later month came, and next is the one before the first of them
	next      int64
	head      ledger.Head
	tree      tree

	// Sums by key: of a line, a channel or a day, the fields that tell it from the others.
	lines    map[Line]*sum
	channels map[Channel]*sum
	days     map[Day]*sum
	doubted  int64
}

// sum is what is added up for a key.
type sum struct {
	messages     int64
	billed, cost money.Decimal
}

// NewBuilder begins the statement of a period behind a head of the ledger, see Range.From. Days are
// those of the zone.
func NewBuilder(period string, from ledger.Head, lateAfter *int64, zone *time.Location) *Builder {
	return &Builder{
		period: period, zone: zone, from: from.Sequence, lateAfter: lateAfter, head: from,
		lines: map[Line]*sum{}, channels: map[Channel]*sum{}, days: map[Day]*sum{},
	}
}

// Head is the last record that was added.
func (b *Builder) Head() ledger.Head { return b.head }

// Add adds the ledger's next record, whatever it is: the builder knows which it covers. After an
// error the builder is of no use.
func (b *Builder) Add(entry ledger.Entry) error {
	if entry.Sequence != b.head.Sequence+1 || ledger.Next(b.head.Hash, entry.Canonical) != entry.Hash {
		return fmt.Errorf("record %d does not follow record %d of the ledger", entry.Sequence, b.head.Sequence)
	}
	record, err := ledger.ParseCanonical(entry.Canonical)
	if err != nil {
		return fmt.Errorf("record %d: %w", entry.Sequence, err)
	}
	month, doubt := record.Period, record.Note == ledger.NoteDoubtBegan
	if doubt {
		month = civil.DateAt(record.SettledAt.Unix(), b.zone).Month().String()
	}
	if month > b.period && !b.passed {
		b.passed, b.next = true, b.head.Sequence
	}
	b.head = ledger.Head{Sequence: entry.Sequence, Hash: entry.Hash}
	if doubt && month == b.period {
		b.doubted++
	}
	if !Covers(record, b.period, b.lateAfter) {
		return nil
	}
	b.tree.add(LeafHash(entry.Canonical))
	return b.count(record)
}

// Covers tells whether the statement of a period covers a record up to its head, see Range.
func Covers(r *ledger.Record, period string, lateAfter *int64) bool {
	return r.Counts() && (r.Period == period || r.Period < period && lateAfter != nil && r.Sequence > *lateAfter)
}

// count adds a settlement or a correction. A correction moves its message from the free reason that
// it had to the one that it has.
func (b *Builder) count(r *ledger.Record) error {
	amounts, messages := r.FreeReason, int64(1)
	if r.Kind == ledger.Correction {
		messages = 0
		if err := b.addLine(r, r.CorrectedFreeReason, &sum{messages: -1}); err != nil {
			return err
		}
		if err := b.addLine(r, r.FreeReason, &sum{messages: 1}); err != nil {
			return err
		}
		if r.FreeReason != "" { // what was charged is taken back
			amounts = r.CorrectedFreeReason
		}
	}
	counted := &sum{messages: messages, billed: r.Charge, cost: r.Cost}
	if err := b.addLine(r, amounts, counted); err != nil {
		return err
	}
	if err := addTo(b.channels, Channel{Channel: r.Channel, Currency: string(r.Currency)}, counted); err != nil {
		return err
	}
	if r.Period < b.period {
		return nil
	}
	day := Day{
		Date: endOf(r).In(b.zone).Format(time.DateOnly), Category: cmp.Or(r.Category, ledger.Uncategorised),
		Currency: string(r.Currency),
	}
	return addTo(b.days, day, counted)
}

func endOf(r *ledger.Record) time.Time {
	if r.DeliveredAt.IsZero() {
		return r.FailedAt
	}
	return r.DeliveredAt
}

func (b *Builder) addLine(r *ledger.Record, freeReason string, s *sum) error {
	line := Line{
		Currency: string(r.Currency), Market: r.Market, Category: cmp.Or(r.Category, ledger.Uncategorised),
		FreeReason: freeReason,
	}
	if r.Period < b.period {
		line.Period = r.Period
	}
	return addTo(b.lines, line, s)
}

func addTo[K comparable](sums map[K]*sum, key K, s *sum) (err error) {
	total := sums[key]
	if total == nil {
		total = &sum{}
		sums[key] = total
	}
	total.messages += s.messages
	if total.billed, err = total.billed.Add(s.billed); err != nil {
		return err
	}
	total.cost, err = total.cost.Add(s.cost)
	return err
}

// Content is the statement of what was added so far. network names the network of a channel, or is
// empty.
func (b *Builder) Content(network func(channel string) string) (Content, error) {
	next := b.head.Sequence
	if b.passed {
		next = b.next
	}
	content := Content{
		Period: b.period,
		Ledger: Range{
			From: b.from, LateAfter: b.lateAfter, Sequence: b.head.Sequence, Head: b.head.Hash.String(),
			Records: b.tree.leaves, Root: b.tree.root().String(), Next: next,
		},
		Doubted: b.doubted,
	}
	for _, line := range b.sortedLines() {
		if line.Period == "" {
			content.Lines = append(content.Lines, line)
		} else {
			content.Adjustments = append(content.Adjustments, line)
		}
	}
	var err error
	if content.Totals, err = totalsOf(content.Lines, content.Adjustments); err != nil {
		return Content{}, err
	}
	if content.Lines, err = folded(content.Lines); err != nil {
		return Content{}, err
	}
	if content.Adjustments, err = folded(content.Adjustments); err != nil {
		return Content{}, err
	}
	for channel, s := range b.channels {
		channel.Network, channel.Messages, channel.Due = network(channel.Channel), s.messages, s.billed
		content.Channels = append(content.Channels, channel)
	}
	slices.SortFunc(content.Channels, func(x, y Channel) int {
		return cmp.Or(cmp.Compare(x.Channel, y.Channel), cmp.Compare(x.Currency, y.Currency))
	})
	for day, s := range b.days {
		day.Messages, day.Billed = s.messages, s.billed
		content.Days = append(content.Days, day)
	}
	slices.SortFunc(content.Days, func(x, y Day) int {
		return cmp.Or(
			cmp.Compare(x.Date, y.Date), cmp.Compare(x.Category, y.Category), cmp.Compare(x.Currency, y.Currency),
		)
	})
	if len(content.Channels) > MaxChannels || len(content.Days) > MaxDays {
		return Content{}, fmt.Errorf("the statement of %s has more channels or categories than fit", b.period)
	}
	return content, nil
}

func (b *Builder) sortedLines() []Line {
	lines := make([]Line, 0, len(b.lines))
	for line, s := range b.lines {
		line.Messages, line.Billed, line.Cost = s.messages, s.billed, s.cost
		if line.Messages != 0 || !line.Billed.IsZero() || !line.Cost.IsZero() {
			lines = append(lines, line)
		}
	}
	slices.SortFunc(lines, compareLines)
	return lines
}

func compareLines(x, y Line) int {
	return cmp.Or(
		cmp.Compare(x.Period, y.Period), cmp.Compare(x.Currency, y.Currency), cmp.Compare(x.Market, y.Market),
		cmp.Compare(x.Category, y.Category), cmp.Compare(x.FreeReason, y.FreeReason),
	)
}

// folded puts the least used markets together where there are more lines than a statement holds.
func folded(lines []Line) ([]Line, error) {
	if len(lines) <= MaxLines {
		return lines, nil
	}
	used := map[string]int64{}
	for _, line := range lines {
		used[line.Market] += line.Messages
	}
	markets := slices.SortedFunc(maps.Keys(used), func(a, b string) int {
		return cmp.Or(cmp.Compare(used[a], used[b]), cmp.Compare(a, b))
	})
	for count := 1; ; count++ {
		rest := markets[:min(count, len(markets))]
		sums := map[Line]*sum{}
		for _, line := range lines {
			key := Line{
				Period: line.Period, Currency: line.Currency, Market: line.Market, Category: line.Category,
				FreeReason: line.FreeReason,
			}
			if slices.Contains(rest, line.Market) {
				key.Market = OtherMarkets
			}
			if err := addTo(sums, key, &sum{line.Messages, line.Billed, line.Cost}); err != nil {
				return nil, err
			}
		}
		if len(sums) > MaxLines && count < len(markets) {
			continue
		}
		out := (&Builder{lines: sums}).sortedLines()
		if len(out) > MaxLines {
			return nil, fmt.Errorf("%d lines are more than a statement holds", len(out))
		}
		return out, nil
	}
}

// totalsOf adds up lines by currency.
func totalsOf(lines, adjustments []Line) (totals []Total, err error) {
	byCurrency := map[string]*Total{}
	for _, line := range slices.Concat(lines, adjustments) {
		total := byCurrency[line.Currency]
		if total == nil {
			total = &Total{Currency: line.Currency}
			byCurrency[line.Currency] = total
		}
		total.Messages += line.Messages
		switch line.FreeReason {
		case "":
			total.Charged += line.Messages
		case pricing.Undelivered.String():
			total.Failed += line.Messages
		default:
			total.Free += line.Messages
		}
		part := &total.Billed
		if line.Period != "" {
			part = &total.Adjusted
		}
		if *part, err = part.Add(line.Billed); err != nil {
			return nil, err
		}
		if total.Due, err = total.Due.Add(line.Billed); err != nil {
			return nil, err
		}
		if total.Cost, err = total.Cost.Add(line.Cost); err != nil {
			return nil, err
		}
	}
	for _, currency := range slices.Sorted(maps.Keys(byCurrency)) {
		totals = append(totals, *byCurrency[currency])
	}
	return totals, nil
}
