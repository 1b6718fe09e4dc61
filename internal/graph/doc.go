// Package graph speaks the dialect of Meta's Graph API that messaging uses, in
// both directions: it reads the requests of a business and the webhooks of
// Meta, writes the answers and callbacks that a business expects, and calls
// Meta.
//
// What has to be understood is read strictly; what has not is kept as raw JSON
// and forwarded unchanged. No function here logs, and no error carries a phone
// number, a message body or a token.
//
// References:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
//   - https://developers.facebook.com/documentation/business-messaging/messenger-platform/send-messages
package graph
