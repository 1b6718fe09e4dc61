package market

import "fmt"

// trie finds the country of a number's longest prefix, in one step per digit and without
// allocating.
type trie struct{ nodes []node }

type node struct {
	next    [10]uint16 // index of the node after that digit; 0 is none, since no node leads back to the root
	country Country    // 0 where no prefix ends
}

func newTrie() trie { return trie{nodes: make([]node, 1)} }

func (t *trie) add(prefix string, country Country) error {
	at := uint16(0)
	for i := range len(prefix) {
		digit := prefix[i] - '0'
		if digit > 9 {
			return fmt.Errorf("prefix %q must be digits", prefix)
		}
		if t.nodes[at].next[digit] == 0 {
			t.nodes[at].next[digit] = uint16(len(t.nodes))
			t.nodes = append(t.nodes, node{})
		}
		at = t.nodes[at].next[digit]
	}
	if t.nodes[at].country != 0 {
		return fmt.Errorf("prefix %q must belong to one country", prefix)
	}
	t.nodes[at].country = country
	return nil
}

// longest returns the country of the longest prefix of digits, or 0.
func (t *trie) longest(digits string) Country {
	var found Country
	at := uint16(0)
	for i := range len(digits) {
		at = t.nodes[at].next[digits[i]-'0']
		if at == 0 {
			break
		}
		if t.nodes[at].country != 0 {
			found = t.nodes[at].country
		}
	}
	return found
}
