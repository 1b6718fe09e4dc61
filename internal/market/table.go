package market

import (
	_ "embed" // the three tables
	"fmt"
	"strings"
	"sync"

	"github.com/guichet-dev/guichet/internal/civil"
)

//go:embed countries.csv
var countriesCSV string

//go:embed markets.csv
var marketsCSV string

//go:embed zones.csv
var zonesCSV string

// table is the embedded files, indexed. It never changes.
type table struct {
	countries     []country // by Country; 0 is the unknown one
	markets       []string  // by Market
	countryByCode map[string]Country
	countryByZone map[string]Country
	marketByName  map[string]Market
	prefixes      trie
	changes       []civil.Date
}

type country struct {
	code  string
	moves []move // in the order of their dates
}

// move says that a country is in a market from a date on.
type move struct {
	from   civil.Date
	market Market
}

// published returns the table, which is read once. The files are part of the program, so the first
// test catches a mistake in them.
var published = sync.OnceValue(func() *table {
	t, err := read(countriesCSV, marketsCSV, zonesCSV)
	if err != nil {
		panic(err)
	}
	return t
})

func read(countriesCSV, marketsCSV, zonesCSV string) (*table, error) {
	t := &table{
		countries:     []country{{code: "ZZ"}},
		markets:       []string{Any: "Any", Other: "Other"},
		countryByCode: map[string]Country{"ZZ": 0},
		countryByZone: map[string]Country{},
		marketByName:  map[string]Market{"Any": Any, "Other": Other},
		prefixes:      newTrie(),
	}
	if err := eachRow(countriesCSV, 2, t.addCountry); err != nil {
		return nil, fmt.Errorf("countries.csv: %w", err)
	}
	if err := eachRow(marketsCSV, 3, t.addMarket); err != nil {
		return nil, fmt.Errorf("markets.csv: %w", err)
	}
	if err := eachRow(zonesCSV, 2, t.addZones); err != nil {
		return nil, fmt.Errorf("zones.csv: %w", err)
	}
	return t, nil
}

// eachRow hands the fields of each line to add, without comments and the heading.
func eachRow(csv string, fields int, add func([]string) error) error {
	heading := true
	for number, line := range strings.Split(strings.TrimRight(csv, "\n"), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		if heading {
			heading = false
			continue
		}
		row := strings.Split(line, ",")
		if len(row) != fields {
			return fmt.Errorf("line %d must have %d fields", number+1, fields)
		}
		if err := add(row); err != nil {
			return fmt.Errorf("line %d: %w", number+1, err)
		}
	}
	return nil
}

func (t *table) addCountry(row []string) error {
	code := row[0]
	if _, ok := t.countryByCode[code]; ok || len(code) != 2 {
		return fmt.Errorf("country %q must be two letters and stand once", code)
	}
	id := Country(len(t.countries))
	t.countries = append(t.countries, country{code: code})
	t.countryByCode[code] = id
	for prefix := range strings.FieldsSeq(row[1]) {
		if err := t.prefixes.add(prefix, id); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) addMarket(row []string) error {
	from, err := civil.ParseDate(row[0])
	if err != nil {
		return err
	}
	switch last := len(t.changes) - 1; {
	case last < 0 || t.changes[last] < from:
		t.changes = append(t.changes, from)
	case t.changes[last] > from:
		return fmt.Errorf("date %s must not be before the line above", from)
	}
	market, ok := t.marketByName[row[1]]
	if !ok {
		market = Market(len(t.markets))
		t.markets = append(t.markets, row[1])
		t.marketByName[row[1]] = market
	}
	for code := range strings.FieldsSeq(row[2]) {
		id, ok := t.countryByCode[code]
		if !ok {
			return fmt.Errorf("country %q must be in countries.csv", code)
		}
		t.countries[id].moves = append(t.countries[id].moves, move{from: from, market: market})
	}
	return nil
}

func (t *table) addZones(row []string) error {
	id, ok := t.countryByCode[row[0]]
	if !ok {
		return fmt.Errorf("country %q must be in countries.csv", row[0])
	}
	for zone := range strings.FieldsSeq(row[1]) {
		if _, twice := t.countryByZone[zone]; twice {
			return fmt.Errorf("zone %q must stand once", zone)
		}
		t.countryByZone[zone] = id
	}
	return nil
}
