package statement

import (
	"crypto/sha256"

	"github.com/guichet-dev/guichet/internal/ledger"
)

// The hashes of a tree over a statement's records are those of RFC 9162, section 2.1
// (https://www.rfc-editor.org/rfc/rfc9162#section-2.1): a leaf begins with a byte 0, a node with 1.
const (
	leafPrefix = 0
	nodePrefix = 1
)

// LeafHash is the hash of a record's canonical bytes in the tree.
func LeafHash(canonical []byte) ledger.Hash {
	digest := sha256.New()
	digest.Write([]byte{leafPrefix})
	digest.Write(canonical)
	return ledger.Hash(digest.Sum(nil))
}

func nodeHash(left, right ledger.Hash) ledger.Hash {
	digest := sha256.New()
	digest.Write([]byte{nodePrefix})
	digest.Write(left[:])
	digest.Write(right[:])
	return ledger.Hash(digest.Sum(nil))
}

// tree is what has to be kept of a tree to go on: the roots of its whole subtrees, the largest
// first. There is one for each bit of the number of leaves.
type tree struct {
	leaves int64
	roots  []ledger.Hash
}

func (t *tree) add(leaf ledger.Hash) {
	t.leaves++
	for n := t.leaves; n&1 == 0; n >>= 1 {
		last := len(t.roots) - 1
		leaf, t.roots = nodeHash(t.roots[last], leaf), t.roots[:last]
	}
	t.roots = append(t.roots, leaf)
}

// root is the hash of the tree; of one without leaves the SHA-256 of nothing.
func (t *tree) root() ledger.Hash {
	if t.leaves == 0 {
		return sha256.Sum256(nil)
	}
	last := len(t.roots) - 1
	hash := t.roots[last]
	for i := last - 1; i >= 0; i-- {
		hash = nodeHash(t.roots[i], hash)
	}
	return hash
}

// prover finds the path of one leaf while it reads all of them once: a tree for each of the
// subtrees beside the leaf's way to the root.
type prover struct {
	read  int64
	parts []part // from the root down
}

// part is a subtree: the leaves from first on, before end.
type part struct {
	first, end int64
	tree       tree
}

// newProver divides the leaves as RFC 9162, section 2.1.3.1, does.
func newProver(index, leaves int64) *prover {
	p := &prover{}
	for first, end := int64(0), leaves; end-first > 1; {
		split := int64(1)
		for split*2 < end-first {
			split *= 2
		}
		if middle := first + split; index < middle {
			p.parts, end = append(p.parts, part{first: middle, end: end}), middle
		} else {
			p.parts, first = append(p.parts, part{first: first, end: middle}), middle
		}
	}
	return p
}

func (p *prover) add(leaf ledger.Hash) {
	for i := range p.parts {
		if part := &p.parts[i]; part.first <= p.read && p.read < part.end {
			part.tree.add(leaf)
		}
	}
	p.read++
}

// path are the hashes beside the leaf's way to the root, from below.
func (p *prover) path() []ledger.Hash {
	path := make([]ledger.Hash, 0, len(p.parts))
	for i := len(p.parts) - 1; i >= 0; i-- {
		path = append(path, p.parts[i].tree.root())
	}
	return path
}

// rootBy is the root that a path leads to from the leaf of an index, of so many leaves; false if
// the path is none of such a tree. See RFC 9162, section 2.1.3.2.
func rootBy(leaf ledger.Hash, index, leaves int64, path []ledger.Hash) (ledger.Hash, bool) {
	if index < 0 || index >= leaves {
		return ledger.Hash{}, false
	}
	at, last, hash := index, leaves-1, leaf
	for _, beside := range path {
		if last == 0 {
			return ledger.Hash{}, false
		}
		if at&1 == 1 || at == last {
			hash = nodeHash(beside, hash)
			for at&1 == 0 && at != 0 {
				at, last = at>>1, last>>1
			}
		} else {
			hash = nodeHash(hash, beside)
		}
		at, last = at>>1, last>>1
	}
	return hash, last == 0
}
