package postgres

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const (
	insertRow = `INSERT INTO rows (id, name) VALUES ($1, $2)`
	updateRow = `UPDATE rows SET name = $1, size = COALESCE($2, size) WHERE seq = $3`
	touchRow  = `UPDATE rows SET size = $1 WHERE seq = $2`
	upsertSum = `INSERT INTO sums (name, value) VALUES ($1, $2) ` +
		`ON CONFLICT (name) DO UPDATE SET value = excluded.value`
	updateAll  = `UPDATE rows SET size = $1 WHERE name = $2`
	moveRows   = `UPDATE rows SET name = $1 WHERE seq = (SELECT MIN(seq) FROM rows)`
	insertSelf = `INSERT INTO rows (id) SELECT id FROM others WHERE id = $1`
)

// order is what is kept back, a letter for each statement.
func order(k *keptBack, letters map[string]string) string {
	var b strings.Builder
	for _, g := range k.groups {
		fmt.Fprintf(&b, "%s%d ", letters[g.text], len(g.lists))
	}
	return strings.TrimSpace(b.String())
}

func TestAlikeStatementsTravelTogether(t *testing.T) {
	letters := map[string]string{
		insertRow: "I", updateRow: "U", touchRow: "T", upsertSum: "S", updateAll: "A", moveRows: "M", insertSelf: "X",
		"SAVEPOINT operation": "P",
	}
	type given struct {
		text string
		args []any
	}
	i := given{insertRow, []any{"a", "b"}}
	u := func(seq int64) given { return given{updateRow, []any{"b", nil, seq}} }
	touch := func(seq int64) given { return given{touchRow, []any{int64(1), seq}} }
	sum := func(name string) given { return given{upsertSum, []any{name, int64(1)}} }
	all := given{updateAll, []any{int64(1), "b"}}
	tests := map[string]struct {
		given []given
		want  string
	}{
		"new rows pass changes of old ones":      {[]given{i, u(1), i, u(2), i}, "I3 U2"},
		"changes of other rows pass each other":  {[]given{u(1), touch(2), u(3), touch(4)}, "U2 T2"},
		"changes of one row keep their order":    {[]given{u(1), touch(1), u(1)}, "U1 T1 U1"},
		"one statement changes a row once":       {[]given{u(1), u(1)}, "U1 U1"},
		"one statement changes a sum once":       {[]given{sum("a"), sum("b"), sum("a")}, "S2 S1"},
		"tables do not know each other":          {[]given{i, sum("a"), i, sum("b")}, "I2 S2"},
		"any row may be one that is searched":    {[]given{i, all, i, all}, "I1 A1 I1 A1"},
		"a search is not passed":                 {[]given{sum("a"), {moveRows, nil}, sum("b")}, "S1 M1 S1"},
		"nor is a copy":                          {[]given{sum("a"), {insertSelf, []any{"a"}}, sum("b")}, "S1 X1 S1"},
		"a savepoint keeps all in their places":  {[]given{i, {"SAVEPOINT operation", nil}, i}, "I1 P1 I1"},
		"a change passes what is of other rows":  {[]given{u(1), i, touch(1), u(2)}, "U2 I1 T1"},
		"a change does not pass that of its row": {[]given{u(2), touch(1), u(1)}, "U1 T1 U1"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var k keptBack
			for _, g := range tc.given {
				s := shapeOf(g.text)
				k.add(g.text, &s, g.args)
			}
			if got := order(&k, letters); got != tc.want {
				t.Errorf("kept back as %q, want %q", got, tc.want)
			}
		})
	}
}

// Whatever is given, statements about one row stay in the order in which they were given.
func TestP2StatementsOfOneRowKeepTheirOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var k keptBack
		next := map[int64]int64{} // by row: the number of its next change
		for range rapid.IntRange(1, 40).Draw(t, "statements") {
			text := rapid.SampledFrom([]string{updateRow, touchRow, insertRow, moveRows}).Draw(t, "text")
			seq := rapid.Int64Range(1, 4).Draw(t, "seq")
			s := shapeOf(text)
			switch text {
			case updateRow:
				k.add(text, &s, []any{next[seq], nil, seq})
				next[seq]++
			case touchRow:
				k.add(text, &s, []any{next[seq], seq})
				next[seq]++
			case insertRow:
				k.add(text, &s, []any{"a", "b"})
			default:
				k.add(text, &s, []any{"a"})
			}
		}
		seen := map[int64]int64{}
		for _, g := range k.groups {
			if g.shape.row == 0 {
				continue
			}
			for _, args := range g.lists {
				seq := args[g.shape.row-1].(int64)
				if args[0].(int64) != seen[seq] {
					t.Fatalf("row %d is changed by its change %d, want %d", seq, args[0], seen[seq])
				}
				seen[seq]++
			}
		}
	})
}

func TestStatementsForManyLists(t *testing.T) {
	tests := map[string]struct {
		text  string
		types []uint32
		want  string
	}{
		"insert": {
			insertRow,
			[]uint32{byteaType, textType},
			"INSERT INTO rows (id, name) SELECT k.p1, k.p2 FROM unnest($1::bytea[], $2::text[]) WITH ORDINALITY " +
				"AS k(p1, p2, n) ORDER BY k.n",
		},
		"upsert": {
			upsertSum,
			[]uint32{textType, bigintType},
			"INSERT INTO sums (name, value) SELECT k.p1, k.p2 FROM unnest($1::text[], $2::bigint[]) WITH ORDINALITY " +
				"AS k(p1, p2, n) ORDER BY k.n ON CONFLICT (name) DO UPDATE SET value = excluded.value",
		},
		"update": {
			updateRow,
			[]uint32{textType, integerType, bigintType},
			"UPDATE rows SET name = k.p1, size = COALESCE(k.p2, size) FROM unnest($1::text[], $2::integer[], " +
				"$3::bigint[]) AS k(p1, p2, p3) WHERE rows.seq = k.p3",
		},
		"an update that searches": {updateAll, []uint32{integerType, textType}, ""},
		"a type without arrays":   {insertRow, []uint32{byteaType, 1700}, ""},
		"a subquery":              {moveRows, []uint32{textType}, ""},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			s := shapeOf(tc.text)
			got, possible := s.set(tc.types)
			if got != tc.want || possible != (tc.want != "") {
				t.Errorf("for many lists it is %q, want %q", got, tc.want)
			}
		})
	}
	const want = "SELECT k.n, q.* FROM unnest($1::text[]) WITH ORDINALITY AS k(p1, n) " +
		"CROSS JOIN LATERAL (SELECT seq FROM rows WHERE name = k.p1 LIMIT 1 OFFSET 0) AS q"
	if got, _ := setOfQuery(`SELECT seq FROM rows WHERE name = $1 LIMIT 1`, []uint32{textType}); got != want {
		t.Errorf("a query for many lists is %q, want %q", got, want)
	}
}
