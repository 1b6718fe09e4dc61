// Package conversation is the state between one channel (a phone number or a page) and one
// customer, as a pure state machine.
//
// It knows when the customer may be written to freely (the service window), when messages are free
// because an advertisement led the customer here (the entry point), which conversations are open
// while conversations were billed, and whether the customer stopped marketing. How long a window
// lasts and what opens it are Rules: they come from the price plan.
//
// Instants are Unix seconds and spans are half-open, [from, to): a window that a message of second
// 0 opens for 86,400 seconds holds second 86,399 and does not hold second 86,400. The state is a
// set of spans, so events may arrive in any order and more than once without changing the result.
// It remembers 45 days, as long as a gateway remembers a message, so a delivery that is reported
// late is judged by the windows of its own instant.
//
// Sources:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
// (customer service window),
// https://developers.facebook.com/documentation/business-messaging/whatsapp/pricing (free entry
// points).
package conversation
