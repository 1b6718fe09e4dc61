package plugin

import (
	"encoding/json"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

func TestStatusIsOneScreen(t *testing.T) {
	got, err := run(t, "status", "acme")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "status", got)
	if lines := strings.Count(got, "\n"); lines > 40 {
		t.Errorf("%d lines are more than a screen", lines)
	}
}

func TestStatusOfAllAccounts(t *testing.T) {
	got, err := run(t, "status", "--all-namespaces")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "status_all", got)
}

// P11: what nobody has told is unknown, never zero; and a name cannot steer the terminal.
func TestP11StatusOfAnAccountThatNobodyHasLookedAt(t *testing.T) {
	got, err := run(t, "status", "bikes", "-n", "bikes")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "status_new", got)
	if strings.Contains(got, "\x1b") {
		t.Error("a display name steers the terminal")
	}
}

func TestStatusForPrograms(t *testing.T) {
	for format, decode := range map[string]func([]byte, any) error{
		"json": json.Unmarshal,
		"yaml": func(text []byte, into any) error { return yaml.UnmarshalStrict(text, into) },
	} {
		got, err := run(t, "status", "acme", "-o", format)
		if err != nil {
			t.Fatal(err)
		}
		var view statusView
		if err := decode([]byte(got), &view); err != nil {
			t.Fatalf("%s: %v\n%s", format, err, got)
		}
		if view.Money.Billed.Amount != "61.234" || view.Queue.Messages != 42 || view.Reason != "AccessTokenRefused" {
			t.Errorf("%s: got %+v", format, view)
		}
	}
	if got, err := run(t, "status", "-o", "xml"); err == nil || !strings.Contains(err.Error(), "must be json or yaml") {
		t.Errorf("got %v\n%s", err, got)
	}
}

func TestStatusHasColourOnlyOnATerminal(t *testing.T) {
	got, err := runIn(t, Surroundings{Colour: true}, "status", "acme")
	if err != nil || !strings.Contains(got, "\x1b[31mno\x1b[0m") {
		t.Errorf("got %v\n%q", err, got)
	}
}

func TestAnAccountThatIsNotThere(t *testing.T) {
	for _, c := range []struct{ arguments, want string }{
		{"status acne", `there is no BusinessAccount "acne" in namespace "acme"; there is acme`},
		{
			"doctor -n guichet-system",
			`there is no BusinessAccount in namespace "guichet-system": name another one with -n`,
		},
	} {
		if _, err := run(t, strings.Fields(c.arguments)...); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", c.arguments, err, c.want)
		}
	}
}

func TestNamesAreCompleted(t *testing.T) {
	for _, c := range []struct{ arguments, want string }{
		{"__complete --kubeconfig KUBECONFIG status ", "acme\tAcme Parcels\n:4\n"},
		{"__complete --kubeconfig KUBECONFIG doctor -n bikes ", "bikes\tBaguette"},
		{"__complete --kubeconfig KUBECONFIG status -o ", "json\nyaml\n:4\n"},
	} {
		arguments := strings.Split(strings.Replace(c.arguments, "KUBECONFIG", kubeconfig, 1), " ")
		var out strings.Builder
		root := New(surroundings(false))
		root.SetArgs(arguments)
		root.SetOut(&out)
		if err := root.ExecuteContext(t.Context()); err != nil || !strings.HasPrefix(out.String(), c.want) {
			t.Errorf("%s: got %v %q", c.arguments, err, out.String())
		}
	}
}

// Every command's help fits a terminal of 100 columns, and speaks of kubectl guichet.
func TestHelpFitsTheScreen(t *testing.T) {
	root := New(surroundings(false))
	for _, command := range root.Commands() {
		got, err := run(t, command.Name(), "--help")
		if err != nil || !strings.Contains(got, "kubectl guichet "+command.Name()) {
			t.Errorf("%s: %v\n%s", command.Name(), err, got)
		}
		narrow(t, got)
	}
}
