package tenant

import (
	"slices"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// PriceSources are where a revision can be found that has priced messages and that no record names:
// the record was lost, or the account is older than records are.
type PriceSources struct {
	PlanName string
	// Plan is the plan as it is now.
	Plan pricing.Plan
	// Served is the configuration that the gateway has; nil if it has none. It is in the account's
	// namespace.
	Served *config.Document
	// Genuine says that Served has the digest that the account's status names, which no tenant can
	// write.
	Genuine bool
}

// Recover is the record with those revisions of a plan frozen that have priced messages and that it
// does not name yet. Where the configuration and the plan agree, the plan was not changed. Else the
// configuration has what priced messages, if it is genuine; and if it is not, nobody knows any
// more, and the plan's revision is frozen as it is. The revisions that were found are returned in
// the order of the frozen ones that are new; those that are nowhere to be found are named.
func (r PriceRecord) Recover(
	used []v1alpha1.PricedRevisions, from PriceSources, now time.Time,
) (recovered PriceRecord, found []pricing.Revision, nowhere []string) {
	for _, plan := range used {
		if plan.Plan != from.PlanName {
			continue
		}
		for _, name := range plan.Revisions {
			named := func(ref RevisionRef) bool { return ref.Name == name }
			if slices.ContainsFunc(r.FrozenOf(plan.Plan), named) {
				continue
			}
			revision, origin, there := from.find(name)
			if !there {
				nowhere = append(nowhere, name)
				continue
			}
			ref := Refs(plan.Plan, []pricing.Revision{revision})[0]
			if ref.Found = origin; ref.begun(now) {
				r, found = r.freeze(ref), append(found, revision)
			}
		}
	}
	return r, found, nowhere
}

// find is a revision by its name.
func (s PriceSources) find(name string) (revision pricing.Revision, origin Origin, there bool) {
	now, inPlan := revisionOf(s.Plan, name)
	was, served := revisionOf(s.served(), name)
	switch {
	case served && inPlan && pricing.Digest(was) == pricing.Digest(now):
		return now, FoundRecorded, true
	case served && s.Genuine:
		return was, FoundServed, true
	}
	return now, FoundInPlan, inPlan
}

// served is the plan in the configuration that the gateway has; empty if it has another.
func (s PriceSources) served() pricing.Plan {
	switch {
	case s.Served == nil:
		return pricing.Plan{}
	case s.Served.PlanName == s.PlanName:
		return s.Served.Plan
	}
	for i := range s.Served.Plans {
		if s.Served.Plans[i].Name == s.PlanName {
			return s.Served.Plans[i].Plan
		}
	}
	return pricing.Plan{}
}

func revisionOf(plan pricing.Plan, name string) (pricing.Revision, bool) {
	at := slices.IndexFunc(plan.Revisions, func(r pricing.Revision) bool { return r.Name == name })
	if at < 0 {
		return pricing.Revision{}, false
	}
	return plan.Revisions[at], true
}

// Doubtful are the frozen revisions of a plan of which it is not certain what they were when they
// priced messages, while it matters: in the revision that is in force on a date, "2026-11-20". One
// that came from the configuration is certain again when the plan has it too.
func (r PriceRecord) Doubtful(planName string, plan pricing.Plan, date string) []RevisionRef {
	return slices.DeleteFunc(r.FrozenOf(planName), func(ref RevisionRef) bool {
		now, inPlan := revisionOf(plan, ref.Name)
		restored := ref.Found == FoundServed && inPlan && pricing.Digest(now) == ref.Digest
		current, found := inForce(plan, date)
		over := found && current.EffectiveDate > ref.EffectiveDate
		return ref.Found == FoundRecorded || restored || over
	})
}
