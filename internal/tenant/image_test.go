package tenant_test

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/tenant"
)

func TestP10ImageOfAGateway(t *testing.T) {
	const one, two, bad = "guichet.dev/gateway:one", "guichet.dev/gateway:two", "guichet.dev/gateway:bad"
	tests := map[string]struct {
		in      tenant.Images
		image   string
		kept    string
		refused bool
	}{
		"new":                                {tenant.Images{Operator: one}, one, one, false},
		"operator upgraded":                  {tenant.Images{Operator: two, Kept: one, Running: one}, one, one, false},
		"operator upgraded, from before":     {tenant.Images{Operator: two, Running: one}, one, one, false},
		"asked":                              {tenant.Images{Operator: one, Kept: one, Running: one, Asked: two}, two, one, false},
		"asked, bad":                         {tenant.Images{Operator: one, Kept: one, Running: two, Asked: bad}, bad, one, false},
		"asked no more":                      {tenant.Images{Operator: two, Kept: one, Running: bad}, one, one, false},
		"made with a bad one, no more":       {tenant.Images{Operator: one, Kept: one, Running: bad}, one, one, false},
		"asked before there was an account":  {tenant.Images{Operator: one, Asked: two}, two, one, false},
		"asked, from before":                 {tenant.Images{Operator: one, Running: two, Asked: two}, two, one, false},
		"edited into the Deployment":         {tenant.Images{Operator: one, Kept: one, Running: "evil.example/gateway:1"}, one, one, false},
		"edited into its annotation":         {tenant.Images{Operator: one, Kept: "evil.example/gateway:1", Running: one}, one, one, false},
		"by digest":                          {tenant.Images{Operator: one, Asked: "guichet.dev/gateway@sha256:00"}, "guichet.dev/gateway@sha256:00", one, false},
		"by tag and digest":                  {tenant.Images{Operator: one, Asked: "guichet.dev/gateway:x@sha256:00"}, "guichet.dev/gateway:x@sha256:00", one, false},
		"another repository":                 {tenant.Images{Operator: one, Asked: "evil.example/gateway:1"}, one, one, true},
		"a repository below":                 {tenant.Images{Operator: one, Asked: "guichet.dev/gateway/evil:1"}, one, one, true},
		"a port is no tag":                   {tenant.Images{Operator: "r.example:5000/gateway", Asked: "r.example:5001/gateway"}, "r.example:5000/gateway", "r.example:5000/gateway", true},
		"another repository that is allowed": {tenant.Images{Operator: one, Asked: "r.example:5000/g:1", Repositories: []string{"r.example:5000/g"}}, "r.example:5000/g:1", one, false},
		"every repository":                   {tenant.Images{Operator: one, Asked: "r.example/g:1", Repositories: []string{"*"}}, "r.example/g:1", one, false},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			image, kept, allowed := tc.in.Choose()
			if image != tc.image || kept != tc.kept || allowed == tc.refused {
				t.Errorf(
					"got %q, kept %q, allowed %t; want %q, kept %q, allowed %t", image, kept, allowed, tc.image,
					tc.kept, !tc.refused,
				)
			}
		})
	}
}
