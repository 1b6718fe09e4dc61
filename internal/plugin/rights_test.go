package plugin

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// roleOf are the rules of a role by duty: the sum of those that are labelled for it.
// kube-controller-manager adds them up elsewhere.
func roleOf(t *testing.T, duty string) (rules []rbacv1.PolicyRule) {
	t.Helper()
	files, err := filepath.Glob("../../config/rbac/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	selector := labels.SelectorFromSet(labels.Set{"guichet.dev/aggregate-to-" + duty: "true"})
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for manifest := range bytes.SplitSeq(text, []byte("\n---\n")) {
			var role rbacv1.ClusterRole
			if err := yaml.Unmarshal(manifest, &role); err != nil {
				t.Fatal(err)
			}
			if role.Kind == "ClusterRole" && selector.Matches(labels.Set(role.Labels)) {
				rules = append(rules, role.Rules...)
			}
		}
	}
	return rules
}

// createUser makes a user who has a role by duty everywhere, and nothing else.
func createUser(t *testing.T, duty string) {
	t.Helper()
	name := metav1.ObjectMeta{Name: "plugin-" + duty}
	role := &rbacv1.ClusterRole{ObjectMeta: name, Rules: roleOf(t, duty)}
	if len(role.Rules) == 0 {
		t.Fatalf("the role %s has no rule", duty)
	}
	binding := &rbacv1.ClusterRoleBinding{
		ObjectMeta: name, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: name.Name},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: name.Name}},
	}
	for _, object := range []client.Object{role, binding} {
		if err := direct.Create(t.Context(), object); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = direct.Delete(context.Background(), object) })
	}
}

// docs/kubectl.md says which role may run which command. What is not listed here is refused.
func TestRolesMayRunWhatTheDocumentSays(t *testing.T) {
	may := map[string][]string{
		"platform-admin": {
			"status acme", "doctor acme", "usage acme", "windows acme", "template list", "statement list",
			"statement export acme-2026-11 --format csv", "report acme -o " + filepath.Join(
				t.TempDir(), "platform.tar.gz",
			),
		},
		"business-editor": {
			"status acme", "doctor acme", "usage acme", "windows acme", "template list", "statement list",
			"statement export acme-2026-11 --format csv", "report acme -o " + filepath.Join(
				t.TempDir(), "editor.tar.gz",
			),
		},
		"business-viewer": {
			"status acme", "doctor acme", "usage acme", "windows acme", "template list", "statement list",
			"statement export acme-2026-11 --format csv", "report acme -o " + filepath.Join(
				t.TempDir(), "viewer.tar.gz",
			),
		},
		"finance": {
			"status acme", "doctor acme", "usage acme", "windows acme", "statement list",
			"statement export acme-2026-11 --format csv", "report acme -o " + filepath.Join(
				t.TempDir(), "finance.tar.gz",
			),
		},
		"template-approver": {"template list", "template approve thanks"},
	}
	others := []string{
		"status acme", "usage acme", "template list", "statement list", "plan acme", "ledger acme", "logs acme",
		"send acme --to 1 --text Hello", "callbacks list acme", "simulate acme", "template approve thanks",
	}
	for duty, commands := range may {
		createUser(t, duty)
		as := []string{"--as", "plugin-" + duty}
		for _, command := range commands {
			if got, err := run(t, append(as, strings.Fields(command)...)...); err != nil && !errors.Is(err, ErrFound) {
				t.Errorf("%s: %s: %v\n%s", duty, command, err, got)
			}
		}
		for _, command := range others {
			if slices.Contains(commands, command) {
				continue
			}
			_, err := run(t, append(as, strings.Fields(command)...)...)
			if !apierrors.IsForbidden(err) {
				t.Errorf("%s: %s: got %v, want that it is forbidden", duty, command, err)
			}
		}
	}
}

// What a role does not let somebody read is named, and is not taken for missing.
func TestDoctorNamesWhatItMayNotRead(t *testing.T) {
	createUser(t, "business-viewer")
	got, _ := run(t, "doctor", "acme", "--as", "plugin-business-viewer")
	for _, want := range []string{
		"Secret acme/acme-credentials: It could not be read: your role does not allow it",
		"Deployment guichet-system/guichet-operator: It could not be read: your role does not allow it",
	} {
		if !strings.Contains(strings.Join(strings.Fields(got), " "), want) {
			t.Errorf("it lacks %q:\n%s", want, got)
		}
	}
	for _, wrong := range []string{"There is no operator", "are gone", "is not there"} {
		if strings.Contains(got, wrong) {
			t.Errorf("it says %q of what it may not read:\n%s", wrong, got)
		}
	}
	golden(t, "doctor_viewer", got)
}
