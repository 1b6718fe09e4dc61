package tenant

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Defaults of what an account leaves out; the same as those of its schema.
const (
	defaultBaseURL           = "https://graph.facebook.com"
	defaultAPIVersion        = "v26.0"
	defaultMessagesPerSecond = 80
	defaultDoubtWaitSeconds  = 300
)

// Sources are what a configuration document is compiled from. Whatever is missing of them keeps
// nothing else from being compiled.
type Sources struct {
	Account *v1alpha1.BusinessAccount
	// LedgerID is the id of the account's ledger; empty if that is the account's UID.
	LedgerID string
	PlanName string
	Plan     pricing.Plan
	Claims   Claims
	// BillingStopped is the sentence with which everything is refused that may cost something;
	// empty if nothing is.
	BillingStopped string
	// Counts are what the counts of plans are kept under, see PriceRecord.
	Counts map[string]string
	// Suspension is the plan's for the account; nil if there is none.
	Suspension *v1alpha1.AccountSuspension
	// Channels are the prices of channels that the account's plan does not price.
	Channels  map[v1alpha1.ChannelIdentity]ChannelSource
	Templates []v1alpha1.MessageTemplate
	Secrets   Secrets
	// Taken tells whether another account holds a channel, so that this one's gateway must not
	// serve it; nil if none is.
	Taken func(channel v1alpha1.ChannelIdentity) bool
	// HostTaken says that another account holds the host of this one's Ingress.
	HostTaken bool
	// AllowedEgress are the internal addresses that the platform lets the gateway connect to.
	AllowedEgress []string
	// Served is the document before this one; nil for the first. It is where the last value of a
	// credential that is missing now comes from, and nothing that restricts does.
	Served *config.Document
}

// ChannelSource is what a channel is priced by that the account's plan does not price.
type ChannelSource struct {
	PlanName string
	Plan     pricing.Plan
	Claims   Claims
	// BillingStopped is as in Sources, for this channel.
	BillingStopped string
}

// Compiled is a document and what could not be a part of it.
type Compiled struct {
	Document config.Document
	// Templates says which templates were left out because no gateway could send them; nil if none
	// were.
	Templates *Problem
}

// Compile makes the configuration of an account's gateway. Lists are in a stable order, so that
// equal sources give equal bytes.
func Compile(s Sources) Compiled {
	spec := &s.Account.Spec
	templates, problem := servable(Templates(s.Account, s.Templates, servedTemplates(s.Served)))
	document := config.Document{
		Format:           formatOf(s),
		Account:          accountOf(s),
		URL:              BusinessURL(s.Account, s.HostTaken),
		Plan:             s.Plan.Rules(),
		PlanName:         s.PlanName,
		CountedBy:        s.Counts[s.PlanName],
		Plans:            plansOf(s),
		Channels:         channelsOf(spec, s),
		Templates:        templates,
		AskedTemplates:   askedTemplates(s.Account, s.Templates),
		APITokens:        tokensOf(s.Secrets, APITokensSecretName(s.Account)),
		Callback:         callbackOf(spec.Callback, s),
		Consent:          consentOf(spec.Consent),
		Promotion:        promotionOf(spec.Promotion),
		HumanAgent:       humanAgentOf(spec.HumanAgent),
		Budget:           s.Claims.Budget,
		BillingStopped:   s.BillingStopped,
		SendingStopped:   SendingStopped(&s.Account.Spec, s.Suspension),
		AllowedEgress:    s.AllowedEgress,
		Limits:           limitsOf(spec.Limits),
		Doubt:            doubtOf(spec.Doubt),
		Storage:          storageOf(s.Account, s.Secrets, s.Served),
		RetentionSeconds: retentionOf(spec.Privacy),

		TemplatesFromAPI:     templatesFromAPI(s.Account),
		UpstreamCounts:       upstreamCountsOf(spec.UpstreamCounts),
		TakenTemplateRequest: takenTemplateRequest(s.Account),
	}
	if s.BillingStopped != "" {
		document.Budget = blocking(money.Money{Currency: s.Plan.Currency})
	}
	return Compiled{Document: document, Templates: problem}
}

// formatOf is the oldest format that says what the sources do: gateways may be older than their
// operator.
func formatOf(s Sources) int {
	switch {
	case countsMoved(s):
		return config.FormatCounts
	case SendingStopped(&s.Account.Spec, s.Suspension) != "":
		return config.FormatSuspension
	case ledgerIDOf(s) != "":
		return config.FormatLedger
	case refusesPromotion(s):
		return config.FormatPromotion
	case len(s.Channels) > 0:
		return config.FormatPlans
	}
	return config.Format
}

// refusesPromotion tells whether the account does, or a revision of a plan, be it one to come.
func refusesPromotion(s Sources) bool {
	refuses := func(r pricing.Revision) bool { return r.Promotion == config.PromotionRefused }
	if s.Account.Spec.Promotion == v1alpha1.PromotionRefused || slices.ContainsFunc(s.Plan.Revisions, refuses) {
		return true
	}
	for _, of := range s.Channels {
		if slices.ContainsFunc(of.Plan.Revisions, refuses) {
			return true
		}
	}
	return false
}

// plansOf are the plans of channels that have one of their own, by name.
func plansOf(s Sources) []config.ChannelPlan {
	byName := map[string]config.ChannelPlan{}
	for _, of := range s.Channels {
		if of.PlanName != s.PlanName {
			byName[of.PlanName] = config.ChannelPlan{
				Name: of.PlanName, Plan: of.Plan.Rules(), Exemptions: of.Claims.Exemptions,
				InternationalAuthentication: internationalOf(of.Claims.InternationalAuthentication),
				CountedBy:                   channelCounts(s, of.PlanName),
			}
		}
	}
	return slices.SortedFunc(
		maps.Values(byName), func(a, b config.ChannelPlan) int { return strings.Compare(a.Name, b.Name) },
	)
}

// Encode is the document as the gateway reads it, and its digest, "sha256:" and 64 hexadecimal
// digits.
func Encode(document config.Document) (encoded []byte, digest string, err error) {
	encoded, err = json.Marshal(document)
	if err != nil {
		return nil, "", fmt.Errorf("encode the configuration: %w", err)
	}
	return encoded, Digest(encoded), nil
}

// Digest is config.Digest, for whatever else is compared by one.
func Digest(data []byte) string { return config.Digest(data) }

// ledgerIDOf leaves out an id that says nothing, so that the documents of earlier accounts are as
// before.
func ledgerIDOf(s Sources) string {
	if s.LedgerID == string(s.Account.UID) {
		return ""
	}
	return s.LedgerID
}

func accountOf(s Sources) config.Account {
	account, claims, spec := s.Account, s.Claims, &s.Account.Spec
	portfolio := spec.PortfolioID
	if portfolio == "" {
		portfolio = account.Namespace + "/" + account.Name
	}
	return config.Account{
		Namespace:                   account.Namespace,
		Name:                        account.Name,
		UID:                         string(account.UID),
		LedgerID:                    ledgerIDOf(s),
		DisplayName:                 spec.DisplayName,
		TimeZone:                    spec.TimeZone,
		PortfolioID:                 portfolio,
		Exemptions:                  claims.Exemptions,
		InternationalAuthentication: internationalOf(claims.InternationalAuthentication),
	}
}

func internationalOf(status *v1alpha1.InternationalAuthenticationStatus) *config.InternationalAuthentication {
	if status == nil {
		return nil
	}
	out := &config.InternationalAuthentication{Start: status.StartTime.UTC(), BusinessCountry: status.BusinessCountry}
	for _, exception := range status.Exceptions {
		if out.Exceptions == nil {
			out.Exceptions = make(map[string]time.Time, len(status.Exceptions))
		}
		out.Exceptions[exception.Country] = exception.StartTime.UTC()
	}
	return out
}

func consentOf(consent *v1alpha1.Consent) config.Consent {
	out := config.Consent{Policy: string(v1alpha1.ConsentPriorContact)}
	if consent == nil {
		return out
	}
	out.Policy = orDefault(string(consent.Policy), out.Policy)
	for _, words := range consent.Keywords {
		out.Keywords = append(
			out.Keywords, config.ConsentKeywords{Language: words.Language, Stop: words.Stop, Resume: words.Resume},
		)
	}
	return out
}

// promotionOf leaves out what changes nothing, so that the documents of most accounts are as
// before.
func promotionOf(promotion v1alpha1.Promotion) string {
	if promotion == v1alpha1.PromotionRefused {
		return config.PromotionRefused
	}
	return ""
}

// upstreamCountsOf leaves out what changes nothing.
func upstreamCountsOf(counts v1alpha1.UpstreamCounts) string {
	if counts == v1alpha1.UpstreamCountsCompared {
		return config.UpstreamCountsCompared
	}
	return ""
}

// humanAgentOf leaves out what changes nothing.
func humanAgentOf(policy v1alpha1.HumanAgentPolicy) string {
	if policy == v1alpha1.HumanAgentAllowed {
		return config.HumanAgentAllowed
	}
	return ""
}

// Money is an amount of the API as an exact one.
func Money(amount v1alpha1.Money) (money.Money, error) {
	value, err := money.Parse(amount.Amount)
	if err != nil {
		return money.Money{}, err
	}
	currency, err := money.ParseCurrency(amount.Currency)
	if err != nil {
		return money.Money{}, err
	}
	return money.Money{Amount: value, Currency: currency}, nil
}

func limitsOf(limits *v1alpha1.Limits) config.Limits {
	out := config.Limits{MessagesPerSecond: defaultMessagesPerSecond}
	if limits == nil {
		return out
	}
	if limits.MessagesPerSecond > 0 {
		out.MessagesPerSecond = limits.MessagesPerSecond
	}
	out.CustomersPerDay = limits.CustomersPerDay
	return out
}

func doubtOf(doubt *v1alpha1.Doubt) config.Doubt {
	out := config.Doubt{Resolution: string(v1alpha1.DoubtFail), WaitSeconds: defaultDoubtWaitSeconds}
	if doubt == nil {
		return out
	}
	out.Resolution = orDefault(string(doubt.Resolution), out.Resolution)
	if doubt.WaitSeconds > 0 {
		out.WaitSeconds = doubt.WaitSeconds
	}
	return out
}

func retentionOf(privacy *v1alpha1.Privacy) int32 {
	if privacy == nil || privacy.RetentionSeconds == nil {
		return 0
	}
	return *privacy.RetentionSeconds
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
