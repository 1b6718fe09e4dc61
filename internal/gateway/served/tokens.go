package served

import (
	"crypto/sha256"
	"crypto/subtle"
)

// apiToken is a token that a client may present, known by its hash only.
type apiToken struct {
	name string
	hash [sha256.Size]byte
}

// Authenticate returns the name of the API token that a request presents; false if it is not one of
// the account's. Every token is compared, each in constant time, so the time that it takes tells
// nothing about any of them.
func (t *Tenant) Authenticate(presented string) (name string, ok bool) {
	if presented == "" {
		return "", false
	}
	hash := sha256.Sum256([]byte(presented))
	for i := range t.tokens {
		if subtle.ConstantTimeCompare(hash[:], t.tokens[i].hash[:]) == 1 {
			name, ok = t.tokens[i].name, true
		}
	}
	return name, ok
}
