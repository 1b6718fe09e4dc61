package identity

import "testing"

func TestP13WhoHasANumber(t *testing.T) {
	const earlier, moved, later = 100, 200, 300
	left, back := Hold{Left: moved}, Hold{Left: earlier, Since: moved}
	tests := map[string]struct {
		hold           Hold
		evidence       Evidence
		written, taken Fate
	}{
		"nothing is known":                          {Hold{}, Evidence{At: later}, Stays, Stays},
		"another user id":                           {Hold{}, Evidence{At: later, Differs: true}, Contested, PassesOn},
		"another user id, and one that is known":    {Hold{}, Evidence{At: later, Differs: true, Same: true}, Stays, Stays},
		"left, before it was":                       {left, Evidence{At: earlier}, Stays, Stays},
		"left, in the same second":                  {left, Evidence{At: moved}, Stays, PassesOn},
		"left, later":                               {left, Evidence{At: later}, PassesOn, PassesOn},
		"left, and the same person later":           {left, Evidence{At: later, Same: true}, Stays, Stays},
		"left, at an unknown time":                  {left, Evidence{}, Stays, Stays},
		"left, at an unknown time, another user id": {left, Evidence{Differs: true}, Contested, PassesOn},
		"come back, before it was":                  {back, Evidence{At: earlier}, Outdated, Outdated},
		"come back, later":                          {back, Evidence{At: later}, Stays, Stays},
		"come back, later another user id":          {back, Evidence{At: later, Differs: true}, Contested, PassesOn},
		"come back, an old message by another":      {back, Evidence{At: earlier, Differs: true}, Outdated, Outdated},
		"come back, an old message by the same":     {back, Evidence{At: earlier, Same: true}, Stays, Stays},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := tc.hold.Written(tc.evidence); got != tc.written {
				t.Errorf("written: got %d, want %d", got, tc.written)
			}
			if got := tc.hold.Taken(tc.evidence); got != tc.taken {
				t.Errorf("taken: got %d, want %d", got, tc.taken)
			}
		})
	}
}
