package tenant_test

import (
	"testing"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Addresses of files in webhooks begin where the business reaches the gateway.
func TestBusinessURLIsWhereTheAPIIsReached(t *testing.T) {
	exposed := func(paths v1alpha1.IngressPaths, secret string) *v1alpha1.Gateway {
		return &v1alpha1.Gateway{Exposure: &v1alpha1.Exposure{
			Type: v1alpha1.ExposureIngress, Ingress: &v1alpha1.Ingress{
				Host: "acme.example.com", TLSSecretName: secret, Paths: paths,
			},
		}}
	}
	const service = "http://acme-gateway.shops.svc:8080"
	for name, tc := range map[string]struct {
		gateway *v1alpha1.Gateway
		hidden  bool
		want    string
	}{
		"inside the cluster":        {nil, false, service},
		"webhooks alone let in":     {exposed(v1alpha1.PathsWebhooks, "tls"), false, service},
		"all let in":                {exposed(v1alpha1.PathsAll, "tls"), false, "https://acme.example.com"},
		"all let in, without TLS":   {exposed(v1alpha1.PathsAll, ""), false, "http://acme.example.com"},
		"a host that another holds": {exposed(v1alpha1.PathsAll, "tls"), true, service},
	} {
		account := &v1alpha1.BusinessAccount{}
		account.Namespace, account.Name, account.Spec.Gateway = "shops", "acme", tc.gateway
		if got := tenant.BusinessURL(account, tc.hidden); got != tc.want {
			t.Errorf("%s: %s, want %s", name, got, tc.want)
		}
	}
}
