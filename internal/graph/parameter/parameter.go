// Package parameter knows the parameters that the Graph API reads on every path, whatever object it
// is asked about.
package parameter

import "strings"

// Names of the parameters that prove who calls. Source:
// https://developers.facebook.com/docs/graph-api/guides/secure-requests
const (
	Token = "access_token"
	Proof = "appsecret_proof"
)

// Bare is a parameter's name as the Graph API reads it: "access.token[]" is access_token there.
func Bare(name string) string {
	if isBare(name) {
		return name
	}
	name, _, _ = strings.Cut(name, "[")
	return strings.ToLower(underlined.Replace(strings.TrimSpace(name)))
}

var underlined = strings.NewReplacer(".", "_", " ", "_")

// isBare tells that a name is read as it is, as nearly every name is.
func isBare(name string) bool {
	for i := range len(name) {
		if c := name[i]; (c < 'a' || c > 'z') && c != '_' && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// IsCredential tells whether a parameter says who calls.
func IsCredential(name string) bool {
	switch Bare(name) {
	case Token, Proof:
		return true
	}
	return false
}

// IsControl tells whether a parameter has the Graph API do something else than the method and path
// say. Sources: https://developers.facebook.com/docs/graph-api/batch-requests and
// https://developers.facebook.com/docs/graph-api/overview (method override, ids).
func IsControl(name string) bool {
	switch Bare(name) {
	case "method", "batch", "ids", "include_headers", "relative_url", "attached_files":
		return true
	}
	return false
}

// IsWebhook tells whether a parameter says where webhooks go. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
func IsWebhook(name string) bool {
	switch Bare(name) {
	case "override_callback_uri", "verify_token", "webhook_configuration":
		return true
	}
	return false
}
