package plugin

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/apitest"
	"github.com/guichet-dev/guichet/internal/plugin/cluster"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

var update = flag.Bool("update", false, "write the golden files")

// kubeconfig is that of the kube-apiserver that the tests share, and direct a client of it.
var (
	kubeconfig string
	direct     *cluster.Cluster
)

// now is the time in these tests: that of the objects in testdata.
var now = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	code, err := runTests(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

func runTests(m *testing.M) (code int, err error) {
	server, stop, err := apitest.Start("../..")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	folder, err := os.MkdirTemp("", "kubectl-guichet")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	kubeconfig = filepath.Join(folder, "kubeconfig")
	if err := writeKubeconfig(server); err != nil {
		return 1, err
	}
	flags := newPlugin(surroundings(false)).flags
	flags.KubeConfig = &kubeconfig
	if direct, err = cluster.Open(flags, time.Now); err != nil {
		return 1, err
	}
	if err := load(context.Background(), filepath.Join("testdata", "cluster.yaml")); err != nil {
		return 1, err
	}
	return m.Run(), nil
}

func writeKubeconfig(server *rest.Config) error {
	config := clientcmdapi.NewConfig()
	config.Clusters["test"] = &clientcmdapi.Cluster{Server: server.Host, CertificateAuthorityData: server.CAData}
	config.AuthInfos["test"] = &clientcmdapi.AuthInfo{
		ClientCertificateData: server.CertData, ClientKeyData: server.KeyData,
	}
	config.Contexts["test"] = &clientcmdapi.Context{Cluster: "test", AuthInfo: "test", Namespace: "acme"}
	config.CurrentContext = "test"
	return clientcmd.WriteToFile(*config, kubeconfig)
}

// load makes the objects of a file, with the status that they have there: no operator runs.
func load(ctx context.Context, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	for manifest := range bytes.SplitSeq(text, []byte("\n---\n")) {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(manifest, object); err != nil {
			return fmt.Errorf("%s: %w\n%s", path, err, manifest)
		}
		if err := create(ctx, object); err != nil {
			return fmt.Errorf("create %s %s: %w", object.GetKind(), object.GetName(), err)
		}
	}
	return nil
}

func create(ctx context.Context, object *unstructured.Unstructured) error {
	status, has := object.Object["status"]
	if err := direct.Create(ctx, object); err != nil && !apierrors.IsAlreadyExists(err) {
		return err
	}
	if !has {
		return nil
	}
	object.Object["status"] = status
	return direct.Status().Update(ctx, object)
}

// surroundings are those of a test. Nothing is on the internet.
func surroundings(colour bool) Surroundings {
	return Surroundings{Now: time.Now, Colour: colour, Web: nowhere{}}
}

type nowhere struct{}

func (nowhere) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("no such host")
}

// run runs the plugin and returns what it printed. The API server's clock is that of the tests.
func run(t *testing.T, arguments ...string) (string, error) {
	t.Helper()
	return runIn(t, Surroundings{Web: nowhere{}}, arguments...)
}

func runIn(t *testing.T, around Surroundings, arguments ...string) (string, error) {
	t.Helper()
	around.Now = func() time.Time { return now }
	around.still = true
	var out bytes.Buffer
	root := New(around)
	root.SetArgs(append([]string{"--kubeconfig", kubeconfig}, arguments...))
	root.SetOut(&out)
	root.SetErr(&out)
	err := root.ExecuteContext(t.Context())
	return out.String(), err
}

// golden compares what was printed with a file, and looks at its width.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
	narrow(t, got)
}

// narrow fails if a line has more than 100 columns.
func narrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if columns := screen.Width(strings.TrimSuffix(line, "\n")); columns > screen.Columns {
			t.Errorf("%d columns: %s", columns, line)
		}
	}
}

// newNamespace makes a namespace for one test.
func newNamespace(t *testing.T) string {
	t.Helper()
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "test-"}}
	if err := direct.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	return namespace.Name
}

func mustGet(t *testing.T, namespace, name string, object client.Object) {
	t.Helper()
	if err := direct.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name}, object); err != nil {
		t.Fatal(err)
	}
}
