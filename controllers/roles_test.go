package controllers_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/onsi/gomega"
	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

const (
	reads  = "get list watch"
	writes = "create delete get list patch update watch"
	all    = "create delete deletecollection get list patch update watch"
)

// rights are the verbs that every role of config/rbac allows, by resource. What is not here is
// refused.
var rights = map[string]map[string]string{
	"guichet-platform-admin": {
		"businessaccounts": all, "businessaccounts/status": "get",
		"messagetemplates": all, "messagetemplates/status": "get",
		"pricingplans": all, "pricingplans/status": "get",
	},
	"guichet-business-editor": {
		"businessaccounts": writes, "businessaccounts/status": "get",
		"messagetemplates": writes, "messagetemplates/status": "get",
		"pricingplans": reads, "pricingplans/status": "get",
	},
	"guichet-business-viewer": {
		"businessaccounts": reads, "businessaccounts/status": "get",
		"messagetemplates": reads, "messagetemplates/status": "get",
		"pricingplans": reads, "pricingplans/status": "get",
	},
	"guichet-finance": {
		"businessaccounts": reads, "businessaccounts/status": "get",
		"pricingplans": reads, "pricingplans/status": "get",
	},
	"guichet-messagetemplate-approver": {
		"messagetemplates": reads, "messagetemplates/status": "get patch update", "messagetemplates/review": "approve",
	},
	"guichet-businessaccount-admin":  {"businessaccounts": all, "businessaccounts/status": "get"},
	"guichet-businessaccount-editor": {"businessaccounts": writes, "businessaccounts/status": "get"},
	"guichet-businessaccount-viewer": {"businessaccounts": reads, "businessaccounts/status": "get"},
	"guichet-messagetemplate-admin":  {"messagetemplates": all, "messagetemplates/status": "get"},
	"guichet-messagetemplate-editor": {"messagetemplates": writes, "messagetemplates/status": "get"},
	"guichet-messagetemplate-viewer": {"messagetemplates": reads, "messagetemplates/status": "get"},
	"guichet-pricingplan-admin":      {"pricingplans": all, "pricingplans/status": "get"},
	"guichet-pricingplan-editor":     {"pricingplans": writes, "pricingplans/status": "get"},
	"guichet-pricingplan-viewer":     {"pricingplans": reads, "pricingplans/status": "get"},
}

// TestEachRoleAllowsWhatItSays asks the API server for every role, verb and resource, also those of
// the cluster that no role of people has.
func TestEachRoleAllowsWhatItSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shipped := shippedRoles(t)
	resources := map[string]string{
		"businessaccounts": "guichet.dev", "businessaccounts/status": "guichet.dev",
		"businessaccounts/finalizers": "guichet.dev", "messagetemplates": "guichet.dev",
		"messagetemplates/status": "guichet.dev", "messagetemplates/review": "guichet.dev",
		"pricingplans": "guichet.dev", "pricingplans/status": "guichet.dev",
		"secrets": "", "configmaps": "", "pods": "", "pods/exec": "", "persistentvolumeclaims": "",
		"deployments": "apps", "rolebindings": rbacv1.GroupName,
	}
	verbs := strings.Fields(all + " approve bind escalate impersonate")
	for name, allowed := range rights {
		w.bind(name, aggregated(t, shipped, name))
		for resource, group := range resources {
			for _, verb := range verbs {
				want := strings.Contains(" "+allowed[resource]+" ", " "+verb+" ")
				if got := w.may(name, verb, group, resource); got != want {
					t.Errorf("%s may %s %s: %v, want %v", name, verb, resource, got, want)
				}
			}
		}
	}
	for name := range shipped {
		_, said := rights[name]
		if programs := []string{"guichet-operator", "guichet-metrics-reader"}; !said && !slices.Contains(programs, name) {
			t.Errorf("nobody has said what %s allows", name)
		}
	}
}

// shippedRoles are the ClusterRoles of config/rbac by name.
func shippedRoles(t *testing.T) map[string]*rbacv1.ClusterRole {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "config", "rbac", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	roles := map[string]*rbacv1.ClusterRole{}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for document := range strings.SplitSeq(string(content), "\n---\n") {
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal([]byte(document), &kind); err != nil {
				t.Fatal(err)
			}
			if kind.Kind != "ClusterRole" {
				continue
			}
			role := &rbacv1.ClusterRole{}
			if err := yaml.UnmarshalStrict([]byte(document), role); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			roles[role.Name] = role
		}
	}
	return roles
}

// aggregated are a role's rules as the controller manager, which is not here, adds them up.
func aggregated(t *testing.T, shipped map[string]*rbacv1.ClusterRole, name string) (rules []rbacv1.PolicyRule) {
	t.Helper()
	role, found := shipped[name]
	if !found {
		t.Fatalf("there is no %s", name)
	}
	if role.AggregationRule == nil {
		return role.Rules
	}
	if len(role.Rules) > 0 {
		t.Errorf("%s has rules of its own, which the cluster overwrites", name)
	}
	for _, selects := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&selects)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range shipped {
			if selector.Matches(labels.Set(part.Labels)) {
				rules = append(rules, part.Rules...)
			}
		}
	}
	if len(rules) == 0 {
		t.Errorf("%s adds up nothing", name)
	}
	return rules
}

// bind gives rules to a person of the role's name in the test's namespace.
func (w *world) bind(name string, rules []rbacv1.PolicyRule) {
	w.t.Helper()
	meta := metav1.ObjectMeta{Name: name, Namespace: w.namespace}
	w.Expect(w.client.Create(w.t.Context(), &rbacv1.Role{ObjectMeta: meta, Rules: rules})).To(gomega.Succeed())
	w.Expect(w.client.Create(w.t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: meta, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: w.namespace + name}},
	})).To(gomega.Succeed())
	w.Eventually(func() bool { // the API server takes a moment to see it
		return w.may(name, rules[0].Verbs[0], rules[0].APIGroups[0], rules[0].Resources[0])
	}).Should(gomega.BeTrue())
}

// may asks the API server whether a person may do something in the test's namespace.
func (w *world) may(name, verb, group, resource string) bool {
	w.t.Helper()
	resource, subresource, _ := strings.Cut(resource, "/")
	review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
		User: w.namespace + name, ResourceAttributes: &authorizationv1.ResourceAttributes{
			Namespace: w.namespace, Verb: verb, Group: group, Resource: resource, Subresource: subresource,
		},
	}}
	w.Expect(w.client.Create(w.t.Context(), review)).To(gomega.Succeed())
	return review.Status.Allowed
}
