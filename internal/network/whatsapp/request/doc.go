// Package request reads what a business asks of the Cloud API's messages endpoint, and checks it by
// Meta's published limits before it costs anything.
//
// What has to be understood is read strictly; everything else is kept as it came. The errors are
// Meta's own, with the path of the field in them and never its value.
//
// Package clientbody reads the body, for this API as for the others of the Graph API. They differ
// in where an error has its sentence: the Cloud API's stands in error_data.details.
//
// References:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
package request
