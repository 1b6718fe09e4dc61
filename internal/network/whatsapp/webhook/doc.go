// Package webhook reads the webhooks that the Cloud API posts, and writes from them the callbacks
// for the business: Meta's own envelope, with one update in it.
//
// Whatever can be tolerated is: unknown fields and types stay as they came.
//
// Reference:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
package webhook
