package postgres

import (
	"errors"
	"fmt"
	"strings"
)

// errElement says that a value does not fit the type of its column as an element of an array. The
// statement is then sent by itself, so that the server says what is wrong.
var errElement = errors.New("the value does not fit its column")

// group are statements of one text that are kept back, of which each list of parameters is one.
type group struct {
	text  string
	shape *shape
	lists [][]any
	rows  map[string]struct{} // the keys of the rows that they change, where those are known
}

// keptBack are statements that nobody waits for, in an order with the same effect as that in which
// they were given. Statements that are alike stand together, so that they can travel as one: one
// passes those before it as long as they are about other rows.
type keptBack struct {
	groups []*group
	lists  int
	bytes  int
}

func (k *keptBack) add(text string, s *shape, args []any) {
	k.lists++
	for _, arg := range args {
		switch value := arg.(type) {
		case []byte:
			k.bytes += len(value)
		case string:
			k.bytes += len(value)
		}
	}
	key, keyed := s.keyOf(args)
	for i := len(k.groups) - 1; i >= 0 && s.before != ""; i-- {
		g := k.groups[i]
		if g.text == text {
			if keyed && g.has(key) {
				break // one statement changes a row once
			}
			g.lists = append(g.lists, args)
			g.add(key, keyed)
			return
		}
		if !g.lets(s, key, keyed) {
			break
		}
	}
	g := &group{text: text, shape: s, lists: [][]any{args}}
	g.add(key, keyed)
	k.groups = append(k.groups, g)
}

func (k *keptBack) clear() { *k = keptBack{groups: k.groups[:0]} }

// keyOf names the row that a statement changes, where that is known.
func (s *shape) keyOf(args []any) (key string, known bool) {
	if s.row > 0 {
		return fmt.Sprint(args[s.row-1]), true
	}
	if len(s.key) == 0 {
		return "", false
	}
	var b strings.Builder
	for _, n := range s.key {
		if n == 0 {
			continue
		}
		fmt.Fprintf(&b, "%v\x00", args[n-1])
	}
	return b.String(), true
}

func (g *group) has(key string) bool {
	_, has := g.rows[key]
	return has
}

func (g *group) add(key string, keyed bool) {
	if !keyed {
		return
	}
	if g.rows == nil {
		g.rows = map[string]struct{}{}
	}
	g.rows[key] = struct{}{}
}

// lets tells whether a statement may be executed before a group that was given before it: the two
// are about different rows.
func (g *group) lets(s *shape, key string, keyed bool) bool {
	switch {
	case g.shape.table == "" || s.table == "":
		return false
	case g.shape.table != s.table:
		return true
	case g.shape.fresh:
		return s.row > 0
	case g.shape.row > 0:
		return s.fresh || s.row > 0 && keyed && !g.has(key)
	default:
		return false
	}
}
