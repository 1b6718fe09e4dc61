package main

import (
	"testing"
	"time"
)

func TestParse(t *testing.T) {
	t.Setenv("POD_NAMESPACE", "")
	s, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	if s.OperatorNamespace != "guichet-system" || s.GatewayImage != "guichet.dev/gateway:dev" || s.ReportInterval != 10*time.Second || !s.leaderElect || s.Concurrency != 10 {
		t.Errorf("got the defaults %+v", s)
	}
	t.Setenv("POD_NAMESPACE", "elsewhere")
	if s, err := parse([]string{"--watch-namespaces=acme,globex", "--leader-elect=false"}); err != nil || s.OperatorNamespace != "elsewhere" || s.leaderElect {
		t.Errorf("got %+v, %v", s, err)
	}
}

func TestBadFlagsAreRefusedWithASentence(t *testing.T) {
	tests := map[string]struct {
		arguments []string
		want      string
	}{
		"an argument":      {[]string{"run"}, `unexpected argument "run": every setting is a flag`},
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
	options := managerOptions(settings{watchNamespaces: "acme, globex"}, nil)
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
