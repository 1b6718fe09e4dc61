package controllers_test

import (
	"bytes"
	"context"
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
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

const (
	read   = "get list watch"
	edit   = "get list watch create update patch delete"
	manage = "get list watch create update patch delete deletecollection"
)

// rights are all that each role for people may do, by resource. What is not here is refused. Those
// of 'admin', 'edit' and 'view' are what Guichet adds to the cluster's own roles.
var rights = map[string]map[string]string{
	"guichet-platform-admin": {
		"guichet.dev/businessaccounts": manage, "guichet.dev/businessaccounts/status": "get",
		"guichet.dev/messagetemplates": manage, "guichet.dev/messagetemplates/status": "get",
		"guichet.dev/pricingplans": manage, "guichet.dev/pricingplans/status": "get",
		"guichet.dev/usagestatements": read,
	},
	"guichet-template-approver": {
		"guichet.dev/messagetemplates":        read,
		"guichet.dev/messagetemplates/status": "get update patch",
		"guichet.dev/messagetemplates/review": "approve",
	},
	"guichet-business-editor": {
		"guichet.dev/businessaccounts": edit, "guichet.dev/businessaccounts/status": "get",
		"guichet.dev/messagetemplates": edit, "guichet.dev/messagetemplates/status": "get",
		"guichet.dev/usagestatements": read,
	},
	"guichet-business-viewer": {
		"guichet.dev/businessaccounts": read, "guichet.dev/businessaccounts/status": "get",
		"guichet.dev/messagetemplates": read, "guichet.dev/messagetemplates/status": "get",
		"guichet.dev/usagestatements": read,
	},
	"guichet-finance": {
		"guichet.dev/businessaccounts": read, "guichet.dev/businessaccounts/status": "get",
		"guichet.dev/pricingplans": read, "guichet.dev/pricingplans/status": "get",
		"guichet.dev/usagestatements": read,
	},
	"admin": {
		"guichet.dev/businessaccounts": manage, "guichet.dev/businessaccounts/status": "get",
		"guichet.dev/messagetemplates": manage, "guichet.dev/messagetemplates/status": "get",
	},
	"edit": {
		"guichet.dev/businessaccounts": edit, "guichet.dev/businessaccounts/status": "get",
		"guichet.dev/messagetemplates": edit, "guichet.dev/messagetemplates/status": "get",
	},
	"view": {
		"guichet.dev/businessaccounts": read, "guichet.dev/businessaccounts/status": "get",
		"guichet.dev/messagetemplates": read, "guichet.dev/messagetemplates/status": "get",
		"guichet.dev/usagestatements": read,
	},
	"guichet-businessaccount-admin": {
		"guichet.dev/businessaccounts": manage, "guichet.dev/businessaccounts/status": "get",
	},
	"guichet-businessaccount-editor": {
		"guichet.dev/businessaccounts": edit, "guichet.dev/businessaccounts/status": "get",
	},
	"guichet-businessaccount-viewer": {
		"guichet.dev/businessaccounts": read, "guichet.dev/businessaccounts/status": "get",
	},
	"guichet-messagetemplate-admin": {
		"guichet.dev/messagetemplates": manage, "guichet.dev/messagetemplates/status": "get",
	},
	"guichet-messagetemplate-editor": {
		"guichet.dev/messagetemplates": edit, "guichet.dev/messagetemplates/status": "get",
	},
	"guichet-messagetemplate-viewer": {
		"guichet.dev/messagetemplates": read, "guichet.dev/messagetemplates/status": "get",
	},
	"guichet-pricingplan-admin":     {"guichet.dev/pricingplans": manage, "guichet.dev/pricingplans/status": "get"},
	"guichet-pricingplan-editor":    {"guichet.dev/pricingplans": edit, "guichet.dev/pricingplans/status": "get"},
	"guichet-pricingplan-viewer":    {"guichet.dev/pricingplans": read, "guichet.dev/pricingplans/status": "get"},
	"guichet-usagestatement-viewer": {"guichet.dev/usagestatements": read},
	"guichet-messagetemplate-approver": {
		"guichet.dev/messagetemplates":        read,
		"guichet.dev/messagetemplates/status": "get update patch",
		"guichet.dev/messagetemplates/review": "approve",
	},
}

// allVerbs are those of Kubernetes, and the two that Guichet's admission policies ask for.
var allVerbs = strings.Fields(manage + " approve report bind escalate impersonate")

// allResources are Guichet's, and those with what it keeps: credentials, prices, ledgers, rights.
var allResources = []string{
	"guichet.dev/businessaccounts", "guichet.dev/businessaccounts/status", "guichet.dev/businessaccounts/finalizers",
	"guichet.dev/messagetemplates", "guichet.dev/messagetemplates/status", "guichet.dev/messagetemplates/finalizers",
	"guichet.dev/messagetemplates/review",
	"guichet.dev/pricingplans", "guichet.dev/pricingplans/status", "guichet.dev/pricingplans/finalizers",
	"guichet.dev/usagestatements", "guichet.dev/usagestatements/status", "guichet.dev/usagestatements/finalizers",
	"/secrets", "/configmaps", "/persistentvolumeclaims", "/pods", "/pods/exec", "/namespaces",
	"/serviceaccounts/token", "apps/deployments", "apps/controllerrevisions",
	"rbac.authorization.k8s.io/clusterroles", "rbac.authorization.k8s.io/rolebindings",
	"admissionregistration.k8s.io/validatingadmissionpolicies",
}

// TestRolesMayDoWhatTheTableSays asks the API server for every role, verb and resource.
func TestRolesMayDoWhatTheTableSays(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	roles := rolesForPeople(t)
	w.Expect(roles).To(gomega.HaveLen(len(rights)), "the table has every role")
	for name, rules := range roles {
		w.bindEverywhere(name, rules)
		w.Eventually(func() map[string]string { return w.allowed(name, w.namespace) }).Should(
			gomega.Equal(rights[name]), name,
		)
	}
}

func TestBusinessEditorMayDoNothingInAnotherNamespace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const name = "guichet-business-editor"
	role := w.createRole(name, rolesForPeople(t)[name])
	binding := &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role, Namespace: w.namespace},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: role}},
	}
	w.Expect(w.client.Create(t.Context(), binding)).To(gomega.Succeed())
	w.Eventually(func() map[string]string { return w.allowed(name, w.namespace) }).Should(gomega.Equal(rights[name]))
	w.Expect(w.allowed(name, "default")).To(gomega.BeEmpty())
}

// rolesForPeople are the rules of each role, those of programs left out. Rules that a role takes
// from others are added up as kube-controller-manager does it, which does not run in this test.
func rolesForPeople(t *testing.T) map[string][]rbacv1.PolicyRule {
	t.Helper()
	roles := shippedClusterRoles(t)
	rules := map[string][]rbacv1.PolicyRule{}
	for _, name := range []string{"admin", "edit", "view"} {
		rules[name] = aggregate(t, roles, metav1.LabelSelector{
			MatchLabels: map[string]string{"rbac.authorization.k8s.io/aggregate-to-" + name: "true"},
		})
	}
	programs := []string{"guichet-operator", "guichet-metrics-reader"}
	for _, role := range roles {
		switch {
		case slices.Contains(programs, role.Name):
		case role.AggregationRule == nil:
			rules[role.Name] = role.Rules
		case len(role.Rules) > 0 || len(role.AggregationRule.ClusterRoleSelectors) != 1:
			t.Errorf("ClusterRole %q is to have one selector, and no rule of its own", role.Name)
		default:
			rules[role.Name] = aggregate(t, roles, role.AggregationRule.ClusterRoleSelectors[0])
		}
	}
	return rules
}

func aggregate(
	t *testing.T, roles []rbacv1.ClusterRole, labelSelector metav1.LabelSelector,
) (sum []rbacv1.PolicyRule) {
	t.Helper()
	selector, err := metav1.LabelSelectorAsSelector(&labelSelector)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range roles {
		if selector.Matches(labels.Set(role.Labels)) {
			sum = append(sum, role.Rules...)
		}
	}
	return sum
}

func shippedClusterRoles(t *testing.T) []rbacv1.ClusterRole {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("..", "config", "rbac", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var roles []rbacv1.ClusterRole
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for manifest := range bytes.SplitSeq(content, []byte("\n---\n")) {
			var role rbacv1.ClusterRole
			if err := yaml.Unmarshal(manifest, &role); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if role.Kind == "ClusterRole" {
				roles = append(roles, role)
			}
		}
	}
	return roles
}

// createRole makes a ClusterRole for this test alone. Its name is also that of the user who has it.
func (w *world) createRole(name string, rules []rbacv1.PolicyRule) string {
	w.t.Helper()
	role := &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: w.userWith(name)}, Rules: rules}
	w.createForTest(role)
	return role.Name
}

func (w *world) bindEverywhere(name string, rules []rbacv1.PolicyRule) {
	w.t.Helper()
	role := w.createRole(name, rules)
	w.createForTest(&rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: role},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: role},
		Subjects:   []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: role}},
	})
}

func (w *world) userWith(role string) string { return role + "-" + w.namespace }

func (w *world) createForTest(object client.Object) {
	w.t.Helper()
	w.Expect(w.client.Create(w.t.Context(), object)).To(gomega.Succeed())
	w.t.Cleanup(func() {
		w.Expect(client.IgnoreNotFound(w.client.Delete(context.Background(), object))).To(gomega.Succeed())
	})
}

// allowed lists the verbs that the API server lets the user with a role use in a namespace, by
// resource.
func (w *world) allowed(role, namespace string) map[string]string {
	w.t.Helper()
	verbs := map[string]string{}
	for _, path := range allResources {
		group, rest, _ := strings.Cut(path, "/")
		resource, subresource, _ := strings.Cut(rest, "/")
		asked := namespace
		if resource == "pricingplans" { // they are in no namespace
			asked = ""
		}
		var granted []string
		for _, verb := range allVerbs {
			review := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
				User: w.userWith(role),
				ResourceAttributes: &authorizationv1.ResourceAttributes{
					Group: group, Resource: resource, Subresource: subresource, Verb: verb, Namespace: asked,
				},
			}}
			w.Expect(w.client.Create(w.t.Context(), review)).To(gomega.Succeed())
			if review.Status.Allowed {
				granted = append(granted, verb)
			}
		}
		if len(granted) > 0 {
			verbs[path] = strings.Join(granted, " ")
		}
	}
	return verbs
}
