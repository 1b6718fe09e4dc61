// Package doctor examines an account from end to end: what it needs, what runs for it, and what the
// operator and the upstream say of it. What is read is gathered first (Observe); the judgement of
// it (Examine) is pure.
package doctor

import "fmt"

// Level is how bad a finding is.
type Level string

// The levels.
const (
	// OK is a check that found nothing.
	OK Level = "ok"
	// Unknown is a check that could not be made.
	Unknown Level = "unknown"
	// Warning is something that will harm, or may.
	Warning Level = "warning"
	// Failure is something that keeps the account from working as it should.
	Failure Level = "failure"
)

// Finding is what a check found.
type Finding struct {
	// Check is the name of the check, such as "credentials".
	Check string `json:"check"`
	Level Level  `json:"level"`
	// Where is the object that is concerned, such as "Secret acme/acme-whatsapp".
	Where string `json:"where,omitempty"`
	// What is wrong, and what to Do about it. Both are sentences without a full stop.
	What string `json:"what"`
	Do   string `json:"do,omitempty"`
}

// Examination is all that was found of an account.
type Examination struct {
	Namespace string `json:"namespace"`
	Account   string `json:"account"`
	// Cause is the failure that the others may follow from: the first one in the order in which the
	// parts of an account need each other. It is nil if nothing has failed.
	Cause    *Finding  `json:"cause,omitempty"`
	Findings []Finding `json:"findings"`
}

// Failed tells whether anything has failed.
func (e *Examination) Failed() bool { return e.Cause != nil }

// Count is the number of findings of a level.
func (e *Examination) Count(level Level) (count int) {
	for i := range e.Findings {
		if e.Findings[i].Level == level {
			count++
		}
	}
	return count
}

// CheckTemplates is the name of the check whose findings quote what templates say.
const CheckTemplates = "templates"

// check is a part of the examination.
type check struct {
	name string
	// well is what is said when nothing is found.
	well string
	find func(*Observation) []Finding
}

// checks are in the order in which the parts of an account need each other.
func checks() []check {
	return []check{
		{"operator", "The operator runs, and has seen the spec", findOperator},
		{"plan", "The plan is there, may be used, and is in force", findPlan},
		{"credentials", "Every Secret that the account names is there and well-formed", findCredentials},
		{"channels", "The account holds its numbers and its host, and what it claims is granted", findChannels},
		{"quota", "No quota keeps the gateway's objects from being made", findQuota},
		{"storage", "The store has its volume or its database, and room", findStorage},
		{"gateway", "The gateway's pods are ready", findGateway},
		{"network policy", "The NetworkPolicy admits what it must, and nothing else", findNetworkPolicy},
		{"configuration", "The gateway serves what the spec says", findConfiguration},
		{"certificates", "Every certificate is valid for its host, and for 14 days more", findCertificates},
		{"reachability", "The webhook URL answers from here as Meta needs it", findReachability},
		{"upstream", "The upstream takes the numbers' messages", findUpstream},
		{"webhooks", "The upstream's webhooks are registered and arrive", findWebhooks},
		{"clock", "The clocks agree", findClock},
		{"billing", "The figures are current, and every delivery is priced", findBilling},
		{"budget", "The budget is not spent", findBudget},
		{"callbacks", "The business's endpoint takes the callbacks", findCallbacks},
		{CheckTemplates, "Every template can be sent", findTemplates},
	}
}

// Examine judges what was observed of an account.
func Examine(o *Observation) Examination {
	result := Examination{Namespace: o.Account.Namespace, Account: o.Account.Name}
	for _, c := range checks() {
		found := c.find(o)
		if len(found) == 0 {
			found = []Finding{{Level: OK, What: c.well}}
		}
		for _, finding := range found {
			finding.Check = c.name
			result.Findings = append(result.Findings, finding)
		}
	}
	for i := range result.Findings {
		if result.Findings[i].Level == Failure {
			result.Cause = &result.Findings[i]
			break
		}
	}
	return result
}

// failure is a finding that keeps the account from working.
func failure(where, what, do string) Finding {
	return Finding{Level: Failure, Where: where, What: what, Do: do}
}

func warning(where, what, do string) Finding {
	return Finding{Level: Warning, Where: where, What: what, Do: do}
}

// notSeen says that a check could not be made because something could not be read.
func notSeen(where string, err error) Finding {
	return notKnown(where, fmt.Sprintf("It could not be read: %v", err))
}

// notKnown says that a check could not be made.
func notKnown(where, what string) Finding { return Finding{Level: Unknown, Where: where, What: what} }
