package tenant_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// Channels with plans of their own make a document that older gateways refuse: they would price by
// the account's plan. Each plan stands once, in order.
func TestP15ChannelPlansNeedAGatewayThatKnowsThem(t *testing.T) {
	account := &v1alpha1.BusinessAccount{}
	account.Namespace, account.Name = "acme", "acme"
	secrets := tenant.Secrets{"c": {"accessToken": []byte("a"), "appSecret": []byte("s"), "verifyToken": []byte("v")}}
	channels := map[v1alpha1.ChannelIdentity]tenant.ChannelSource{}
	for _, c := range []struct{ id, plan, stopped string }{
		{"1", "", ""}, {"2", "zeta", ""}, {"3", "alpha", ""}, {"4", "zeta", "No."}, {"5", "whatsapp", "No."},
	} {
		channel := v1alpha1.Channel{
			Name: c.id, Type: v1alpha1.ChannelWhatsApp, PhoneNumberID: c.id, CredentialsSecretName: "c",
		}
		account.Spec.Channels = append(account.Spec.Channels, channel)
		if c.plan != "" {
			channels[channel.Identity()] = tenant.ChannelSource{
				PlanName: c.plan, Plan: pricing.Plan{Currency: "USD"}, BillingStopped: c.stopped,
				Claims: tenant.Claims{Exemptions: []string{c.plan + "'s"}},
			}
		}
	}
	sources := tenant.Sources{Account: account, PlanName: "whatsapp", Secrets: secrets, Channels: channels}
	document := tenant.Compile(sources).Document
	if document.Format != config.FormatPlans {
		t.Errorf("format %d, want %d", document.Format, config.FormatPlans)
	}
	want := []config.ChannelPlan{
		{Name: "alpha", Plan: pricing.Plan{Currency: "USD"}, Exemptions: []string{"alpha's"}},
		{Name: "zeta", Plan: pricing.Plan{Currency: "USD"}, Exemptions: []string{"zeta's"}},
	}
	if diff := cmp.Diff(want, document.Plans); diff != "" {
		t.Errorf("plans (-want +got):\n%s", diff)
	}
	var got [][2]string
	for _, channel := range document.Channels {
		got = append(got, [2]string{channel.PlanName, channel.BillingStopped})
	}
	wanted := [][2]string{{"", ""}, {"zeta", ""}, {"alpha", ""}, {"zeta", "No."}, {"", "No."}}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("channels (-want +got):\n%s", diff)
	}
	sources.Channels = nil
	document = tenant.Compile(sources).Document
	if document.Format != config.Format || document.Plans != nil {
		t.Errorf("format %d and %d plans; want %d and none", document.Format, len(document.Plans), config.Format)
	}
}
