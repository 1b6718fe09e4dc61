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
	case ButtonOrderDetails:
		return []string{"order_details"}, true
	case ButtonVoiceCall:
		return []string{"voice_call"}, true
	case ButtonPhoneNumber, ButtonSPM:
		return nil, true
	}
	return nil, false
}

// needs returns how many parameters the button must have at least and may have at most; one that
// needs none may be left out.
func (b button) needs() (least, most int) {
	switch b.kind {
	case ButtonURL:
		if b.variable {
			return 1, 1
		}
		return 0, 0
	case ButtonCopyCode, ButtonOTP, ButtonOrderDetails:
		return 1, 1
	case ButtonVoiceCall: // for how long it can be tapped, and what the call brings along
		return 0, 2
	default:
		return 0, 1
	}
}

// match returns an error if what a message has does not fit the button at an index of the
// components at a path. The upstream decides about buttons of unknown types.
func (b button) match(path string, index int, component *given) *Mismatch {
	names, known := subTypes(b.kind)
	if !known {
		return nil
	}
	least, most := b.needs()
	switch {
	case component == nil && least == 0:
		return nil
	case component == nil:
		return mismatch(WrongCount, "%s (button %d): 1 parameter is expected and no component names the button.",
			path, index)
	case len(names) == 0:
		return mismatch(
			WrongFormat, "%s: a button of type %s takes no component. Leave it out.", component.place(), b.kind,
		)
	case !slices.Contains(names, component.subType):
		return mismatch(WrongFormat, "%s: sub_type must be %s.", component.place(), names[0])
	}
	if count := len(component.parameters); count < least || count > most {
		return mismatch(WrongCount, "%s: %d parameters are expected and %d are given.", component.place(), most, count)
	}
	for i := range component.parameters {
		if m := b.matchParameter(component.parameter(i), &component.parameters[i]); m != nil {
			return m
		}
	}
	return nil
}

func (b button) matchParameter(place string, p *Parameter) *Mismatch {
	switch b.kind {
	case ButtonURL:
		if m := matchValue(place, p, "text"); m != nil {
			return m
		}
		if length := utf8.RuneCountInString(b.prefix + p.Text); length > maxURL {
			return mismatch(TooLong, "%s: the URL has %d characters with its parameter and may have %d.",
				place, length, maxURL)
		}
	case ButtonOTP:
		if m := matchValue(place, p, "text", "coupon_code"); m != nil {
			return m
		}
		if utf8.RuneCountInString(p.Value()) > maxAuthCode {
			return mismatch(TooLong, "%s: the code has more than %d characters.", place, maxAuthCode)
		}
	case ButtonCopyCode:
		if m := matchValue(place, p, "coupon_code"); m != nil {
			return m
		}
		if utf8.RuneCountInString(p.CouponCode) > maxCoupon {
			return mismatch(TooLong, "%s: the code has more than %d characters.", place, maxCoupon)
		}
	case ButtonQuickReply:
		return matchValue(place, p, "payload", "text")
	case ButtonVoiceCall:
		if p.Type != "ttl_minutes" && p.Type != "payload" {
			return mismatch(WrongFormat, "%s: type must be ttl_minutes or payload.", place)
		}
	default:
		if p.Type != "action" && p.Type != "payload" {
			return mismatch(WrongFormat, "%s: type must be action.", place)
		}
	}
	return nil
}
