// Package cloudapitest holds what the Cloud API answers to requests, as a table
// of literal cases. It judges whoever stands in for the Cloud API: the gateway
// towards a business, and the simulator towards the gateway. Both read requests
// with the same parser, so neither can judge the other.
//
// The cases are taken from Meta's documents, never from what the code does:
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/messages/send-messages
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes
//   - https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/components
//
// A case of another path has its Method and Path set; see Cases.
package cloudapitest

import (
	"net/http"
	"slices"
	"strings"
)

const (
	// PhoneNumberID is the number that the cases are sent from.
	PhoneNumberID = "106540352242922"
	// Customer is who most cases are sent to. The service window must be open.
	Customer = "33612345678"
)

// Case is a request and the answer that it gets.
type Case struct {
	Name string
	// Method is POST unless set, and Path /v26.0/{PhoneNumberID}/messages.
	Method, Path string
	// ContentType is application/json unless set.
	ContentType string
	Body        string
	// Status is the HTTP status, Code that of the error; 0 for a success.
	Status, Code int
	// Field is the path of the field that error_data.details names.
	Field string
}

// Cases are all cases.
func Cases() []Case {
	all := slices.Concat(
		envelopeCases(), formCases(), contentCases(), interactiveCases(), otherInteractiveCases(), carouselCases(),
		templateCases(), richTemplateCases(), marketingCases(), groupCases(),
		pathCases(),
	)
	for i := range all {
		c := &all[i]
		if c.Method == "" {
			c.Method = http.MethodPost
		}
		if c.Path == "" {
			c.Path = "/v26.0/" + PhoneNumberID + "/messages"
		}
		if c.ContentType == "" {
			c.ContentType = "application/json"
		}
	}
	return all
}

// accepted is a case that must be taken.
func accepted(name, body string) Case {
	return Case{Name: name, Body: body, Status: http.StatusOK}
}

// refused is a case that must be refused with 400.
func refused(name, body string, code int, field string) Case {
	return Case{Name: name, Body: body, Status: http.StatusBadRequest, Code: code, Field: field}
}

// message is a request of a type with its content.
func message(kind, content string) string {
	return with(`"type":"` + kind + `","` + kind + `":` + content)
}

// with is a request to the customer with further members.
func with(members string) string {
	return `{"messaging_product":"whatsapp","recipient_type":"individual","to":"+` + Customer + `",` + members + `}`
}

// long is a text of n characters that have two bytes each in UTF-8.
func long(n int) string { return strings.Repeat("é", n) }

// several joins n elements, in which # stands for the number of the element.
func several(n int, element string) string {
	elements := make([]string, n)
	for i := range elements {
		elements[i] = strings.ReplaceAll(element, "#", string(rune('a'+i)))
	}
	return "[" + strings.Join(elements, ",") + "]"
}

// deep is an array of arrays, deeper than JSON readers go.
var deep = strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000)
