// Package whatsapp is the dialect of WhatsApp's Cloud API: it reads the requests of a business and
// the webhooks of Meta, and writes what either is answered or told. Network is its face towards the
// gateway.
//
// What has to be understood is read strictly; what has not is kept as raw JSON and forwarded
// unchanged. No function here logs, and no error carries a phone number, a message body or a token.
//
// References:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
package whatsapp
