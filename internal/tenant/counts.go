package tenant

import (
	"maps"
	"slices"
)

// Counting are the Counts of an account's next record, in which account prices it and the plans
// channels their channels. A plan keeps what its counts are kept under wherever it moves, so that
// no allowance begins anew (P15). A new plan of the account goes on with the counts of the one
// before, unless that prices channels now.
func (r PriceRecord) Counting(account string, channels []string) map[string]string {
	counts := map[string]string{}
	if r.Plan != "" {
		counts[r.Plan] = ""
	}
	for i := range r.Channels {
		if plan := r.Channels[i].Plan; plan != r.Plan {
			counts[plan] = plan
		}
	}
	maps.Copy(counts, r.Counts)
	if _, known := counts[account]; !known {
		counts[account] = account
		if !slices.Contains(channels, r.Plan) {
			counts[account] = counts[r.Plan]
		}
	}
	for _, plan := range channels {
		if _, known := counts[plan]; !known {
			counts[plan] = plan
		}
	}
	for plan, under := range counts {
		usual := plan == account && under == "" || plan != account && slices.Contains(channels, plan) && under == plan
		if !usual {
			return counts
		}
	}
	return nil
}

// countsMoved tells whether a plan's counts are not those of its place.
func countsMoved(s Sources) bool {
	moved := s.Counts[s.PlanName] != ""
	for _, of := range s.Channels {
		moved = moved || of.PlanName != s.PlanName && channelCounts(s, of.PlanName) != nil
	}
	return moved
}

// channelCounts is what the counts of a plan of channels are kept under; nil for its name.
func channelCounts(s Sources, plan string) *string {
	under, known := s.Counts[plan]
	if !known || under == plan {
		return nil
	}
	return &under
}
