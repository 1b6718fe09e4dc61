package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fakeKubectl puts a kubectl into the PATH that notes its arguments and answers by a script.
func fakeKubectl(t *testing.T, script string) (arguments func() string) {
	t.Helper()
	directory := t.TempDir()
	notes := filepath.Join(directory, "arguments")
	program := "#!/bin/sh\necho \"$*\" >> '" + notes + "'\n" + script + "\n"
	// #nosec G306 -- a program has to be executable
	if err := os.WriteFile(filepath.Join(directory, "kubectl"), []byte(program), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", directory+string(os.PathListSeparator)+os.Getenv("PATH"))
	return func() string {
		noted, err := os.ReadFile(notes)
		if err != nil {
			t.Fatal(err)
		}
		return string(noted)
	}
}

func simulate(arguments ...string) (string, error) {
	var out strings.Builder
	root := New("guichet")
	root.SetOut(&out)
	root.SetArgs(append([]string{"simulate"}, arguments...))
	err := root.Execute()
	return out.String(), err
}

func TestSimulatePrintsThePageWithTheAccountsToken(t *testing.T) {
	arguments := fakeKubectl(t, `case "$*" in
*businessaccount/acme*) printf acme-api-tokens ;;
*secret/acme-api-tokens*) printf 'token-of-acme\nanother\n' ;;
*port-forward*) echo "Forwarding from 127.0.0.1:41234 -> 8090" ;;
esac`)
	printed, err := simulate("--account", "acme/acme", "--context", "kind")
	if err != nil {
		t.Fatal(err)
	}
	if first, _, _ := strings.Cut(printed, "\n"); first != "http://127.0.0.1:41234/#token=token-of-acme" {
		t.Errorf("got %q", printed)
	}
	const forward = "--context kind port-forward --namespace guichet-simulator --address 127.0.0.1 " +
		"service/simulator :8090\n"
	if got := arguments(); !strings.HasSuffix(got, forward) {
		t.Errorf("kubectl got %s", got)
	}
}

func TestSimulateNeedsNoAccount(t *testing.T) {
	arguments := fakeKubectl(t, `echo "Forwarding from 127.0.0.1:8091 -> 8090"`)
	printed, err := simulate("--port", "8091", "--namespace", "tests", "--service", "meta")
	if err != nil || !strings.HasPrefix(printed, "http://127.0.0.1:8091/\n") {
		t.Errorf("got %q, %v", printed, err)
	}
	if got := arguments(); got != "port-forward --namespace tests --address 127.0.0.1 service/meta 8091:8090\n" {
		t.Errorf("kubectl got %s", got)
	}
}

func TestSimulateSaysWhatIsWrong(t *testing.T) {
	fakeKubectl(t, `case "$*" in
*secret/*) ;;
*businessaccount/there*) printf tokens ;;
*) echo 'Error from server (NotFound): not found' >&2; exit 1 ;;
esac`)
	for account, want := range map[string]string{
		"acme":       "--account must be NAMESPACE/NAME",
		"acme/gone":  "(NotFound): not found",
		"acme/there": "the Secret acme/tokens holds no API token",
		"":           "kubectl port-forward: exit status 1: Error from server (NotFound)",
	} {
		if _, err := simulate("--account", account); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", account, err, want)
		}
	}
}
