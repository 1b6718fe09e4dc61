package pricing

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
)

// Digest returns the SHA-256 of a revision's JSON, in hexadecimal. It is kept with what a revision
// has priced, to detect a change.
func Digest(r Revision) string {
	content, err := json.Marshal(r)
	if err != nil { // cannot happen: a Revision has only strings, integers and lists of them
		panic(err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

// KeepHistory returns the plan with every kept revision as it was when it priced something,
// whatever the plan says now, and with the prices that it lacked and the plan has now: see Extend.
// The findings name the kept revisions that the plan has changed or removed, and new ones that would
// take the day of a kept one.
func KeepHistory(plan Plan, kept []Revision) (Plan, []Finding) {
	var found findings
	plan.Revisions = slices.Clone(plan.Revisions)
	for _, frozen := range kept {
		at := slices.IndexFunc(plan.Revisions, func(r Revision) bool { return r.Name == frozen.Name })
		switch {
		case at < 0:
			found.add(
				"revisions", "%q has priced messages and must not be removed: it keeps pricing as it was", frozen.Name,
			)
			plan.Revisions = append(plan.Revisions, frozen)
		case Digest(plan.Revisions[at]) != Digest(frozen):
			extended, _ := Extend(frozen, plan.Revisions[at])
			if Digest(extended) != Digest(plan.Revisions[at]) {
				found.add(
					fmt.Sprintf("revisions[%d]", at),
					"%q has priced messages and must not be changed: it keeps pricing as it was; add a revision with "+
						"a later effectiveDate",
					frozen.Name,
				)
			}
			plan.Revisions[at] = extended
		}
	}
	plan.Revisions = slices.DeleteFunc(plan.Revisions, func(r Revision) bool {
		clashes := slices.ContainsFunc(kept, func(frozen Revision) bool {
			return frozen.EffectiveDate == r.EffectiveDate && frozen.Name != r.Name
		})
		if clashes {
			found.add(
				"revisions", "%q must not take the day %s from a revision that has priced messages: it is left out",
				r.Name, r.EffectiveDate,
			)
		}
		return clashes
	})
	return plan, found
}
