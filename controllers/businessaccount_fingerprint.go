package controllers

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// identify is the fingerprint of the inputs of the configuration and of the account's objects: as
// long as it stays, there is nothing to compile and nothing to apply.
func (s *accountScope) identify() string {
	digest := sha256.New()
	hashInto(digest, "account", s.account.UID, s.account.Generation)
	if s.plan != nil {
		hashInto(digest, "plan", s.plan.UID, s.plan.Generation, s.planAllowed)
	}
	if s.standingPlan != nil {
		hashInto(digest, "standing plan", s.standingPlan.UID, s.standingPlan.Generation)
	}
	for _, name := range sortedKeys(s.channelPlans) {
		if plan := s.channelPlans[name]; plan.object != nil {
			hashInto(digest, "channel plan", name, plan.object.UID, plan.object.Generation, plan.allowed)
		}
	}
	hashInto(digest, "host taken", s.hostHolder != nil)
	hashInto(digest, "namespace", s.namespaceLabels.String())
	hashInto(digest, "prices", s.prices)
	hashInto(digest, "ledger", s.ledger.ID)
	for _, identity := range identitiesOf(s.account) {
		hashInto(digest, "taken", identity, s.taken(identity))
	}
	for i := range s.templates {
		hashInto(digest, "template", s.templates[i].UID, s.templates[i].ResourceVersion)
	}
	hashInto(digest, "template requests", tenant.TakenRequest(s.account.Status.TemplateRequests))
	for _, name := range sortedKeys(s.secrets) {
		hashInto(digest, "secret", name, s.secrets[name].UID, s.secrets[name].ResourceVersion)
	}
	for _, key := range sortedKeys(s.children) {
		hashInto(digest, "child", key, s.children[key].GetUID(), versionOf(s.children[key]))
	}
	for _, priced := range s.pricedRevisions() {
		hashInto(digest, "priced", priced.Plan, priced.Revisions)
	}
	hashInto(digest, "currency", s.billedCurrency())
	return hex.EncodeToString(digest.Sum(nil))
}

// versionOf changes with an object. Of an autoscaler it is what the operator has a say in: its
// controller writes figures into the status for as long as there is load, and they would have
// everything compiled and applied again.
func versionOf(child client.Object) string {
	autoscaler, ok := child.(*autoscalingv2.HorizontalPodAutoscaler)
	if !ok {
		return child.GetResourceVersion()
	}
	encoded, err := json.Marshal(
		[]any{autoscaler.Labels, autoscaler.OwnerReferences, autoscaler.DeletionTimestamp, autoscaler.Spec},
	)
	if err != nil {
		return child.GetResourceVersion()
	}
	return tenant.Digest(encoded)
}

func hashInto(digest hash.Hash, values ...any) { _, _ = fmt.Fprintln(digest, values...) }

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// billedCurrency is the currency in which the account has been billed; empty if it has not been.
func (s *accountScope) billedCurrency() string {
	if known := s.memory.report; known != nil && known.Currency != "" {
		return known.Currency
	}
	if usage := s.account.Status.Usage; usage != nil && usage.Billed != nil && usage.Ledger != nil &&
		usage.Ledger.Sequence != nil && *usage.Ledger.Sequence > 0 {
		return usage.Billed.Currency
	}
	return ""
}

// pricedRevisions are the revisions that have priced messages of the account: those that its
// gateway reports and those that its status remembers.
func (s *accountScope) pricedRevisions() []v1alpha1.PricedRevisions {
	byPlan := map[string][]string{}
	for _, known := range s.account.Status.PricedRevisions {
		byPlan[known.Plan] = append(byPlan[known.Plan], known.Revisions...)
	}
	if s.memory.report != nil {
		for plan, revisions := range s.memory.report.UsedRevisions {
			byPlan[plan] = append(byPlan[plan], revisions...)
		}
	}
	var priced []v1alpha1.PricedRevisions
	for _, plan := range sortedKeys(byPlan) {
		if plan == "" {
			continue // a gateway that has had no plan yet has priced nothing
		}
		slices.Sort(byPlan[plan])
		priced = append(priced, v1alpha1.PricedRevisions{Plan: plan, Revisions: slices.Compact(byPlan[plan])})
	}
	return priced
}
