package messenger

import "github.com/guichet-dev/guichet/internal/graph/clientbody"

// Limits of structured messages. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/templates
const (
	maxElements        = 10
	maxReceiptElements = 100
	maxElementTitle    = 80
	maxButtonText      = 640
	maxButtons         = 3
	maxFeedbackText    = 65
	maxCouponText      = 80
	maxField           = 500
)

// readPayload reads the payload of a structured message, and returns its kind.
func (n Network) readPayload(payload clientbody.Object) (string, error) {
	kinds := []string{"generic", "button", "media", "receipt", "product", "customer_feedback", "coupon"}
	if n.Instagram {
		kinds = []string{"generic", "button", "product"}
	}
	kind, err := payload.At("template_type").OneOf(kinds...)
	if err != nil {
		return "", err
	}
	switch kind {
	case "generic":
		err = readElements(payload, maxElements, readGenericElement)
	case "button":
		if _, err = payload.At("text").Text(1, maxButtonText); err == nil {
			err = readButtons(payload.At("buttons"), 1)
		}
	case "media":
		err = readElements(payload, 1, readMediaElement)
	case "receipt":
		err = readReceipt(payload)
	case "product":
		err = readElements(payload, maxElements, func(e clientbody.Object) error {
			_, err := e.At("id").ID(maxID)
			return err
		})
	case "customer_feedback":
		err = readFeedback(payload)
	case "coupon":
		err = readCoupon(payload)
	}
	return kind, err
}

// readElements reads the elements of a structured message.
func readElements(payload clientbody.Object, most int, read func(clientbody.Object) error) error {
	elements, err := payload.At("elements").List(1, most)
	if err != nil {
		return err
	}
	for _, each := range elements {
		element, err := each.Object()
		if err != nil {
			return err
		}
		if err := read(element); err != nil {
			return err
		}
	}
	return nil
}

func readGenericElement(e clientbody.Object) error {
	if _, err := e.At("title").Text(1, maxElementTitle); err != nil {
		return err
	}
	if _, err := e.At("subtitle").Text(0, maxElementTitle); err != nil {
		return err
	}
	if image := e.At("image_url"); !image.Absent() {
		if err := image.URL(maxURL); err != nil {
			return err
		}
	}
	if action := e.At("default_action"); !action.Absent() {
		target, err := action.Object()
		if err != nil {
			return err
		}
		if err := target.At("url").URL(maxURL); err != nil {
			return err
		}
	}
	return readButtons(e.At("buttons"), 0)
}

func readMediaElement(e clientbody.Object) error {
	if _, err := e.At("media_type").OneOf("image", "video"); err != nil {
		return err
	}
	if err := readFile(e); err != nil {
		return err
	}
	return readButtons(e.At("buttons"), 0)
}

// readButtons reads buttons. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/reference/buttons
func readButtons(f clientbody.Field, least int) error {
	buttons, err := f.List(least, maxButtons)
	if err != nil {
		return err
	}
	for _, each := range buttons {
		button, err := each.Object()
		if err != nil {
			return err
		}
		if err := readButton(button); err != nil {
			return err
		}
	}
	return nil
}

func readButton(button clientbody.Object) error {
	kind, err := button.At("type").OneOf(
		"web_url", "postback", "phone_number", "account_link", "account_unlink", "game_play",
	)
	if err != nil {
		return err
	}
	switch kind {
	case "account_unlink":
		return nil
	case "account_link":
		return button.At("url").URL(maxURL)
	}
	if _, err := button.At("title").Text(1, maxTitle); err != nil {
		return err
	}
	switch kind {
	case "web_url":
		return button.At("url").URL(maxURL)
	case "postback", "phone_number":
		_, err = button.At("payload").Text(1, maxPayload)
	}
	return err
}

func readReceipt(payload clientbody.Object) error {
	for _, name := range []string{"recipient_name", "order_number", "currency", "payment_method"} {
		if _, err := payload.At(name).Text(1, maxField); err != nil {
			return err
		}
	}
	summary, err := payload.At("summary").Object()
	if err != nil {
		return err
	}
	if summary.At("total_cost").Absent() {
		return summary.At("total_cost").Missing("the order's total")
	}
	elements, err := payload.At("elements").List(0, maxReceiptElements)
	if err != nil {
		return err
	}
	for _, each := range elements {
		element, err := each.Object()
		if err != nil {
			return err
		}
		if _, err := element.At("title").Text(1, maxField); err != nil {
			return err
		}
		if element.At("price").Absent() {
			return element.At("price").Missing("the price")
		}
	}
	return nil
}

func readFeedback(payload clientbody.Object) error {
	for _, name := range []string{"title", "subtitle"} {
		if _, err := payload.At(name).Text(0, maxFeedbackText); err != nil {
			return err
		}
	}
	if _, err := payload.At("button_title").Text(0, maxTitle); err != nil {
		return err
	}
	if _, err := payload.At("feedback_screens").List(1, 1); err != nil {
		return err
	}
	privacy, err := payload.At("business_privacy").Object()
	if err != nil {
		return err
	}
	if err := privacy.At("url").URL(maxURL); err != nil {
		return err
	}
	if days := payload.At("expires_in_days"); !days.Absent() {
		_, err = days.Number(1, 7)
	}
	return err
}

func readCoupon(payload clientbody.Object) error {
	if _, err := payload.At("title").Text(1, maxCouponText); err != nil {
		return err
	}
	if _, err := payload.At("subtitle").Text(0, maxCouponText); err != nil {
		return err
	}
	code, address := payload.At("coupon_code"), payload.At("coupon_url")
	if code.Absent() && address.Absent() {
		return payload.Fail("must give coupon_code or coupon_url")
	}
	if !address.Absent() {
		return address.URL(maxURL)
	}
	_, err := code.Text(1, maxField)
	return err
}
