package store

// prefetch reads what the operations of a transaction are about, where a question is a journey. One
// message alone is read as quickly by its operation.
func (tx *Tx) prefetch(batch []*operation, limit int) error {
	if limit == 0 {
		return nil
	}
	var messages [][]any
	var of []Subject
	for _, op := range batch {
		for _, subject := range op.subjects {
			if subject.Message == "" {
				of = append(of, subject)
			} else {
				messages = append(messages, []any{subject.Message})
			}
		}
	}
	if len(messages)+len(of) < 2 {
		return nil
	}
	messages, of = messages[:min(len(messages), limit)], of[:min(len(of), limit)]
	return tx.all.Prefetch(messages, of)
}
