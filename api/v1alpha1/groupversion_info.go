// Package v1alpha1 holds the kinds of the API group guichet.dev: BusinessAccount, PricingPlan,
// MessageTemplate and UsageStatement.
//
// The comments of the fields are the user's manual: `kubectl explain` prints them.
//
// +kubebuilder:object:generate=true
// +groupName=guichet.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// GroupVersion is the group and version of the kinds of this package.
var GroupVersion = schema.GroupVersion{Group: "guichet.dev", Version: "v1alpha1"}

// AddToScheme registers the kinds of this package with a scheme.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(GroupVersion,
		&BusinessAccount{}, &BusinessAccountList{},
		&MessageTemplate{}, &MessageTemplateList{},
		&PricingPlan{}, &PricingPlanList{},
		&UsageStatement{}, &UsageStatementList{},
	)
	metav1.AddToGroupVersion(scheme, GroupVersion)
	return nil
}
