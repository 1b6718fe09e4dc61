// Package messenger is Messenger, whose channels are pages, and Instagram, whose channels are
// professional accounts: one Send API and one form of webhooks, with other limits. Source of both:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/
//
// A request goes through ParseSend into a Send, and is stored as the client wrote it. Encode puts
// our id into message.metadata, which the echo of the message returns. Webhooks become events in
// events.go, each with the callback that tells the business of it alone.
//
// Errors have Meta's codes and subcodes. Their shape has no details, so the sentence that says what
// to do stands in the message.
package messenger
