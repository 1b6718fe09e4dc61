package tenant

import (
	"testing"

	"github.com/guichet-dev/guichet/internal/config"
)

// P15: what somebody wrote into the configuration in a certificate's place is not carried over: a
// gateway would refuse every later document for it.
func TestP15BadServedCertificateIsNotCarriedOver(t *testing.T) {
	served := &config.Document{Callback: &config.Callback{
		ClientCertificate: &config.ClientCertificate{Certificate: "x", Key: "y"},
	}}
	got := clientCertificateOf("missing", Sources{Served: served})
	if got == nil || *got != (config.ClientCertificate{}) {
		t.Errorf("got %+v, want an empty certificate, for which callbacks wait", got)
	}
}
