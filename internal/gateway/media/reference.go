package media

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/guichet-dev/guichet/internal/network"
)

// Path is the beginning of the addresses that the gateway gives out; a reference follows.
const Path = "/media/"

// reference is what an address of the gateway's stands for: a file at the upstream, for a channel
// of the account and a few minutes. It is sealed with the account's keys, so that nobody can make
// one or read what is in it: the gateway fetches only what the upstream itself has named, and
// stores nothing for that.
type reference struct {
	Channel string `json:"c"`
	URL     string `json:"u"`
	SHA256  string `json:"d,omitempty"`
	Expires int64  `json:"e"`
}

// place binds the seal to this use of the keys.
const place = "media reference"

// maxReference bounds a reference before it is opened, in characters.
const maxReference = 8 << 10

// Address is the gateway's address of a file of a channel. Base is the gateway's own address,
// without a slash at its end.
func (m *Media) Address(base, channel string, file network.File) (string, error) {
	content, err := json.Marshal(reference{
		Channel: channel, URL: file.URL, SHA256: file.SHA256, Expires: m.now().Add(network.MediaLife).Unix(),
	})
	if err != nil {
		return "", fmt.Errorf("encode a reference: %w", err)
	}
	sealed, err := m.keys.Seal(content, place)
	if err != nil {
		return "", err
	}
	return base + Path + base64.RawURLEncoding.EncodeToString(sealed), nil
}

var errNoReference = errors.New("this is no address that the gateway has given out, or not any more")

// open reads a reference that is still good.
func (m *Media) open(text string) (reference, error) {
	if len(text) > maxReference {
		return reference{}, errNoReference
	}
	sealed, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return reference{}, errNoReference
	}
	content, err := m.keys.Open(sealed, place)
	if err != nil {
		return reference{}, errNoReference
	}
	var ref reference
	if json.Unmarshal(content, &ref) != nil || !m.now().Before(time.Unix(ref.Expires, 0)) {
		return reference{}, errNoReference
	}
	return ref, nil
}
