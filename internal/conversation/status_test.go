package conversation

import "testing"

func TestStatusThatEndsAMessage(t *testing.T) {
	tests := map[string]struct {
		before, now      Status
		form             Form
		ended, delivered bool
	}{
		"sent":                                {Untold, Sent, FreeForm, false, true},
		"sent, a reaction":                    {Untold, Sent, Reaction, true, true},
		"delivered":                           {Sent, Delivered, Templated, true, true},
		"delivered, and nothing before":       {Untold, Delivered, Templated, true, true},
		"read after delivered":                {Delivered, Read, Templated, false, true},
		"read, and delivered never came":      {Sent, Read, Templated, true, true},
		"delivered after read":                {Read, Delivered, Templated, false, false},
		"delivered twice":                     {Delivered, Delivered, Templated, false, false},
		"failed":                              {Sent, Failed, Templated, true, false},
		"failed after delivered":              {Delivered, Failed, Templated, false, false},
		"delivered after failed":              {Failed, Delivered, Templated, true, true},
		"read after failed":                   {Failed, Read, Templated, true, true},
		"sent after failed":                   {Failed, Sent, Templated, false, false},
		"sent after failed, a reaction":       {Failed, Sent, Reaction, false, false},
		"read after delivered, after failure": {Delivered, Read, FreeForm, false, true},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if ended, delivered := tc.now.Ends(tc.form, tc.before); ended != tc.ended || delivered != tc.delivered {
				t.Errorf("got %v, %v; want %v, %v", ended, delivered, tc.ended, tc.delivered)
			}
		})
	}
}

func TestParseStatus(t *testing.T) {
	for name, want := range map[string]Status{
		"sent": Sent, "failed": Failed, "delivered": Delivered, "read": Read, "played": Untold, "deleted": Untold,
		"": Untold,
	} {
		if got, known := ParseStatus(name); got != want || known != (want != Untold) {
			t.Errorf("%q: got %d, %v; want %d", name, got, known, want)
		}
	}
}
