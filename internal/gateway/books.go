package gateway

import "net/http"

// getBooks answers with the account's books, see reporting.Books.
func (g *Gateway) getBooks(w http.ResponseWriter, r *http.Request) error {
	from, err := g.admit(r)
	if err != nil {
		return err
	}
	books, err := g.reporter.Books(r.Context(), from.tenant)
	if err != nil {
		return err
	}
	return writeJSON(w, books)
}
