// Package whatsapp is the dialect of WhatsApp's Cloud API: it answers a business, calls Meta, and
// tells the gateway what both have written. Network is its face towards the gateway. Package
// request reads what a business sends, package webhook what Meta posts.
//
// What has to be understood is read strictly; what has not is kept as raw JSON and forwarded
// unchanged. No function here logs, and no error carries a phone number, a message body or a token.
//
// References:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
package whatsapp
