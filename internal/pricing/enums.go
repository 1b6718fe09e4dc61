package pricing

import (
	"fmt"
	"strings"

	"github.com/guichet-dev/guichet/internal/conversation"
)

// choice is one word of an enumeration in a plan, and its meaning.
type choice[T any] struct {
	word  string
	value T
}

// choose returns the meaning of a word. Only a plan that did not pass the API server's validation
// has an unknown word.
func choose[T any](found *findings, path, word string, choices []choice[T]) T {
	for _, c := range choices {
		if c.word == word {
			return c.value
		}
	}
	words := make([]string, len(choices))
	for i, c := range choices {
		words[i] = fmt.Sprintf("%q", c.word)
	}
	found.add(path, "%.40q must be one of %s", word, strings.Join(words, ", "))
	var none T
	return none
}

type classification uint8

const (
	byCategory classification = iota
	byForm
	byInitiator
)

type condition uint8

const (
	always condition = iota
	inServiceWindow
	inEntryPoint
	inConversation
)

var (
	classifications = []choice[classification]{{"Category", byCategory}, {"Form", byForm}, {"Initiator", byInitiator}}
	conditions      = []choice[condition]{
		{"Always", always},
		{"InServiceWindow", inServiceWindow},
		{"InEntryPoint", inEntryPoint},
		{"InConversation", inConversation},
	}
	clocks   = []choice[conversation.Clock]{{"Send", conversation.AtSend}, {"Delivery", conversation.AtDelivery}}
	outsides = []choice[conversation.Outside]{
		{"TemplateOnly", conversation.TemplateOnly}, {"Billed", conversation.Billed},
	}
	forms = []choice[conversation.Form]{
		{"FreeForm", conversation.FreeForm},
		{"Template", conversation.Templated},
		{"Reaction", conversation.Reaction},
		{"Direct", conversation.Direct},
		{"HumanAgent", conversation.HumanAgent},
		{"PrivateReply", conversation.PrivateReply},
	}
	reasons = []choice[FreeReason]{
		{"ServiceWindow", InServiceWindow},
		{"FreeEntryPoint", InFreeEntryPoint},
		{"Conversation", InConversation},
		{"Exempt", IsExempt},
		{"Reaction", IsReaction},
	}
	units      = []choice[bool]{{"Message", false}, {"Conversation", true}}
	scopes     = []choice[Scope]{{"Channel", PerChannel}, {"Account", PerAccount}, {"Portfolio", PerPortfolio}}
	tierScopes = []choice[Scope]{{"Account", PerAccount}, {"Portfolio", PerPortfolio}}
	tierModes  = []choice[bool]{{"Marginal", false}, {"Whole", true}}
	joins      = []choice[bool]{{"Any", true}, {"SameCategory", false}}
	expiries   = []choice[bool]{{"Fixed", false}, {"Upstream", true}}
	promotions = []choice[bool]{{"", false}, {"Allowed", false}, {"Refused", true}}
	fates      = []choice[bool]{{"", false}, {"Keep", false}, {"Close", true}}
	marketings = []choice[bool]{{"", true}, {"CallingCode", true}, {"None", false}}
	periods    = []choice[struct{}]{{"Month", struct{}{}}}
)

// categorySet is a set of categories.
type categorySet uint32

const everyCategory = ^categorySet(0)

func (s categorySet) has(c conversation.Category) bool { return s>>c&1 == 1 }

func (s categorySet) with(c conversation.Category) categorySet { return s | 1<<c }

// formSet is a set of forms.
type formSet uint8

const everyForm = ^formSet(0)

func (s formSet) has(f conversation.Form) bool { return s>>f&1 == 1 }

// parseCategories reads the names of a set. Without names, the set is every category.
func parseCategories(found *findings, path string, names []string) categorySet {
	if len(names) == 0 {
		return everyCategory
	}
	var set categorySet
	for i, name := range names {
		category, err := conversation.ParsePlanCategory(name)
		if found.addError(fmt.Sprintf("%s[%d]", path, i), err) {
			set = set.with(category)
		}
	}
	return set
}

func parseForms(found *findings, path string, names []string) formSet {
	if len(names) == 0 {
		return everyForm
	}
	var set formSet
	for i, name := range names {
		set |= 1 << choose(found, fmt.Sprintf("%s[%d]", path, i), name, forms)
	}
	return set
}

func parseEvents(found *findings, path string, names []string) conversation.Events {
	var set conversation.Events
	for i, name := range names {
		event, err := conversation.ParseEvent(name)
		found.addError(fmt.Sprintf("%s[%d]", path, i), err)
		set |= event
	}
	if set == 0 {
		found.add(path, "must name at least one event")
	}
	return set
}
