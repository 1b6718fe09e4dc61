package tenant

import (
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// What the operator keeps of prices, in its own namespace, where no tenant can write.
const (
	// LabelPlan is on a stored revision: the name of its PricingPlan, or a hash of one that is too
	// long for a label.
	LabelPlan = "guichet.dev/plan"
	// LabelRecordOf is on a price record: a hash of the account's namespace and name.
	LabelRecordOf = "guichet.dev/record-of"
	// AnnotationPlan is the name of a stored revision's PricingPlan, AnnotationRevision its own
	// name.
	AnnotationPlan     = "guichet.dev/plan"
	AnnotationRevision = "guichet.dev/revision"

	maxLabel        = 63
	maxPlanInName   = 180 // a name has 253 characters, of which the digest takes 65
	hashesInAName   = 16
	hashesInALabel  = 40
	priceRecordName = "prices-"
)

// PriceRecord is what an account is priced by: the plan that its gateway was given last, and of
// every plan the revisions that have priced its messages. It is written before a gateway may price
// by it.
type PriceRecord struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	PricedBy
	// Channels are those that have a plan of their own, in the order of the spec.
	Channels []ChannelPrices `json:"channels,omitempty"`
	// Counts are what the plans' counts for the account and the portfolio are kept under, by plan;
	// nil while it is nothing for the account's plan, and for a channel's its own name.
	Counts map[string]string `json:"counts,omitempty"`
	// Frozen are sorted by plan and name.
	Frozen []RevisionRef `json:"frozen,omitempty"`
}

// PricedBy is a plan as a gateway was given it.
type PricedBy struct {
	// Plan is empty until there was a plan.
	Plan        string         `json:"plan,omitempty"`
	Currency    money.Currency `json:"currency,omitempty"`
	Revisions   []RevisionRef  `json:"revisions,omitempty"`
	Entitlement Entitlement    `json:"entitlement"`
}

// ChannelPrices is what a channel is priced by that has a plan of its own.
type ChannelPrices struct {
	Channel v1alpha1.ChannelIdentity `json:"channel"`
	PricedBy
}

// PricesOf is what a channel was priced by: its own plan, or the account's.
func (r PriceRecord) PricesOf(channel v1alpha1.ChannelIdentity) PricedBy {
	for i := range r.Channels {
		if r.Channels[i].Channel == channel {
			return r.Channels[i].PricedBy
		}
	}
	return r.PricedBy
}

// given are all revisions that the gateway was given last.
func (r PriceRecord) given() []RevisionRef {
	given := slices.Clone(r.Revisions)
	for i := range r.Channels {
		given = append(given, r.Channels[i].Revisions...)
	}
	return given
}

// RevisionRef names a stored revision by its content.
type RevisionRef struct {
	Plan          string `json:"plan"`
	Name          string `json:"name"`
	EffectiveDate string `json:"effectiveDate"`
	// Digest is that of pricing.Digest.
	Digest string `json:"digest"`
	// Found is where the content of a frozen revision comes from.
	Found Origin `json:"found,omitempty"`
}

// Origin is where the content of a frozen revision comes from.
type Origin string

const (
	// FoundRecorded is a content that was recorded before a gateway could price by it.
	FoundRecorded Origin = ""
	// FoundServed is what the configuration of the gateway had when the record was lost.
	FoundServed Origin = "Configuration"
	// FoundInPlan is what the plan had when the record was lost: it may have been changed before.
	FoundInPlan Origin = "Plan"
)

// NewPriceRecord is that of an account without one. No plan has priced it yet, or the record was
// lost: then the account's status, which no tenant can write, has the name of its plan.
func NewPriceRecord(account *v1alpha1.BusinessAccount) PriceRecord {
	return PriceRecord{
		Namespace: account.Namespace, Name: account.Name, UID: string(account.UID),
		PricedBy: PricedBy{Plan: account.Status.PlanName},
	}
}

// Refs name a plan's revisions.
func Refs(planName string, revisions []pricing.Revision) []RevisionRef {
	refs := make([]RevisionRef, 0, len(revisions))
	for _, r := range revisions {
		refs = append(
			refs, RevisionRef{Plan: planName, Name: r.Name, EffectiveDate: r.EffectiveDate, Digest: pricing.Digest(r)},
		)
	}
	return refs
}

// Freeze is the record with those revisions frozen that have priced messages, as the gateway was
// given them last. A revision whose day has not come anywhere on earth has priced nothing, whatever
// a report says.
func (r PriceRecord) Freeze(used []v1alpha1.PricedRevisions, now time.Time) PriceRecord {
	for _, plan := range used {
		for _, ref := range r.given() {
			if ref.Plan == plan.Plan && slices.Contains(plan.Revisions, ref.Name) && ref.begun(now) {
				r = r.freeze(ref)
			}
		}
	}
	return r
}

// begun tells whether the revision's day has come somewhere on earth.
func (ref RevisionRef) begun(now time.Time) bool {
	return ref.EffectiveDate <= now.UTC().Add(14*time.Hour).Format(time.DateOnly)
}

// freeze adds a revision to the frozen ones. One that is frozen already stays as it is.
func (r PriceRecord) freeze(ref RevisionRef) PriceRecord {
	at, found := slices.BinarySearchFunc(r.Frozen, ref, func(a, b RevisionRef) int {
		return strings.Compare(a.Plan+"/"+a.Name, b.Plan+"/"+b.Name)
	})
	if !found {
		r.Frozen = slices.Insert(slices.Clone(r.Frozen), at, ref)
	}
	return r
}

// Extend is the record with the frozen revisions of a plan replaced by those of the given ones that
// have what they lacked. kept are the frozen ones as they are stored, and revisions those of
// pricing.KeepHistory.
func (r PriceRecord) Extend(plan string, kept, revisions []pricing.Revision) PriceRecord {
	r.Frozen = slices.Clone(r.Frozen)
	for i, before := range Refs(plan, kept) {
		at := slices.IndexFunc(r.Frozen, func(ref RevisionRef) bool {
			return ref.Plan == plan && ref.Name == kept[i].Name && ref.Digest == before.Digest
		})
		now := slices.IndexFunc(revisions, func(revision pricing.Revision) bool { return revision.Name == before.Name })
		if at >= 0 && now >= 0 {
			r.Frozen[at].Digest = pricing.Digest(revisions[now])
		}
	}
	return r
}

// FrozenOf are the frozen revisions of a plan.
func (r PriceRecord) FrozenOf(plan string) []RevisionRef {
	return slices.DeleteFunc(slices.Clone(r.Frozen), func(ref RevisionRef) bool { return ref.Plan != plan })
}

// Refs are all the stored revisions that the record needs.
func (r PriceRecord) Refs() []RevisionRef { return slices.Concat(r.given(), r.Frozen) }

// PriceRecordName is the name of the record of the account with a UID.
func PriceRecordName(uid string) string { return priceRecordName + uid }

// RecordName is the name of an account's record.
func RecordName(account *v1alpha1.BusinessAccount) string {
	return PriceRecordName(string(account.UID))
}

// RecordOf is the value of LabelRecordOf.
func RecordOf(namespace, name string) string { return hash(namespace + "/" + name)[:hashesInALabel] }

// PlanLabel is the value of LabelPlan.
func PlanLabel(plan string) string {
	if len(plan) <= maxLabel {
		return plan
	}
	return hash(plan)[:hashesInALabel]
}

// RevisionName is the name of a stored revision.
func RevisionName(ref RevisionRef) string {
	plan := ref.Plan
	if len(plan) > maxPlanInName {
		plan = strings.TrimRight(plan[:maxPlanInName-hashesInAName-1], ".-") + "-" + hash(plan)[:hashesInAName]
	}
	return plan + "." + ref.Digest
}

func hash(text string) string { return strings.TrimPrefix(Digest([]byte(text)), "sha256:") }
