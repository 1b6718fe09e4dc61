package graph

import (
	"net/url"

	"github.com/guichet-dev/guichet/internal/graph/parameter"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/rawjson"
)

// OwnPages has the addresses of further pages in an answer point to the gateway, where the request
// came. The upstream's hold its token, and would lead past the gateway.
func OwnPages(answer []byte, to *network.Request) []byte {
	object, err := rawjson.ParseObject(answer)
	if err != nil {
		return answer
	}
	paging := object.Child("paging")
	var changes []rawjson.Member
	for _, name := range []string{"next", "previous"} {
		if address := paging.Text(name); address != "" {
			own := to.Address(queryOf(address))
			changes = append(changes, rawjson.Member{Name: name, Value: rawjson.Quote(own)})
		}
	}
	if len(changes) == 0 {
		return answer
	}
	return object.Set("paging", paging.With(changes...))
}

// queryOf is the query of an address of the upstream's, without credentials.
func queryOf(address string) url.Values {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil
	}
	query := parsed.Query()
	for name := range query {
		if parameter.IsCredential(name) {
			delete(query, name)
		}
	}
	return query
}
