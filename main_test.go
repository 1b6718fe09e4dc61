package main

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/apitest"
)

// TestOperatorWorksAndHandsOver runs the whole program against a real API server: it becomes the
// leader, looks after an account, and when it is asked to stop lets the next one begin at once.
func TestOperatorWorksAndHandsOver(t *testing.T) {
	cluster, stop, err := apitest.Start(".")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	t.Setenv("TMPDIR", t.TempDir())
	g := gomega.NewWithT(t)
	g.SetDefaultEventuallyTimeout(time.Minute)
	scheme, err := newScheme()
	g.Expect(err).NotTo(gomega.HaveOccurred())
	direct, err := client.New(cluster, client.Options{Scheme: scheme})
	g.Expect(err).NotTo(gomega.HaveOccurred())

	s, err := parse([]string{
		"--namespace=default", "--metrics-bind-address=127.0.0.1:0", "--health-probe-bind-address=127.0.0.1:0",
	})
	g.Expect(err).NotTo(gomega.HaveOccurred())
	ctx, cancel := context.WithCancel(t.Context())
	stopped := make(chan error, 1)
	go func() { stopped <- operate(ctx, cluster, s) }()

	account := &v1alpha1.BusinessAccount{
		ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "acme"},
		Spec: v1alpha1.BusinessAccountSpec{
			DisplayName: "Acme", PlanName: "whatsapp", TimeZone: "Europe/Paris", WhatsAppBusinessAccountID: "7",
			Channels: []v1alpha1.Channel{{Name: "main", PhoneNumberID: "71", CredentialsSecretName: "acme"}},
		},
	}
	g.Expect(direct.Create(t.Context(), account)).To(gomega.Succeed())
	g.Eventually(func() string {
		_ = direct.Get(t.Context(), client.ObjectKeyFromObject(account), account)
		if ready := apimeta.FindStatusCondition(account.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
			return ready.Message
		}
		return "nothing"
	}).Should(gomega.Equal(`PricingPlan "whatsapp" is not there: create it, or name another in spec.planName`))

	lease := &coordinationv1.Lease{}
	name := types.NamespacedName{Namespace: "default", Name: leaderElectionID}
	g.Expect(direct.Get(t.Context(), name, lease)).To(gomega.Succeed())
	host, err := os.Hostname()
	g.Expect(err).NotTo(gomega.HaveOccurred())
	g.Expect(*lease.Spec.HolderIdentity).To(gomega.HavePrefix(host))
	cancel()
	g.Expect(<-stopped).To(gomega.Succeed())
	g.Expect(direct.Get(t.Context(), name, lease)).To(gomega.Succeed())
	g.Expect(*lease.Spec.HolderIdentity).To(gomega.BeEmpty(), "the lease must be let go")
}

func TestParse(t *testing.T) {
	t.Setenv("POD_NAMESPACE", "")
	s, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.OperatorNamespace != "guichet-system" || s.GatewayImage != "guichet.dev/gateway:dev" ||
		s.ReportInterval != 10*time.Second || !s.leaderElect || s.Concurrency != 10 {
		t.Errorf("got the defaults %+v", s)
	}
	t.Setenv("POD_NAMESPACE", "elsewhere")
	if s, err := parse(
		[]string{"--watch-namespaces=acme,globex", "--leader-elect=false"},
	); err != nil || s.OperatorNamespace != "elsewhere" || s.leaderElect {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestBadFlagsAreRefusedWithASentence(t *testing.T) {
	tests := map[string]struct {
		arguments []string
		want      string
	}{
		"an argument":      {[]string{"run"}, `unexpected argument "run": every setting is a flag`},
		"no collector":     {[]string{"--gateway-otlp-endpoint=collector:4318"}, "--gateway-otlp-endpoint must be an absolute URL such as http://collector.observability:4318"},
		"a short interval": {[]string{"--report-interval=10ms"}, "--report-interval must be at least 1s"},
		"no worker":        {[]string{"--concurrency=0"}, "--concurrency must be at least 1"},
		"no image":         {[]string{"--gateway-image="}, "--gateway-image must not be empty"},
		"no requests":      {[]string{"--kube-api-qps=0"}, "--kube-api-qps must be greater than 0"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := parse(tc.arguments); err == nil || err.Error() != tc.want {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}

func TestManagerWatchesTheNamespacesItIsTold(t *testing.T) {
	s, err := parse([]string{"--watch-namespaces=acme, globex"})
	if err != nil {
		t.Fatal(err)
	}
	options := managerOptions(s, nil)
	if len(options.Cache.DefaultNamespaces) != 2 {
		t.Errorf("got %v, want acme and globex", options.Cache.DefaultNamespaces)
	}
	if all := managerOptions(settings{}, nil); all.Cache.DefaultNamespaces != nil {
		t.Errorf("got %v, want all", all.Cache.DefaultNamespaces)
	}
	if !options.Metrics.SecureServing || options.Metrics.FilterProvider == nil {
		t.Error("the metrics must be served over TLS, to whoever may read them")
	}
}
