package postgres

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// shape is what can be seen of a statement's text: which rows it is about, and how it would be
// written for many lists of parameters at once. The statements that it knows are the simple ones
// that nearly every operation has. Any other one stands for itself, and keeps its place.
type shape struct {
	// table is the only one that the statement touches; empty if there may be others.
	table string
	// fresh says that it adds a row whose key nobody knows yet.
	fresh bool
	// row is the parameter, from 1, that is the key of the one row that it changes; 0 for none.
	row int
	// key are the parameters that are the unique key of what it inserts or updates.
	key []int
	// before and after are the text around the arrays of parameters; both are empty if it cannot be
	// written for many lists. ordered says that rows are to be added in the order of the lists.
	before, after string
	ordered       bool
}

var (
	insertShape = regexp.MustCompile(`(?s)^INSERT INTO (\w+)\s+\(([^)]*)\)\s+VALUES \(([^)]*)\)(.*)$`)
	conflictKey = regexp.MustCompile(`(?s)ON CONFLICT \(([^)]*)\)`)
	updateShape = regexp.MustCompile(`(?s)^UPDATE (\w+) SET (.*) WHERE seq = \$(\d+)$`)
	otherShape  = regexp.MustCompile(`(?s)^(?:UPDATE|DELETE FROM) (\w+)\s`)
	placeholder = regexp.MustCompile(`\$(\d+)`)
)

// shapeOf reads a statement's text.
func shapeOf(text string) shape {
	if strings.Contains(text, "SELECT") || strings.Contains(text, "RETURNING") {
		return shape{}
	}
	if m := insertShape.FindStringSubmatch(text); m != nil {
		return insertOf(m[1], m[2], m[3], m[4])
	}
	if m := updateShape.FindStringSubmatch(text); m != nil && !strings.Contains(m[2], " WHERE ") {
		row, _ := strconv.Atoi(m[3])
		return shape{
			table: m[1], row: row, before: "UPDATE " + m[1] + " SET " + fromArrays(m[2]) + " FROM ",
			after: fmt.Sprintf(" WHERE %s.seq = k.p%d", m[1], row),
		}
	}
	if m := otherShape.FindStringSubmatch(text); m != nil {
		return shape{table: m[1]}
	}
	return shape{}
}

func insertOf(table, columns, values, rest string) shape {
	s := shape{
		table: table, ordered: true, fresh: strings.TrimSpace(rest) == "",
		before: fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM ", table, columns, fromArrays(values)), after: rest,
	}
	m := conflictKey.FindStringSubmatch(rest)
	if m == nil {
		return s
	}
	names, given := list(columns), list(values)
	for _, column := range list(m[1]) {
		for i, name := range names {
			if name == column && i < len(given) {
				n, _ := strconv.Atoi(strings.TrimPrefix(given[i], "$"))
				s.key = append(s.key, n) // 0 for a constant: then all rows are the same one
			}
		}
	}
	return s
}

func list(text string) []string {
	parts := strings.Split(text, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// fromArrays is a piece of a statement with the columns k.p1, k.p2 and so on in place of its
// parameters.
func fromArrays(text string) string { return placeholder.ReplaceAllString(text, "k.p$1") }

// arraysOf is the table k, of as many rows as the arrays of parameters have elements. It is false
// for a type that has no array here.
func arraysOf(types []uint32, ordinality bool) (string, bool) {
	if len(types) == 0 {
		return "", false
	}
	arrays, columns := make([]string, len(types)), make([]string, len(types))
	for i, oid := range types {
		name, known := arrayTypes[oid]
		if !known {
			return "", false
		}
		arrays[i], columns[i] = fmt.Sprintf("$%d::%s[]", i+1, name), fmt.Sprintf("p%d", i+1)
	}
	with, list := "", strings.Join(columns, ", ")
	if ordinality {
		with, list = " WITH ORDINALITY", list+", n"
	}
	return fmt.Sprintf("unnest(%s)%s AS k(%s)", strings.Join(arrays, ", "), with, list), true
}

// set is a statement for many lists of parameters of the given types, each parameter an array.
func (s *shape) set(types []uint32) (string, bool) {
	if s.before == "" {
		return "", false
	}
	arrays, possible := arraysOf(types, s.ordered)
	if !possible {
		return "", false
	}
	if s.ordered {
		arrays += " ORDER BY k.n"
	}
	return s.before + arrays + s.after, true
}

// setOfQuery is a query for many lists of parameters. Its rows have the number of their list, from
// 1, before their own columns. Without OFFSET the planner would be free to read the whole table
// instead of looking up each list's rows.
func setOfQuery(text string, types []uint32) (string, bool) {
	arrays, possible := arraysOf(types, true)
	if !possible {
		return "", false
	}
	return "SELECT k.n, q.* FROM " + arrays + " CROSS JOIN LATERAL (" + fromArrays(text) + " OFFSET 0) AS q", true
}
