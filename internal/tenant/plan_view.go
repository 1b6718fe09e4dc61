package tenant

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// PlanViewKey is the key of the account's plan in the ConfigMap that a business reads.
const PlanViewKey = "plan.yaml"

// ChannelPlanViewKey is the key there of a plan that only channels have.
func ChannelPlanViewKey(plan string) string { return "plan-" + PlanLabel(plan) + ".yaml" }

// MaxPlanViewBytes bounds the plans that a business reads: a ConfigMap takes 1 MiB.
const MaxPlanViewBytes = 900_000

// AnnotationNotice is on the ConfigMap that a business reads, and says what it is.
const AnnotationNotice = "guichet.dev/notice"

// maxLeftOut bounds the names of what is left out: 40 revisions of 63 characters, and a sentence.
const maxLeftOut = 4_000

const planViewComment = "# What messages of BusinessAccount %q cost, by PricingPlan %q.\n" +
	"# Amounts are what the account is charged for one message: mark-ups are included.\n" +
	"# " + PlanViewNotice + "\n"

// PlanViewNotice says what the ConfigMap that a business reads is.
const PlanViewNotice = "For reading only: no price is read from here. The operator keeps it up to date and " +
	"reverts changes."

// PlanView is what a business may know of the plan that prices its messages. It says nothing about
// other accounts: of grants and caps only what applies to this one.
type PlanView struct {
	Account  *v1alpha1.BusinessAccount
	PlanName string
	// Plan is the plan as it prices the account, frozen revisions included.
	Plan    pricing.Plan
	Granted Entitlement
	Claims  Claims
	// BillingStopped is why nothing is accepted that may cost something; empty if it is.
	BillingStopped string
	// Channels are the names of those that the plan prices, if it is not the account's.
	Channels []string
	// MaxBytes bounds the text; 0 is MaxPlanViewBytes.
	MaxBytes int
	// Now decides which revision is in force, by the date in Zone.
	Now  time.Time
	Zone *time.Location
}

// planHead is what a PlanView says before the revisions. Its keys come out in this order.
type planHead struct {
	Plan           string              `json:"plan"`
	Channels       []string            `json:"channels,omitempty"`
	Currency       string              `json:"currency"`
	TimeZone       string              `json:"timeZone"`
	BillingStopped string              `json:"billingStopped,omitempty"`
	Budget         *config.Budget      `json:"budget,omitempty"`
	BudgetCap      *v1alpha1.BudgetCap `json:"budgetCap,omitempty"`
	Exemptions     []string            `json:"exemptions,omitempty"`

	International *v1alpha1.InternationalAuthenticationStatus `json:"internationalAuthentication,omitempty"`
}

// revisionView is a revision with charges in place of list prices.
type revisionView struct {
	State v1alpha1.RevisionInForce `json:"state"`
	pricing.Revision
}

// Render is the plan in YAML: the revision in force, and those to come. The last of those are left
// out, and named, where all of them would have more than MaxBytes.
func (v PlanView) Render() (string, error) {
	head, err := orderedYAML(planHead{
		Plan:           v.PlanName,
		Channels:       v.Channels,
		Currency:       string(v.Plan.Currency),
		TimeZone:       v.Account.Spec.TimeZone,
		BillingStopped: v.BillingStopped,
		Budget:         v.Claims.Budget,
		BudgetCap:      v.Granted.Cap,
		Exemptions:     v.Claims.Exemptions,
		International:  v.Claims.InternationalAuthentication,
	}, 2)
	if err != nil {
		return "", fmt.Errorf("write plan %q: %w", v.PlanName, err)
	}
	var text strings.Builder
	fmt.Fprintf(&text, planViewComment, v.Account.Name, v.PlanName)
	text.WriteString(head)
	text.WriteString("revisions:\n")
	var leftOut []string
	limit := cmp.Or(v.MaxBytes, MaxPlanViewBytes)
	revisions, err := v.revisions()
	if err != nil {
		return "", err
	}
	for i := range revisions {
		item, err := orderedYAML(revisions[i:i+1], 3)
		if err != nil {
			return "", fmt.Errorf("write revision %q of plan %q: %w", revisions[i].Name, v.PlanName, err)
		}
		if leftOut != nil || text.Len()+len(item) > limit-maxLeftOut {
			leftOut = append(leftOut, revisions[i].Name)
			continue
		}
		text.WriteString(item)
	}
	if leftOut != nil {
		fmt.Fprintf(&text, "# Too large to be shown here: %s\n", strings.Join(leftOut, ", "))
	}
	return text.String(), nil
}

// revisions are the one in force and those to come, by date.
func (v PlanView) revisions() ([]revisionView, error) {
	today := v.Now.In(v.Zone).Format(time.DateOnly)
	current, found := inForce(v.Plan, today)
	var views []revisionView
	for _, revision := range v.Plan.Revisions {
		state := v1alpha1.RevisionFuture
		if revision.EffectiveDate <= today {
			state = v1alpha1.RevisionCurrent
			if !found || revision.Name != current.Name {
				continue
			}
		}
		charges, err := pricing.Charges(revision)
		if err != nil {
			return nil, fmt.Errorf("revision %q of plan %q: %w", revision.Name, v.PlanName, err)
		}
		views = append(views, revisionView{State: state, Revision: charges})
	}
	slices.SortFunc(views, func(a, b revisionView) int {
		return strings.Compare(a.EffectiveDate, b.EffectiveDate)
	})
	return views, nil
}

// NextRevision is the instant at which the plan's next revision comes into force in a time zone;
// zero if none is to come.
func NextRevision(plan pricing.Plan, zone *time.Location, now time.Time) time.Time {
	today, next := civil.DateAt(now.Unix(), zone), civil.Date(0)
	for _, revision := range plan.Revisions {
		date, err := civil.ParseDate(revision.EffectiveDate)
		if err == nil && date > today && (next == 0 || date < next) {
			next = date
		}
	}
	if next == 0 {
		return time.Time{}
	}
	return next.Start(zone)
}

// orderedYAML writes a value with the keys in the order of its JSON. What is deeper than blocks
// stands on one line.
func orderedYAML(value any, blocks int) (string, error) {
	encoded, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	var document yaml.Node // JSON is YAML, and a node keeps the order
	if err := yaml.Unmarshal(encoded, &document); err != nil {
		return "", err
	}
	restyle(&document, blocks)
	var text bytes.Buffer
	encoder := yaml.NewEncoder(&text)
	encoder.SetIndent(2)
	err = encoder.Encode(&document)
	return text.String(), errors.Join(err, encoder.Close())
}

func restyle(node *yaml.Node, blocks int) {
	node.Style = 0 // JSON's quotation marks and braces are not needed
	if blocks < 0 {
		node.Style = yaml.FlowStyle
	}
	for _, child := range node.Content {
		restyle(child, blocks-1)
	}
}
