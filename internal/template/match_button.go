package template

import (
	"slices"
	"unicode/utf8"
)

// subTypes returns the sub_type of a message's component for a type of button, or nothing for a
// button that takes no component. known is false for a type that this package does not know.
func subTypes(kind string) (names []string, known bool) {
	switch kind {
	case ButtonQuickReply:
		return []string{"quick_reply"}, true
	case ButtonURL:
		return []string{"url"}, true
	case ButtonCopyCode:
		return []string{"copy_code"}, true
	case ButtonOTP:
		return []string{"url", "copy_code"}, true
	case ButtonFlow:
		return []string{"flow"}, true
	case ButtonCatalog:
		return []string{"catalog"}, true
	case ButtonMPM:
		return []string{"mpm"}, true
	case ButtonPhoneNumber:
		return nil, true
	}
	return nil, false
}

// needs returns how many parameters the button must have; optional buttons may have
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
	default:
		return 1, true
	}
}

// match returns an error if what a message has does not fit the button at an index. The upstream
// decides about buttons of unknown types.
func (b button) match(index int, component *given) *Mismatch {
	names, known := subTypes(b.kind)
	if !known {
		return nil
	}
	need, optional := b.needs()
	switch {
	case component == nil && optional:
		return nil
	case component == nil:
		return mismatch(CodeCount, "%s (button %d): 1 parameter is expected and no component names the button.",
			componentsPath, index)
	case len(names) == 0:
		return mismatch(
			CodeFormat, "%s: a button of type %s takes no component. Leave it out.", component.place(), b.kind,
		)
	case !slices.Contains(names, component.subType):
		return mismatch(CodeFormat, "%s: sub_type must be %s.", component.place(), names[0])
	}
	if count := len(component.parameters); count != need && (!optional || count != 0) {
		return mismatch(CodeCount, "%s: %d parameters are expected and %d are given.", component.place(), need, count)
	}
	if len(component.parameters) == 0 {
		return nil
	}
	return b.matchParameter(component.parameter(0), &component.parameters[0])
}

func (b button) matchParameter(place string, p *Parameter) *Mismatch {
	switch b.kind {
	case ButtonURL:
		if m := matchValue(place, p, "text"); m != nil {
			return m
		}
		if length := utf8.RuneCountInString(b.prefix + p.Text); length > maxURL {
			return mismatch(CodeLength, "%s: the URL has %d characters with its parameter and may have %d.",
				place, length, maxURL)
		}
	case ButtonOTP:
		if m := matchValue(place, p, "text", "coupon_code"); m != nil {
			return m
		}
		if utf8.RuneCountInString(p.Value()) > maxAuthCode {
			return mismatch(CodeLength, "%s: the code has more than %d characters.", place, maxAuthCode)
		}
	case ButtonCopyCode:
		if m := matchValue(place, p, "coupon_code"); m != nil {
			return m
		}
		if utf8.RuneCountInString(p.CouponCode) > maxCoupon {
			return mismatch(CodeLength, "%s: the code has more than %d characters.", place, maxCoupon)
		}
	case ButtonQuickReply:
		return matchValue(place, p, "payload", "text")
	default:
		if p.Type != "action" && p.Type != "payload" {
			return mismatch(CodeFormat, "%s: type must be action.", place)
		}
	}
	return nil
}
