// Package request reads what a business asks of the Cloud API's messages endpoint, and checks it by
// Meta's published limits before it costs anything.
//
// What has to be understood is read strictly; everything else is kept as it came. The errors are
// Meta's own, with the path of the field in them and never its value.
//
// Package clientbody reads bodies for the other Graph APIs, and forms in parts for this one too.
// The two differ in what a form may hold, and in where an error has its sentence: the Cloud API's
// stands in error_data.details.
//
// References:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
package request
