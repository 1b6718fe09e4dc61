package telemetry

import (
	"crypto/rand"
	"encoding/base64"
)

// NewTraceID is the fbtrace_id of an error that is made here.
func NewTraceID() string {
	var raw [17]byte
	_, _ = rand.Read(raw[:]) // it never fails, and an id of zeros would do
	return "A" + base64.RawURLEncoding.EncodeToString(raw[:])
}
