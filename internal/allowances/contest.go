package allowances

import (
	"math/bits"
	"slices"
)

// contest is claims on sets of allowances, and how many places each of these has.
type contest struct {
	free   map[string]int64
	rivals []rivals
}

// rivals are the claims on one set: on its first allowance, or if that is used up on the next one.
type rivals struct {
	allowances []string
	claims     claims
}

// maxContested is the number of allowances for which the worst case is looked for. That takes up to
// four to the power of their number.
const maxContested = 6

// exposure returns the most that the claims can be charged, in whatever order they are settled.
func (c contest) exposure() (Exposure, error) {
	var most Exposure
	for _, members := range components(c.rivals, func(r rivals) []string { return r.allowances }) {
		found, err := contest{free: c.free, rivals: members}.worst()
		if err == nil {
			most.Amount, err = most.Amount.Add(found.Amount)
		}
		if err != nil {
			return Exposure{}, err
		}
		most.Unpriced = most.Unpriced || found.Unpriced
	}
	return most, nil
}

// components groups sets that have allowances in common, directly or through others. Groups do not
// concern each other.
func components[S any](sets []S, allowances func(S) []string) (groups [][]S) {
	left := slices.Clone(sets)
	for len(left) > 0 {
		group := []S{left[0]}
		left = left[1:]
		for before := 0; before < len(group); {
			before = len(group)
			left = slices.DeleteFunc(left, func(set S) bool {
				near := slices.ContainsFunc(
					group, func(member S) bool { return overlap(allowances(member), allowances(set)) },
				)
				if near {
					group = append(group, set)
				}
				return near
			})
		}
		groups = append(groups, group)
	}
	return groups
}

func overlap(a, b []string) bool {
	return slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

// worst returns the most that the claims of one component can be charged.
//
// Let U be the allowances that are used up in the end. Whoever is charged claims nothing but U, and
// all places of U have been taken. In the worst case they were taken by messages that have other
// allowances too, as far as these reach, and else by the cheapest. The U by which most is charged
// is the worst.
//
// If there are too many allowances, some are left out of the contest, as if they had no places
// left, so that the bound is too high rather than too low.
func (c contest) worst() (Exposure, error) {
	if c.plentiful() {
		return Exposure{}, nil
	}
	names := c.allowances()
	if len(names) > maxContested {
		return c.withoutSharedPlaces()
	}
	var worst Exposure
	used := contested{free: make([]int64, len(names)), order: make([][]int, len(c.rivals)), rivals: c.rivals}
	for i, name := range names {
		used.free[i] = c.free[name]
	}
	for i := range c.rivals {
		for _, name := range c.rivals[i].allowances {
			used.order[i] = append(used.order[i], slices.Index(names, name))
		}
	}
	for up := range uint(1) << len(names) {
		found, err := used.charge(up)
		if err != nil {
			return Exposure{}, err
		}
		worst.Amount = worst.Amount.Max(found.Amount)
		worst.Unpriced = worst.Unpriced || found.Unpriced
	}
	return worst, nil
}

// contested is a contest with numbers in place of names: sets of allowances are bits.
type contested struct {
	free   []int64
	order  [][]int // the allowances of each of the rivals
	rivals []rivals
}

// charge returns the most that is charged if exactly those allowances are used up; nothing if the
// messages are too few to use them up.
func (c *contested) charge(up uint) (Exposure, error) {
	var taking, inside []takers
	for i, order := range c.order {
		reach, whole := reach(order, up)
		if whole {
			inside = append(inside, c.rivals[i].claims.takers(reach)...)
		} else if reach != 0 {
			number := c.rivals[i].claims.number()
			taking = append(taking, takers{amounts: amounts{number: number}, reach: reach})
		}
	}
	slices.SortStableFunc(inside, compareTakers)
	taken := c.taken(up, taking)
	var charged Exposure
	for _, next := range inside {
		taking = append(taking, next)
		before := taken
		taken = c.taken(up, taking)
		left := next.number - (taken - before)
		if left == 0 {
			continue
		}
		charged.Unpriced = charged.Unpriced || next.unpriced
		part, err := next.amount.MulInt(left)
		if err == nil {
			charged.Amount, err = charged.Amount.Add(part)
		}
		if err != nil {
			return Exposure{}, err
		}
	}
	if taken < c.places(up) {
		return Exposure{}, nil
	}
	return charged, nil
}

// reach returns which of the allowances that are used up messages can take places of: those before
// the first one that is not. whole says that they have no other.
func reach(order []int, up uint) (reach uint, whole bool) {
	for _, allowance := range order {
		if up>>allowance&1 == 0 {
			return reach, false
		}
		reach |= 1 << allowance
	}
	return reach, true
}

// taken returns how many places of the allowances the messages can take together: by Hall's theorem
// the least, over all parts of the allowances, of the part's places and the messages that can reach
// others.
func (c *contested) taken(up uint, by []takers) int64 {
	least := int64(-1)
	for part := up; ; part = (part - 1) & up {
		most := c.places(part)
		for i := range by {
			if by[i].reach&^part != 0 {
				most += by[i].number
			}
		}
		if least < 0 || most < least {
			least = most
		}
		if part == 0 {
			return least
		}
	}
}

func (c *contested) places(of uint) (places int64) {
	for ; of > 0; of &= of - 1 {
		places += c.free[bits.TrailingZeros(of)]
	}
	return places
}

// plentiful reports whether every set has a place for every claim.
func (c contest) plentiful() bool {
	var number int64
	for i := range c.rivals {
		number += c.rivals[i].claims.number()
	}
	return !slices.ContainsFunc(c.rivals, func(r rivals) bool {
		var places int64
		for _, name := range r.allowances {
			places += c.free[name]
		}
		return places < number
	})
}

// withoutSharedPlaces leaves out the allowances that channels share, and if that does not help, all
// of them.
func (c contest) withoutSharedPlaces() (Exposure, error) {
	own, shared := contest{free: c.free, rivals: slices.Clone(c.rivals)}, 0
	for i := range own.rivals {
		all := own.rivals[i].allowances
		own.rivals[i].allowances = slices.DeleteFunc(
			slices.Clone(all), func(name string) bool { return !isOfOneChannel(name) },
		)
		shared += len(all) - len(own.rivals[i].allowances)
	}
	if shared > 0 {
		return own.exposure()
	}
	var all claims
	for i := range c.rivals {
		all = all.and(c.rivals[i].claims)
	}
	return all.sum()
}

// allowances are those of all sets, sorted.
func (c contest) allowances() (names []string) {
	for i := range c.rivals {
		names = append(names, c.rivals[i].allowances...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
