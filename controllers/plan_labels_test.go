package controllers

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

func TestMissingLabelsAreNamed(t *testing.T) {
	expression := func(key string, operator metav1.LabelSelectorOperator, values ...string) *metav1.LabelSelector {
		return &metav1.LabelSelector{
			MatchExpressions: []metav1.LabelSelectorRequirement{{Key: key, Operator: operator, Values: values}},
		}
	}
	for name, tc := range map[string]struct {
		selector *metav1.LabelSelector
		have     labels.Set
		want     string
	}{
		"no selector":   {nil, nil, ""},
		"none of two":   {&metav1.LabelSelector{MatchLabels: map[string]string{"tier": "gold", "guichet.dev/plan": "whatsapp"}}, nil, "the label guichet.dev/plan=whatsapp and the label tier=gold"},
		"another value": {&metav1.LabelSelector{MatchLabels: map[string]string{"tier": "gold"}}, labels.Set{"tier": "lead"}, "the label tier=gold"},
		"all there":     {&metav1.LabelSelector{MatchLabels: map[string]string{"tier": "gold"}}, labels.Set{"tier": "gold"}, ""},
		"one value":     {expression("tier", "In", "gold"), nil, "the label tier=gold"},
		"one of values": {expression("tier", "In", "gold", "lead"), nil, "the label tier with one of the values gold, lead"},
		"not a value":   {expression("tier", "NotIn", "lead"), labels.Set{"tier": "lead"}, "another value of the label tier than lead"},
		"any value":     {expression("tier", "Exists"), nil, "the label tier"},
		"no label":      {expression("tier", "DoesNotExist"), labels.Set{"tier": "lead"}, "to be without the label tier"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := missingLabels(tc.selector, tc.have); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
