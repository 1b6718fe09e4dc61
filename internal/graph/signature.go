package graph

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// SignatureHeader is the header that carries the signature of a webhook.
const SignatureHeader = "X-Hub-Signature-256"

const signaturePrefix = "sha256="

// Sign returns the value of SignatureHeader for a body: "sha256=" and the hex HMAC-SHA256 of its
// raw bytes under the app secret. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/create-webhook-endpoint
func Sign(body []byte, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return signaturePrefix + hex.EncodeToString(mac.Sum(nil))
}

// VerifySignature tells whether header signs body under one of the secrets.
// Several may be valid while a secret is rotated. An empty secret matches
// nothing; the comparison takes the same time whatever the header holds.
func VerifySignature(body []byte, header string, secrets ...string) bool {
	encoded, found := strings.CutPrefix(header, signaturePrefix)
	given, err := hex.DecodeString(encoded)
	if !found || err != nil || len(given) != sha256.Size {
		return false
	}
	valid := false
	for _, secret := range secrets {
		if secret == "" {
			continue
		}
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		if hmac.Equal(mac.Sum(nil), given) {
			valid = true
		}
	}
	return valid
}

// maxChallenge bounds what a handshake can make us echo.
const maxChallenge = 256

// Handshake answers Meta's subscription request, GET ?hub.mode=subscribe&
// hub.challenge=…&hub.verify_token=…: it returns the challenge to write as the
// plain body of a 200, or false for a 403.
func Handshake(query url.Values, verifyTokens ...string) (challenge string, ok bool) {
	challenge = query.Get("hub.challenge")
	if query.Get("hub.mode") != "subscribe" || challenge == "" || len(challenge) > maxChallenge {
		return "", false
	}
	given := sha256.Sum256([]byte(query.Get("hub.verify_token")))
	for _, token := range verifyTokens {
		want := sha256.Sum256([]byte(token))
		if token != "" && hmac.Equal(want[:], given[:]) {
			ok = true
		}
	}
	if !ok {
		return "", false
	}
	return challenge, true
}

// HandshakeQuery is the query of a subscription request.
func HandshakeQuery(challenge, verifyToken string) url.Values {
	return url.Values{
		"hub.mode":         {"subscribe"},
		"hub.challenge":    {challenge},
		"hub.verify_token": {verifyToken},
	}
}
