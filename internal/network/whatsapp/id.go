package whatsapp

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

// ownIDPrefix begins every message id that a gateway gives out. It has the form of the upstream's
// ids, which clients treat as opaque, and no id of the upstream begins so: the three bytes behind
// "wamid." spell "Gui".
const ownIDPrefix = "wamid.R3Vp"

// NewID implements network.Sender. An id is the tag, the millisecond of now, which keeps neighbours
// together in an index, and 18 random bytes.
func (Network) NewID(now time.Time) (string, error) {
	var raw [27]byte
	copy(raw[:], "Gui")
	var at [8]byte
	binary.BigEndian.PutUint64(at[:], uint64(now.UnixMilli()))
	copy(raw[3:9], at[2:])
	if _, err := rand.Read(raw[9:]); err != nil {
		return "", fmt.Errorf("make a message id: %w", err)
	}
	return "wamid." + base64.RawURLEncoding.EncodeToString(raw[:]), nil
}

// IsOwnID implements network.Sender.
func (Network) IsOwnID(id string) bool { return strings.HasPrefix(id, ownIDPrefix) }
