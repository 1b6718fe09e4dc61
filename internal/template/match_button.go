package template

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// subTypes is the sub_type of a message's component for each type of button; its case does not matter, as that of the component's
// type does not.
func subTypes(kind string) []string {
	switch kind {
	case ButtonQuickReply:
		return []string{"quick_reply"}
	case ButtonURL:
		return []string{"url"}
	case ButtonCopyCode:
		return []string{"copy_code"}
	case ButtonOTP:
		return []string{"url", "copy_code"}
	case ButtonFlow:
		return []string{"flow"}
	case ButtonCatalog:
		return []string{"catalog"}
	case ButtonMPM:
		return []string{"mpm"}
	case ButtonPhoneNumber:
		return []string{"voice_call", "phone_number"}
	}
	return nil
}

// needs is how many parameters the button must have; optional buttons may have
// none.
func (b button) needs() (count int, optional bool) {
	switch b.kind {
	case ButtonURL:
		if b.variable {
			return 1, false
		}
		return 0, true
	case ButtonCopyCode, ButtonOTP:
		return 1, false
	case ButtonPhoneNumber:
		return 0, true
	default:
		return 1, true
	}
}

func (b button) match(place string, given *SendComponent, options MatchOptions) *Mismatch {
	need, optional := b.needs()
	if given == nil {
		if optional {
			return nil
		}
		return mismatch(CodeCount, "%s: 1 parameter is expected and no component names the button.", place)
	}
	if !slices.Contains(subTypes(b.kind), strings.ToLower(given.SubType)) {
		return mismatch(CodeFormat, "%s: sub_type must be %s.", place, subTypes(b.kind)[0])
	}
	if count := len(given.Parameters); count != need && (!optional || count != 0) {
		return mismatch(CodeCount, "%s: %d parameters are expected and %d are given.", place, need, count)
	}
	if len(given.Parameters) == 0 {
		return nil
	}
	return b.matchParameter(place+" parameter 1", &given.Parameters[0], options)
}

func (b button) matchParameter(place string, p *Parameter, options MatchOptions) *Mismatch {
	switch b.kind {
	case ButtonURL:
		if m := matchValue(place, p, options, "text"); m != nil {
			return m
		}
		if length := utf8.RuneCountInString(b.prefix + p.Text); length > maxURL {
			return mismatch(CodeLength, "%s: the URL has %d characters with its parameter and may have %d.", place, length, maxURL)
		}
	case ButtonOTP:
		if m := matchValue(place, p, options, "text", "coupon_code"); m != nil {
			return m
		}
		if utf8.RuneCountInString(p.Value()) > maxAuthCode {
			return mismatch(CodeLength, "%s: the code has more than %d characters.", place, maxAuthCode)
		}
	case ButtonCopyCode:
		if m := matchValue(place, p, options, "coupon_code"); m != nil {
			return m
		}
		if utf8.RuneCountInString(p.CouponCode) > maxCoupon {
			return mismatch(CodeLength, "%s: the code has more than %d characters.", place, maxCoupon)
		}
	case ButtonQuickReply:
		return matchValue(place, p, options, "payload", "text")
	default:
		if p.Type != "action" && p.Type != "payload" {
			return mismatch(CodeFormat, "%s: type must be action.", place)
		}
	}
	return nil
}
