package pricing

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/market"
	"github.com/guichet-dev/guichet/internal/money"
)

// Compile checks a plan and indexes it. Its error lists everything that is wrong, one line each,
// with the path of the field.
func Compile(plan Plan) (*Book, error) {
	var found findings
	book := &Book{}
	var err error
	book.currency, err = money.ParseCurrency(string(plan.Currency))
	found.addError("currency", err)
	if len(plan.Revisions) == 0 {
		found.add("revisions", "must have at least one revision")
	}
	for i := range plan.Revisions {
		book.revisions = append(
			book.revisions, compileRevision(&found, fmt.Sprintf("revisions[%d]", i), &plan.Revisions[i]),
		)
	}
	checkDistinct(&found, plan.Revisions)
	if err := found.asError(); err != nil {
		return nil, err
	}
	slices.SortFunc(book.revisions, func(a, b *revision) int { return cmp.Compare(a.from, b.from) })
	numberAllowanceSets(book.revisions)
	return book, nil
}

// numberAllowanceSets gives equal sets of allowances, in the same order, equal numbers.
func numberAllowanceSets(revisions []*revision) {
	numbers := map[string]int{}
	for _, r := range revisions {
		for category := range conversation.Category(conversation.Categories) {
			var members []string
			for i := range r.allowances {
				if terms := &r.allowances[i]; terms.of.has(category) {
					members = append(members, fmt.Sprintf("%d %q", terms.scope, terms.name))
				}
			}
			set := strings.Join(members, " ")
			if _, known := numbers[set]; !known {
				numbers[set] = len(numbers)
			}
			r.allowanceSets[category] = numbers[set]
		}
	}
}

// checkDistinct finds revisions with the same name or the same day.
func checkDistinct(found *findings, revisions []Revision) {
	names, dates := map[string]bool{}, map[string]bool{}
	for i, r := range revisions {
		if names[r.Name] {
			found.add(fmt.Sprintf("revisions[%d].name", i), "%q must not be the name of another revision", r.Name)
		}
		if dates[r.EffectiveDate] {
			found.add(
				fmt.Sprintf("revisions[%d].effectiveDate", i), "%q must not be the day of another revision",
				r.EffectiveDate,
			)
		}
		names[r.Name], dates[r.EffectiveDate] = true, true
	}
}

func compileRevision(found *findings, path string, doc *Revision) *revision {
	r := &revision{name: doc.Name, digest: Digest(*doc)}
	if doc.Name == "" {
		found.add(path+".name", "must not be empty")
	}
	var err error
	r.from, err = civil.ParseDate(doc.EffectiveDate)
	found.addError(path+".effectiveDate", err)
	r.byMarket = choose(found, path+".marketBy", doc.MarketBy, marketings)
	r.classify = choose(found, path+".classifyBy", doc.ClassifyBy, classifications)
	r.rateAt = choose(found, path+".rateAt", doc.RateAt, clocks)
	if doc.CategoryAt != "" {
		r.categoryAt = choose(found, path+".categoryAt", doc.CategoryAt, clocks)
	}
	r.rules = compileRules(found, path, doc)
	r.conversations = compileConversations(found, path, doc)
	r.free = compileFree(found, path, doc)
	r.allowances = compileAllowances(found, path, doc)
	r.exemptions = compileExemptions(found, path, doc)
	r.international = compileInternational(found, path, doc)
	r.prices = compilePrices(found, path, doc)
	return r
}

func compileRules(found *findings, path string, doc *Revision) conversation.Rules {
	rules := conversation.Rules{
		OutsideWindow: choose(found, path+".outsideWindow", doc.OutsideWindow, outsides),
		NoPromotion:   choose(found, path+".promotion", doc.Promotion, promotions),
	}
	if len(doc.ServiceWindow.Openings) == 0 {
		found.add(path+".serviceWindow.openings", "must say what opens the service window")
	}
	rules.Openings = compileOpenings(found, path+".serviceWindow.openings", doc.ServiceWindow.Openings)
	rules.HumanAgent = compileOpenings(found, path+".serviceWindow.humanAgent", doc.ServiceWindow.HumanAgent)
	rules.PrivateReply = compileOpenings(found, path+".serviceWindow.privateReply", doc.ServiceWindow.PrivateReply)
	if entry := doc.EntryPoint; entry != nil {
		at := path + ".entryPoint"
		checkSeconds(found, at+".replyWithinSeconds", entry.ReplyWithinSeconds)
		checkSeconds(found, at+".durationSeconds", entry.DurationSeconds)
		rules.EntryPoint = conversation.EntryPointRules{
			Opens:               parseEvents(found, at+".opensOn", arrivals(entry.OpensOn)),
			ReplySeconds:        entry.ReplyWithinSeconds,
			Seconds:             entry.DurationSeconds,
			StartsAt:            choose(found, at+".startsAt", entry.StartsAt, clocks),
			TrustsUpstream:      choose(found, at+".expiry", entry.Expiry, expiries),
			ClosesConversations: choose(found, at+".conversations", entry.Conversations, fates),
		}
	}
	return rules
}

func compileOpenings(found *findings, path string, docs []WindowOpening) (openings []conversation.Opening) {
	for i, opening := range docs {
		at := fmt.Sprintf("%s[%d]", path, i)
		checkSeconds(found, at+".durationSeconds", opening.DurationSeconds)
		openings = append(openings, conversation.Opening{
			Events:  parseEvents(found, at+".events", opening.Events),
			Seconds: opening.DurationSeconds,
		})
	}
	return openings
}

// maxSeconds is 30 days: no message lives longer.
const maxSeconds = 30 * 24 * 60 * 60

func checkSeconds(found *findings, path string, seconds int64) {
	if seconds < 1 || seconds > maxSeconds {
		found.add(path, "%d must be a number of seconds from 1 to %d (30 days)", seconds, maxSeconds)
	}
}

func compileConversations(found *findings, path string, doc *Revision) *conversations {
	perConversation := choose(found, path+".unit", doc.Unit, units)
	if perConversation != (doc.Conversation != nil) {
		found.add(path+".conversation", "must be set when unit is \"Conversation\", and only then")
	}
	if doc.Conversation == nil {
		return nil
	}
	at := path + ".conversation"
	checkSeconds(found, at+".durationSeconds", doc.Conversation.DurationSeconds)
	return &conversations{
		seconds:          doc.Conversation.DurationSeconds,
		templatesJoinAny: choose(found, at+".templatesJoin", doc.Conversation.TemplatesJoin, joins),
		freeFormJoinsAny: choose(found, at+".freeFormJoins", doc.Conversation.FreeFormJoins, joins),
	}
}

func compileFree(found *findings, path string, doc *Revision) []freeRule {
	var rules []freeRule
	for i, rule := range doc.Free {
		at := fmt.Sprintf("%s.free[%d]", path, i)
		compiled := freeRule{
			reason:     choose(found, at+".reason", rule.Reason, reasons),
			when:       choose(found, at+".when", rule.When, conditions),
			categories: parseCategories(found, at+".categories", rule.Categories),
			forms:      parseForms(found, at+".forms", rule.Forms),
		}
		switch {
		case (compiled.when == always) != (rule.At == ""):
			found.add(at+".at", "must be set unless when is \"Always\", and only then")
		case compiled.when != always:
			compiled.at = choose(found, at+".at", rule.At, clocks)
		}
		if doc.Conversation != nil && compiled.when == inEntryPoint && i > 0 && doc.Free[i-1].When != "InEntryPoint" {
			found.add(
				at,
				"rules of entry points must come first when unit is \"Conversation\": no conversation opens in an "+
					"entry point",
			)
		}
		rules = append(rules, compiled)
	}
	return rules
}

func compileAllowances(found *findings, path string, doc *Revision) []allowance {
	var allowances []allowance
	for i, terms := range doc.Allowances {
		at := fmt.Sprintf("%s.allowances[%d]", path, i)
		if terms.Name == "" {
			found.add(at+".name", "must not be empty")
		}
		if slices.ContainsFunc(doc.Allowances[:i], func(other Allowance) bool { return other.Name == terms.Name }) {
			found.add(at+".name", "%q must not be the name of another allowance: they would share a count", terms.Name)
		}
		if terms.Count < 1 {
			found.add(at+".count", "%d must be at least 1", terms.Count)
		}
		if len(terms.Of) == 0 {
			found.add(at+".of", "must name the categories that may use the allowance")
		}
		choose(found, at+".period", terms.Period, periods)
		allowances = append(allowances, allowance{
			name:  terms.Name,
			count: terms.Count,
			of:    parseCategories(found, at+".of", terms.Of),
			scope: choose(found, at+".per", terms.Per, scopes),
		})
	}
	return allowances
}

func compileExemptions(found *findings, path string, doc *Revision) []exemption {
	var exemptions []exemption
	for i, terms := range doc.Exemptions {
		at := fmt.Sprintf("%s.exemptions[%d]", path, i)
		if terms.Name == "" {
			found.add(at+".name", "must not be empty")
		}
		if len(terms.Of) == 0 {
			found.add(at+".of", "must name the categories that are exempt")
		}
		compiled := exemption{name: terms.Name, of: parseCategories(found, at+".of", terms.Of), last: endless}
		if terms.LastDate != "" {
			var err error
			compiled.last, err = civil.ParseDate(terms.LastDate)
			found.addError(at+".lastDate", err)
		}
		exemptions = append(exemptions, compiled)
	}
	return exemptions
}

func compileInternational(found *findings, path string, doc *Revision) map[market.Country]bool {
	if doc.InternationalAuthentication == nil {
		return nil
	}
	countries := map[market.Country]bool{}
	for i, code := range doc.InternationalAuthentication.Countries {
		country, err := market.ParseCountry(code)
		if found.addError(fmt.Sprintf("%s.internationalAuthentication.countries[%d]", path, i), err) {
			countries[country] = true
		}
	}
	return countries
}

// arrivals returns the events that open a free entry point. By default these are an advertisement
// and a page's button.
func arrivals(named []string) []string {
	if len(named) == 0 {
		return []string{"Ad", "PageButton"}
	}
	return named
}
