package graph

import (
	"testing"
)

// A channel was stopped by one code, and one message meets another: does that say that the channel
// works?
func TestRefusalThatOnlyAWorkingChannelGives(t *testing.T) {
	const token, permission, locked, policy, unregistered, payment = 190, 200, 131031, 368, 133010, 131042
	tests := map[string]struct {
		refusal         *Error
		shows, showsNot []int
	}{
		"window":                   {NewError(131047, ""), []int{token, permission, locked, policy, unregistered}, []int{payment}},
		"undeliverable":            {NewError(131026, ""), []int{token, permission, locked, policy, unregistered}, []int{payment}},
		"per-user marketing limit": {NewError(131049, ""), []int{token, permission, locked, policy, unregistered}, []int{payment}},
		"pair limit":               {NewError(131056, ""), []int{token, permission, locked, policy, unregistered}, []int{payment}},
		"template parameters":      {NewError(132000, ""), []int{token, permission, locked, policy, unregistered}, []int{payment}},
		"template paused":          {NewError(132015, ""), []int{token, permission, locked, policy, unregistered}, []int{payment}},
		"bad value":                {NewError(131009, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"bad parameter":            {NewError(100, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"stopped marketing": {
			NewError(2300034, ""),
			[]int{0, 10, token, permission},
			[]int{locked, policy, unregistered, payment, 2300011, 2300058},
		},
		"a page's window": {
			&Error{Code: 10, Subcode: 2018278}, []int{0, 10, token, permission}, []int{locked, policy, payment},
		},
		"another app's thread": {
			&Error{Code: 10, Subcode: 2018300}, []int{0, 10, token, permission}, []int{locked, policy, payment},
		},
		"a page's permission": {&Error{Code: 10}, nil, []int{token, permission, locked, payment}},
		"any, no ad payment": {
			NewError(131026, ""), []int{token}, []int{2300011, 2300017, 2300056, 2300058, 2300059},
		},
		"media":                    {NewError(131053, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"spam limit":               {NewError(131048, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"authentication to a user": {NewError(131062, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"template's limit":         {NewError(131064, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"blocked flow":             {NewError(132068, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"throttled flow":           {NewError(132069, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"template that syncs":      {NewError(134101, ""), []int{0, 10, token, permission}, []int{locked, policy, unregistered, payment}},
		"capability":               {NewError(3, ""), nil, []int{0, 10, token, permission, locked}},
		"wrong certificate":        {NewError(131045, ""), nil, []int{0, 10, token, permission, locked}},
		"number that is not there": {&Error{Code: 100, Subcode: 33}, nil, []int{0, 10, token, permission, locked}},
		"number that was deleted":  {NewError(33, ""), nil, []int{0, 10, token, permission, locked}},
		"rate limit":               {NewError(130429, ""), nil, []int{token, locked, payment}},
		"app rate limit":           {NewError(4, ""), nil, []int{token, locked, payment}},
		"outage":                   {NewError(131000, ""), nil, []int{token, locked, payment}},
		"access denied":            {NewError(131005, ""), nil, []int{token, locked, payment}},
		"another stop":             {NewError(368, ""), nil, []int{token, locked, payment}},
		"a proxy's page":           {ParseError(403, nil, []byte("<html>")), nil, []int{token, locked, payment}},
		"a code that is not known": {&Error{Code: 139999, HTTPStatus: 400}, nil, []int{token, locked, payment}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			for _, stop := range tc.shows {
				if !tc.refusal.ShowsWorkingChannel(stop) {
					t.Errorf("it must end a stop by %d", stop)
				}
			}
			for _, stop := range tc.showsNot {
				if tc.refusal.ShowsWorkingChannel(stop) {
					t.Errorf("it must not end a stop by %d", stop)
				}
			}
		})
	}
}
