// Package graph is the transport of Meta's Graph API, as far as its networks have it in common: the
// client, the shape of errors and their codes, the signatures of webhooks, and JSON that keeps its
// bytes. The dialects are those of internal/network.
//
// No function here logs, and no error carries a phone number, a message body or a token.
//
// References:
//   - https://developers.facebook.com/docs/graph-api/guides/error-handling
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
package graph
