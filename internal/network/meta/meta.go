// Package meta is what the networks of Meta have in common towards the gateway: the list of them,
// one address for all webhooks with one signature and one handshake, and the words for requests
// that name no channel.
package meta

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/graph/clientbody"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/messenger"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// Networks are those that a channel can be of. A new network is a line here.
func Networks() []network.Network {
	return []network.Network{
		whatsapp.Network{},
		messenger.Network{},
		messenger.Network{Instagram: true},
	}
}

// Find returns the network with a name, as the type of a channel is written.
func Find(name string) (found network.Network, ok bool) {
	for _, n := range Networks() {
		if n.Name() == name {
			return n, true
		}
	}
	return nil, false
}

// Common speaks where no channel is known: to a caller without a token, say, or of a message whose
// channel the account no longer has.
func Common() network.Network { return whatsapp.Network{} }

// Desk answers what clients ask beside messages.
func Desk() network.Desk { return desk{} }

// KnowsCode tells whether one of the networks documents an error code.
func KnowsCode(code int) bool {
	for _, n := range Networks() {
		if n.KnowsCode(code) {
			return true
		}
	}
	return false
}

// TokenIn is the access token in the beginning of a request's body; empty if there is none.
func TokenIn(contentType string, body []byte) string { return clientbody.Token(contentType, body) }

// Me is what a request may name the channel of its token, on a network that has it.
const Me = "me"

// AdAccount is the id of the ad account that a request names in place of a channel.
func AdAccount(named string) (id string, ok bool) {
	return strings.CutPrefix(named, messenger.AdAccountPrefix)
}

// SignatureHeader is the header that carries the signature of a webhook, of Meta's to the gateway
// and of the gateway's to the business.
const SignatureHeader = graph.SignatureHeader

// Sign returns the value of SignatureHeader for a body under an app secret.
func Sign(body []byte, secret string) string { return graph.Sign(body, secret) }

// SignedBy finds the app secret that signed a body. Those that are empty sign nothing.
func SignedBy(body []byte, header string, secrets []string) (secret string, ok bool) {
	for _, candidate := range secrets {
		if graph.VerifySignature(body, header, candidate) {
			return candidate, true
		}
	}
	return "", false
}

// JoinWebhooks makes one webhook of two, as Meta does when several wait. It is false if they are
// not of one network.
func JoinWebhooks(first, second []byte) (joined []byte, ok bool) {
	return graph.JoinWebhooks(first, second)
}

// Handshake answers Meta's request to subscribe an address to webhooks, if it knows one of the
// verify tokens: with the challenge, to be written as the plain body of a 200.
func Handshake(query url.Values, verifyTokens ...string) (challenge string, ok bool) {
	return graph.Handshake(query, verifyTokens...)
}

// Unversioned is the version in the path of a request that names none, see WithVersion.
const Unversioned = graph.Unversioned

// IsVersion tells whether the part of a path is a version, or stands for one.
func IsVersion(text string) bool { return graph.IsVersion(text) }

// WithVersion serves paths without a version too, as the Graph API does: next sees Unversioned in
// its place.
func WithVersion(next http.Handler) http.Handler { return graph.WithVersion(next) }

// ReadWebhook reads the body of a webhook whose signature has been verified. Of what no network
// reads it is told only how many events there are.
func ReadWebhook(body []byte) (batches []network.Batch, unread int, err error) {
	webhook, err := graph.ParseWebhook(body)
	if err != nil {
		return nil, 0, err
	}
	for _, n := range Networks() {
		if n.Reads(webhook.Object) {
			batches, err = n.Read(webhook)
			return batches, 0, err
		}
	}
	return nil, len(webhook.Entries), nil
}
