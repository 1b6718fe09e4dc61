// Package template describes message templates: their wire format, the rules by which Meta rejects
// one, and whether the parameters of a message fit. It is pure: no client, no clock, no Kubernetes.
//
// References:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/authentication-templates/authentication-templates
package template
