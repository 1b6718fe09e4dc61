package controllers

import (
	"encoding/json"
	"testing"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// What the upstream's copy does not show is submitted again when it may have changed: once, and
// then never until it changes again, whatever the copy looks like.
func TestWhatIsNotSeenUpstreamIsSubmittedOnce(t *testing.T) {
	ttl := 600
	plain := func() template.Definition {
		return template.Definition{
			Name: "n", Language: "en_US", Category: "UTILITY",
			Components: []template.Component{{Type: "BODY", Text: "Hello"}},
		}
	}
	tests := map[string]struct {
		change func(*template.Definition)
		want   step
	}{
		"a sample": {func(d *template.Definition) {
			d.Components[0].Example = &template.Example{BodyText: [][]string{{"a"}}}
		}, stepAdopt},
		"a time to live": {func(d *template.Definition) { d.MessageSendTTLSeconds = &ttl }, stepEdit},
		"a further member": {func(d *template.Definition) {
			d.Extra = map[string]json.RawMessage{"degrees_of_freedom_spec": json.RawMessage("{}")}
		}, stepEdit},
		"a component of the future": {func(d *template.Definition) {
			d.Components = append(d.Components, template.Component{
				Type: "TOMORROW", Extra: map[string]json.RawMessage{"a": json.RawMessage("1")},
			})
		}, stepEdit},
		"a flow": {func(d *template.Definition) {
			d.Components = append(d.Components, template.Component{
				Type: "BUTTONS", Buttons: []template.Button{{Type: "FLOW", Text: "Begin", FlowID: "2"}},
			})
		}, stepEdit},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			wanted := plain()
			tc.change(&wanted)
			// The copy has what was submitted before, or shows nothing of what is wanted.
			upstream := &graph.UpstreamTemplate{Definition: wanted, ID: "1", Status: graph.TemplateApproved}
			object := &v1alpha1.MessageTemplate{
				Status: v1alpha1.MessageTemplateStatus{
					UpstreamID: "1", SubmittedDigest: tenant.DefinitionDigest(plain()),
				},
			}
			if got := decideStep(object, wanted, upstream); got != tc.want {
				t.Errorf("changed: got %s, want %s", got, tc.want)
			}
			object.Status.SubmittedDigest = tenant.DefinitionDigest(wanted)
			upstream.Definition = plain()
			if got := decideStep(object, wanted, upstream); got != stepObserve {
				t.Errorf("submitted: got %s, want %s", got, stepObserve)
			}
		})
	}
}
