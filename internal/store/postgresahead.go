package store

// maxAhead bounds what is read ahead for one transaction, and so the memory that it takes: about 1 KiB for each subject.
const maxAhead = 512

// ahead reads what the operations of a transaction are about: in two exchanges, the messages and then the conversations. The transaction has its turn, so nobody else
// changes what was read before it ends. One subject alone is read as quickly by its operation.
func (w *postgresWriter) ahead(tx *Tx, batch []*operation) error {
	var messages [][]any
	var people []Person
	for _, op := range batch {
		for _, subject := range op.subjects {
			if subject.Message == "" {
				people = append(people, subject.Person)
			} else {
				messages = append(messages, []any{subject.Message})
			}
		}
	}
	if len(messages)+len(people) < 2 {
		return nil
	}
	messages, people = messages[:min(len(messages), maxAhead)], people[:min(len(people), maxAhead)]
	var rows []messageRow
	if err := w.queryEach(selectMessage, messages, func(_ int, v values) { rows = append(rows, readMessage(v)) }); err != nil {
		return err
	}
	for i := range rows {
		tx.adopt(&rows[i]) // what cannot be read is read again by its operation, which fails alone
	}
	for _, m := range tx.messages {
		if m.State >= Submitted && !m.Settled { // a status is about to settle it
			people = append(people, Person{m.Channel, m.Customer})
		}
	}
	tx.store.recent.keep(tx.messages)
	return w.conversationsAhead(tx.store.recent, people)
}

func (w *postgresWriter) conversationsAhead(recent *recent, people []Person) error {
	conversations := make([][]byte, len(people)) // nil for who has none
	keys := make([][]any, len(people))
	for i := range people {
		keys[i] = []any{people[i].Channel, people[i].Customer[:]}
	}
	if err := w.queryEach(selectConversation, keys, func(i int, v values) { conversations[i] = v.Bytes(0) }); err != nil {
		return err
	}
	for i, person := range people {
		recent.conversations[person] = conversations[i]
	}
	return nil
}
