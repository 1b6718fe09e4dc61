package gateway

import "net/http"

// getBooks answers with the account's figures and the latest records of its ledger.
func (g *Gateway) getBooks(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	return g.books.Answer(w, r, from.tenant)
}
