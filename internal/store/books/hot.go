package books

import (
	"github.com/guichet-dev/guichet/internal/allowances"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// hot are the rows that the transactions of the moment ask for. The same few are wanted again and
// again, so the next transaction reads them ahead.
type hot struct {
	totals    txn.Hot[ledger.TotalKey]
	counts    txn.Hot[pricing.CounterKey]
	depths    txn.Hot[Depth]
	reserved  txn.Hot[money.Currency]
	pools     txn.Hot[money.Currency]
	revisions txn.Hot[PlanRevision]
	head      txn.Hot[struct{}]
}

// Hot asks for the rows of the moment. A value that cannot be read is read again by its operation,
// which fails alone.
func (tx *Tx) Hot() []engine.Question {
	tx.hot.totals.Begin()
	tx.hot.counts.Begin()
	tx.hot.depths.Begin()
	tx.hot.reserved.Begin()
	tx.hot.pools.Begin()
	tx.hot.revisions.Begin()
	tx.hot.head.Begin()
	return []engine.Question{
		tx.hotTotals(), tx.hotCounts(), tx.hotDepths(), tx.hotReserved(), tx.hotPools(), tx.hotRevisions(),
		tx.hotHead(),
	}
}

func (tx *Tx) hotTotals() engine.Question {
	keys := tx.hot.totals.Keys()
	q := engine.Question{Text: selectTotal, Scan: func(of int, v engine.Row) {
		total, err := readTotal(v, 0)
		if err != nil {
			delete(tx.tally.totals, keys[of])
			return
		}
		tx.tally.totals[keys[of]].Value = total
	}}
	for _, key := range keys {
		tx.tally.totals[key] = &txn.Cell[ledger.Total]{}
		q.Lists = append(q.Lists, []any{key.Period, string(key.Currency), key.Category})
	}
	return q
}

func (tx *Tx) hotCounts() engine.Question {
	keys := tx.hot.counts.Keys()
	q := engine.Question{Text: selectCounter, Scan: func(of int, v engine.Row) {
		tx.tally.counts[keys[of]].Value = v.Int(0)
	}}
	for _, key := range keys {
		tx.tally.counts[key] = &txn.Cell[int64]{}
		q.Lists = append(q.Lists, []any{counterName(key)})
	}
	return q
}

func (tx *Tx) hotDepths() engine.Question {
	keys := tx.hot.depths.Keys()
	q := engine.Question{Text: selectCounter, Scan: func(of int, v engine.Row) {
		tx.tally.depths[keys[of]].Value = v.Int(0)
	}}
	for _, key := range keys {
		tx.tally.depths[key] = &txn.Cell[int64]{}
		q.Lists = append(q.Lists, []any{depthNames[key]})
	}
	return q
}

func (tx *Tx) hotReserved() engine.Question {
	keys := tx.hot.reserved.Keys()
	q := engine.Question{Text: selectReserve, Scan: func(of int, v engine.Row) {
		value, err := readReservation(v)
		if err != nil {
			delete(tx.tally.reserved, keys[of])
			return
		}
		tx.tally.reserved[keys[of]].Value = value
	}}
	for _, key := range keys {
		tx.tally.reserved[key] = &txn.Cell[reservation]{}
		q.Lists = append(q.Lists, []any{string(key)})
	}
	return q
}

func (tx *Tx) hotPools() engine.Question {
	keys := tx.hot.pools.Keys()
	q := engine.Question{Text: selectPool, Scan: func(of int, v engine.Row) {
		pool, err := allowances.ParsePool(v.Text(0))
		if err != nil {
			delete(tx.tally.pools, keys[of])
			return
		}
		tx.tally.pools[keys[of]].Value = pool
	}}
	for _, key := range keys {
		tx.tally.pools[key] = &txn.Cell[allowances.Pool]{}
		q.Lists = append(q.Lists, []any{string(key)})
	}
	return q
}

func (tx *Tx) hotRevisions() engine.Question {
	keys := tx.hot.revisions.Keys()
	q := engine.Question{Text: selectUsed, Scan: func(of int, _ engine.Row) {
		tx.tally.revisions[keys[of]].Value = true
	}}
	for _, key := range keys {
		tx.tally.revisions[key] = &txn.Cell[bool]{}
		q.Lists = append(q.Lists, []any{key.Plan, key.Revision})
	}
	return q
}

func (tx *Tx) hotHead() engine.Question {
	q := engine.Question{Text: selectHead, Scan: func(_ int, v engine.Row) { readHead(v, &tx.tally.head.Value) }}
	if len(tx.hot.head.Keys()) > 0 {
		tx.tally.head = &txn.Cell[ledger.Head]{Value: ledger.Head{Hash: tx.genesis}}
		q.Lists = [][]any{nil}
	}
	return q
}

func readHead(v engine.Row, head *ledger.Head) {
	head.Sequence = v.Int(0)
	copy(head.Hash[:], v.Bytes(1))
}
