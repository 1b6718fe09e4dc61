package controllers

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// missingLabels says what a namespace's labels lack to be selected, such as "the label team=blue".
func missingLabels(selector *metav1.LabelSelector, have labels.Set) string {
	if selector == nil {
		return ""
	}
	var missing []string
	for _, key := range slices.Sorted(maps.Keys(selector.MatchLabels)) {
		if want := selector.MatchLabels[key]; !have.Has(key) || have.Get(key) != want {
			missing = append(missing, fmt.Sprintf("the label %s=%s", key, want))
		}
	}
	for i := range selector.MatchExpressions {
		requirement := &selector.MatchExpressions[i]
		one, err := metav1.LabelSelectorAsSelector(
			&metav1.LabelSelector{MatchExpressions: selector.MatchExpressions[i : i+1]},
		)
		if err == nil && !one.Matches(have) {
			missing = append(missing, wantedLabel(requirement))
		}
	}
	return strings.Join(missing, " and ")
}

func wantedLabel(requirement *metav1.LabelSelectorRequirement) string {
	values := strings.Join(requirement.Values, ", ")
	switch requirement.Operator {
	case metav1.LabelSelectorOpIn:
		if len(requirement.Values) == 1 {
			return fmt.Sprintf("the label %s=%s", requirement.Key, values)
		}
		return fmt.Sprintf("the label %s with one of the values %s", requirement.Key, values)
	case metav1.LabelSelectorOpNotIn:
		return fmt.Sprintf("another value of the label %s than %s", requirement.Key, values)
	case metav1.LabelSelectorOpDoesNotExist:
		return fmt.Sprintf("to be without the label %s", requirement.Key)
	default:
		return fmt.Sprintf("the label %s", requirement.Key)
	}
}
