//go:build e2e

package docs

import (
	"cmp"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/guichet-dev/guichet/test/story"
)

const (
	limit      = 15 * time.Minute
	blockLimit = 4 * time.Minute
	// business is the user who runs the documents for a business.
	business = "ana@acme.example"
)

// desk is the cluster, and a checkout for the reader to work in.
type desk struct {
	*story.Stage
	root, checkout, scratch string
	environment             []string
}

func TestDocumentsAsPrinted(t *testing.T) {
	log.SetLogger(zap.New(zap.WriteTo(os.Stderr)))
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	d := newDesk(ctx, t)
	for _, document := range Documents {
		started := time.Now()
		if !t.Run(document.Path, func(t *testing.T) { d.run(ctx, t, document) }) {
			d.explain(ctx, t)
			t.Fatal("the later documents build on this one")
		}
		t.Logf("FIGURE %s took %s", document.Path, time.Since(started).Round(100*time.Millisecond))
	}
}

func newDesk(ctx context.Context, t *testing.T) *desk {
	t.Helper()
	root, err := filepath.Abs("../..")
	must(t, err)
	stage, err := story.NewStage(cmp.Or(os.Getenv("KUBECTL"), "kubectl"), os.Getenv("KUBECONFIG"), root)
	must(t, err)
	must(t, stage.Install(ctx))
	phones, door, err := stage.Phones(ctx)
	must(t, err)
	defer door.Close()
	must(t, phones.Reset(ctx))
	simulator, err := stage.Reach(ctx, story.SimulatorNamespace, story.SimulatorName, 8090)
	must(t, err)
	t.Cleanup(simulator.Close)
	d := &desk{Stage: stage, root: root, checkout: t.TempDir(), scratch: t.TempDir()}
	d.checkOut(ctx, t)
	d.giveUpLedgers(ctx, t)
	d.environment = append(os.Environ(), environment...)
	path := filepath.Join(root, "bin") + ":" + os.Getenv("PATH")
	d.environment = append(d.environment, "SIMULATOR="+simulator.URL, "PATH="+path)
	return d
}

// giveUpLedgers lets accounts begin with empty ledgers whose namespaces are gone, as only the
// platform team can: the operator has a record of each ledger.
func (d *desk) giveUpLedgers(ctx context.Context, t *testing.T) {
	t.Helper()
	d.kubectl(ctx, t, "delete", "configmaps", "--namespace=guichet-system", "--selector=guichet.dev/ledger")
}

// checkOut copies what git has into a folder of its own: documents write files. What was built
// stays where it is.
func (d *desk) checkOut(ctx context.Context, t *testing.T) {
	t.Helper()
	copied := exec.CommandContext(ctx, "bash", "-c", `set -o pipefail
		git ls-files -z --cached --others --exclude-standard |
		tar --create --null --files-from=- --ignore-failed-read | tar --extract --directory="$1"`, "copy", d.checkout)
	copied.Dir = d.root
	output, err := copied.CombinedOutput()
	if err != nil {
		t.Fatalf("copy the checkout: %v\n%s", err, output)
	}
	built := filepath.Join(d.checkout, "bin")
	must(t, os.RemoveAll(built))
	must(t, os.Symlink(filepath.Join(d.root, "bin"), built))
	must(t, os.WriteFile(filepath.Join(d.checkout, "ca.crt"), []byte("a certificate\n"), 0o600))
}

// run runs the blocks of a document and stops at the first one that fails or prints something else.
func (d *desk) run(ctx context.Context, t *testing.T, document Document) {
	text, err := os.ReadFile(filepath.Join(d.checkout, document.Path))
	must(t, err)
	blocks, err := Blocks(document.Path, string(text))
	must(t, err)
	d.prepare(ctx, t, document)
	scratch := filepath.Join(d.scratch, strings.ReplaceAll(document.Path, "/", "-"))
	must(t, os.Mkdir(scratch, 0o700))
	shell, err := NewShell(ctx, d.checkout, scratch, d.environmentOf(t, document))
	must(t, err)
	defer func() { must(t, shell.Close()) }()
	for _, block := range blocks {
		if block.NotRun != "" {
			t.Logf("%s is not run: %s", block, block.NotRun)
			continue
		}
		limited, cancel := context.WithTimeout(ctx, blockLimit)
		started := time.Now()
		stdout, stderr, err := shell.Run(limited, insteadOfMeta.Replace(block.Commands))
		cancel()
		if err != nil {
			t.Fatalf("%s: %v\n%s\nstdout:\n%s\nstderr:\n%s", block, err, block.Commands, stdout, stderr)
		}
		must(t, block.Check(stdout))
		t.Logf("%s took %s and printed %.600s", block, time.Since(started).Round(10*time.Millisecond), stdout)
	}
}

// prepare sets up what a document expects.
func (d *desk) prepare(ctx context.Context, t *testing.T, document Document) {
	t.Helper()
	if document.Fresh {
		for _, earlier := range []string{
			"namespace/acme", "namespace/bikes", "pricingplan/" + story.PlanName,
			"serviceaccount/metrics-reader", "clusterrolebinding/metrics-reader",
		} {
			d.kubectl(ctx, t, "delete", earlier, "--ignore-not-found", "--timeout=120s")
		}
		d.giveUpLedgers(ctx, t)
	}
	if document.Business {
		d.kubectl(ctx, t, "create", "namespace", "acme")
		d.kubectl(ctx, t, "create", "rolebinding", "business", "--namespace=acme", "--clusterrole=edit",
			"--user="+business)
	}
	if document.Store {
		volume := d.kubectl(ctx, t, "get", "persistentvolumeclaim", "acme-gateway-data", "--namespace=acme",
			"-o", "jsonpath={.spec.volumeName}")
		inside := d.kubectl(ctx, t, "get", "persistentvolume", volume, "-o", "jsonpath={.spec.local.path}")
		outside := strings.Replace(inside, "/run/guichet/", filepath.Join(d.root, "bin/cluster")+"/", 1)
		copied := exec.CommandContext(ctx, "sqlite3", filepath.Join(outside, "gateway.db"),
			".backup "+filepath.Join(d.checkout, "gateway.db"))
		if output, err := copied.CombinedOutput(); err != nil {
			t.Fatalf("copy the store: %v\n%s", err, output)
		}
	}
}

// environmentOf returns the environment of a document; a business's kubeconfig acts as a user who
// may edit one namespace.
func (d *desk) environmentOf(t *testing.T, document Document) []string {
	t.Helper()
	if !document.Business {
		return d.environment
	}
	config, err := clientcmd.LoadFromFile(d.Kubectl.Kubeconfig)
	must(t, err)
	for _, user := range config.AuthInfos {
		user.Impersonate = business
	}
	path := filepath.Join(d.scratch, "business.kubeconfig")
	must(t, clientcmd.WriteToFile(*config, path))
	return append(append([]string{}, d.environment...), "KUBECONFIG="+path)
}

func (d *desk) kubectl(ctx context.Context, t *testing.T, args ...string) string {
	t.Helper()
	output, err := d.Kubectl.Run(ctx, args...)
	must(t, err)
	return output
}

// explain prints what somebody would look at first.
func (d *desk) explain(ctx context.Context, t *testing.T) {
	t.Helper()
	for _, args := range [][]string{
		{"get", "businessaccounts,messagetemplates,pricingplans", "--all-namespaces", "-o", "wide"},
		{"describe", "businessaccounts", "--all-namespaces"},
		{"get", "pods,persistentvolumeclaims", "--all-namespaces"},
	} {
		output, err := d.Kubectl.Run(ctx, args...)
		t.Logf("kubectl %s\n%s%v", strings.Join(args, " "), output, err)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
