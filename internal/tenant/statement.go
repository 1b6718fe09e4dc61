package tenant

// StatementChain says how far a ledger's statements are closed.
type StatementChain struct {
	// Period is the last month that is closed, or the one before the first statement's.
	Period string `json:"period"`
	// Sequence is the last record that it could cover, and Next what the one after begins behind,
	// see statement.Range.
	Sequence int64 `json:"sequence"`
	Next     int64 `json:"next"`
}

// StatementNames are the names that the statement of an account's month can have: the second, if
// the first is that of another ledger which the account had in the same month.
func StatementNames(account, period, ledger string) []string {
	name := account + "-" + period
	return []string{name, name + "-" + ledger[:min(len(ledger), 8)]}
}
