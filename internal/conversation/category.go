package conversation

import "fmt"

// Category is what a message is billed as, or a conversation while conversations were billed.
type Category uint8

// The categories. A message that names no category has None.
const (
	None Category = iota
	Marketing
	MarketingLite
	Utility
	Authentication
	AuthenticationInternational
	Service
	Template          // any template, in the years before templates had categories
	BusinessInitiated // a conversation that the business began outside the service window
	UserInitiated     // a conversation that answers the customer
	GroupMarketing
	GroupUtility
	GroupService
	GeneralPurposeAI
	BusinessAgent // one token of Meta's own agent
	Call          // one pulse of a call
	SponsoredMessage
	categories
)

// Categories is the number of categories: every Category is below it.
const Categories = int(categories)

// names holds the names on the wire and in records, and in a plan.
var names = [categories]struct{ wire, plan string }{
	None:                        {"", ""},
	Marketing:                   {"marketing", "Marketing"},
	MarketingLite:               {"marketing_lite", "MarketingLite"},
	Utility:                     {"utility", "Utility"},
	Authentication:              {"authentication", "Authentication"},
	AuthenticationInternational: {"authentication_international", "AuthenticationInternational"},
	Service:                     {"service", "Service"},
	Template:                    {"template", "Template"},
	BusinessInitiated:           {"business_initiated", "BusinessInitiated"},
	UserInitiated:               {"user_initiated", "UserInitiated"},
	GroupMarketing:              {"group_marketing", "GroupMarketing"},
	GroupUtility:                {"group_utility", "GroupUtility"},
	GroupService:                {"group_service", "GroupService"},
	GeneralPurposeAI:            {"general_purpose_ai", "GeneralPurposeAI"},
	BusinessAgent:               {"business_agent", "BusinessAgent"},
	Call:                        {"call", "Call"},
	SponsoredMessage:            {"sponsored_message", "SponsoredMessage"},
}

// String returns the name on the wire and in records, for example "authentication_international";
// None is "".
func (c Category) String() string {
	if c >= categories {
		return fmt.Sprintf("category(%d)", uint8(c))
	}
	return names[c].wire
}

// PlanName returns the name in a price plan, for example "AuthenticationInternational".
func (c Category) PlanName() string {
	if c >= categories {
		return c.String()
	}
	return names[c].plan
}

// ParseCategory reads a name on the wire, for example "utility". The hyphen of
// "authentication-international" is accepted too.
func ParseCategory(wire string) (Category, error) {
	if wire == "authentication-international" {
		return AuthenticationInternational, nil
	}
	for c := None + 1; c < categories; c++ {
		if names[c].wire == wire {
			return c, nil
		}
	}
	return None, fmt.Errorf(
		"category %.40q must be one of the known ones, for example \"marketing\", \"utility\" or \"service\"", wire,
	)
}

// ParsePlanCategory reads a name in a price plan, for example "Utility".
func ParsePlanCategory(name string) (Category, error) {
	for c := None + 1; c < categories; c++ {
		if names[c].plan == name {
			return c, nil
		}
	}
	return None, fmt.Errorf(
		"category %.40q must be one of the known ones, for example \"Marketing\", \"Utility\" or \"Service\"", name,
	)
}

// MarshalText returns the name on the wire.
func (c Category) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText is ParseCategory; the empty text is None.
func (c *Category) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*c = None
		return nil
	}
	category, err := ParseCategory(string(text))
	if err != nil {
		return err
	}
	*c = category
	return nil
}

// InGroup is the category of a message to a group that would be of this category to one customer;
// what is not sent to groups stays what it is. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/groups/pricing
func (c Category) InGroup() Category {
	switch c {
	case Marketing:
		return GroupMarketing
	case Utility:
		return GroupUtility
	case None, Service:
		return GroupService
	default:
		return c
	}
}

// OfTemplates reports whether a template may have the category.
func (c Category) OfTemplates() bool {
	switch c {
	case Marketing, MarketingLite, Utility, Authentication, AuthenticationInternational, GroupMarketing, GroupUtility:
		return true
	}
	return false
}

// Form is the kind of message that a business sends, as far as permission and price depend on it.
type Form uint8

// The forms.
const (
	FreeForm     Form = iota // text, media, interactive, … : anything but the other two
	Templated                // an approved template
	Reaction                 // a reaction to a message of the customer
	Direct                   // sent as if templated, with a category of its own (Direct Send)
	HumanAgent               // written by a person of the business, who may answer for longer
	PrivateReply             // the one private answer to a public comment
)
