package tenant_test

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// anyAccount draws an account that the API server would accept.
func anyAccount(t *rapid.T) *v1alpha1.BusinessAccount {
	secret := rapid.SampledFrom([]string{"one", "two", "three"})
	account := &v1alpha1.BusinessAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "shops", Name: "acme", UID: "1"}}
	account.Spec = v1alpha1.BusinessAccountSpec{
		DisplayName: rapid.StringN(1, 40, 128).Draw(
			t, "displayName",
		), PlanName: "whatsapp", TimeZone: "Europe/Paris", WhatsAppBusinessAccountID: "7",
		APITokensSecretName: rapid.SampledFrom([]string{"", "one"}).Draw(t, "tokens"),
		Exemptions:          rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c"}), 0, 3).Draw(t, "exemptions"),
	}
	for i := range rapid.IntRange(1, 5).Draw(t, "channels") {
		account.Spec.Channels = append(account.Spec.Channels, v1alpha1.Channel{
			Name: fmt.Sprintf("c%d", i), Type: v1alpha1.ChannelWhatsApp, PhoneNumberID: strconv.Itoa(
				100 + i,
			), CredentialsSecretName: secret.Draw(t, "secret"),
			BaseURL: rapid.SampledFrom(
				[]string{"", "https://graph.facebook.com/", "http://simulator:8090", "https://[2001:db8::1]:444"},
			).Draw(t, "baseURL"),
		})
	}
	if rapid.Bool().Draw(t, "callback") {
		account.Spec.Callback = &v1alpha1.Callback{
			URL: "https://acme.example/hook", SecretName: secret.Draw(t, "callbackSecret"),
		}
	}
	if rapid.Bool().Draw(t, "budget") {
		account.Spec.Budget = &v1alpha1.Budget{
			Limit:         v1alpha1.Money{Amount: "12.5", Currency: "USD"},
			WarnAtPercent: rapid.SliceOfN(rapid.Int32Range(1, 100), 0, 8).Draw(t, "warn"),
		}
	}
	if rapid.Bool().Draw(t, "gateway") {
		account.Spec.Gateway = &v1alpha1.Gateway{Replicas: new(rapid.Int32Range(0, 1).Draw(t, "replicas"))}
	}
	return account
}

// anySecrets draws Secrets of which some lack a key, a value or everything.
func anySecrets(t *rapid.T) tenant.Secrets {
	drawn := tenant.Secrets{}
	value := rapid.SampledFrom([]string{"", " ", "value", "value\n"})
	for _, name := range []string{"one", "two", "three", "acme-api-tokens"} {
		if !rapid.Bool().Draw(t, "there "+name) {
			continue
		}
		drawn[name] = map[string][]byte{}
		for _, key := range []string{"accessToken", "appSecret", "verifyToken", "secret", "default"} {
			drawn[name][key] = []byte(value.Draw(t, name+" "+key))
		}
	}
	return drawn
}

// TestEveryAccountIsCompiled: whatever the account and its Secrets, there is a document without an
// empty credential, a sentence says what is missing of it, and the same input gives the same bytes.
func TestEveryAccountIsCompiled(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		account, given := anyAccount(t), anySecrets(t)
		sources := tenant.Sources{Account: account, PlanName: "whatsapp", Plan: plan(), Secrets: given}
		document := tenant.Compile(sources).Document
		for _, channel := range document.Channels {
			if channel.AccessToken != "value" || channel.VerifyToken != "value" || channel.AppSecrets[0] != "value" {
				t.Fatalf("a channel has an empty or untrimmed credential: %+v", channel)
			}
		}
		problem := tenant.CheckSecrets(account, given)
		if problem != nil && (problem.Reason == "" || problem.Message == "") {
			t.Fatalf("got an empty problem %+v", problem)
		}
		whole := len(document.Channels) == len(account.Spec.Channels) && len(document.APITokens) > 0 &&
			(document.Callback == nil || document.Callback.Secret != "")
		if whole != (problem == nil) {
			t.Fatalf("the document is whole: %t; what is missing: %v", whole, problem)
		}
		encoded, digest, err := tenant.Encode(document)
		if err != nil {
			t.Fatal(err)
		}
		if second, secondDigest, err := tenant.Encode(
			tenant.Compile(sources).Document,
		); err != nil || digest != secondDigest || string(encoded) != string(second) {
			t.Fatalf("the same sources gave two documents: %v", err)
		}
		in := kube.Input{Account: account, Image: "i", OperatorNamespace: "o", Config: encoded, Digest: digest}
		first, err := kube.Objects(in)
		if err != nil {
			t.Fatal(err)
		}
		second, err := kube.Objects(in)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Fatalf("the same input gave two sets of objects:\n%s", diff)
		}
	})
}

// restrictions are what an account or its platform may take away. Each says whether a document has
// lost it.
func restrictions() map[string]struct {
	restrict func(*tenant.Sources)
	arrived  func(config.Document) bool
} {
	return map[string]struct {
		restrict func(*tenant.Sources)
		arrived  func(config.Document) bool
	}{
		"smaller budget": {
			func(s *tenant.Sources) {
				s.Account.Spec.Budget = &v1alpha1.Budget{Limit: v1alpha1.Money{Amount: "1", Currency: "USD"}}
			},
			func(d config.Document) bool { return atMost(d, "1") },
		},
		"unreadable budget": {
			func(s *tenant.Sources) {
				s.Account.Spec.Budget = &v1alpha1.Budget{Limit: v1alpha1.Money{Amount: "9", Currency: "EUR"}}
			},
			func(d config.Document) bool { return atMost(d, "0") },
		},
		"billing stopped": {
			func(s *tenant.Sources) { s.BillingStopped = "Ask." },
			func(d config.Document) bool { return d.BillingStopped != "" && atMost(d, "0") },
		},
		"suspended": {
			func(s *tenant.Sources) { s.Account.Spec.Activity = v1alpha1.ActivitySuspended },
			func(d config.Document) bool { return d.SendingStopped != "" && d.Format == config.FormatSuspension },
		},
		"suspended by the plan": {
			func(s *tenant.Sources) { s.Suspension = &v1alpha1.AccountSuspension{Name: "unpaid"} },
			func(d config.Document) bool { return d.SendingStopped != "" && d.Format == config.FormatSuspension },
		},
		"every token revoked": {
			func(s *tenant.Sources) { delete(s.Secrets, tenant.APITokensSecretName(s.Account)) },
			func(d config.Document) bool { return d.APITokens != nil && len(d.APITokens) == 0 },
		},
		"blocked template": {
			func(s *tenant.Sources) { s.Templates[0].Status.UpstreamStatus = "PAUSED" },
			func(d config.Document) bool {
				return !slices.ContainsFunc(
					d.Templates, func(t config.Template) bool { return t.UpstreamStatus == "APPROVED" },
				)
			},
		},
		"removed template": {
			func(s *tenant.Sources) { s.Templates = nil },
			func(d config.Document) bool { return len(d.Templates) == 0 },
		},
		"removed channel": {
			func(s *tenant.Sources) { s.Account.Spec.Channels = s.Account.Spec.Channels[:1] },
			func(d config.Document) bool { return len(d.Channels) <= 1 },
		},
		"number of another account": {
			func(s *tenant.Sources) { s.Taken = func(v1alpha1.ChannelIdentity) bool { return true } },
			func(d config.Document) bool { return len(d.Channels) == 0 },
		},
		"removed callback": {
			func(s *tenant.Sources) { s.Account.Spec.Callback = nil },
			func(d config.Document) bool { return d.Callback == nil },
		},
		"consent asked for": {
			func(s *tenant.Sources) { s.Account.Spec.Consent = &v1alpha1.Consent{Policy: v1alpha1.ConsentOptIn} },
			func(d config.Document) bool { return d.Consent.Policy == "OptIn" },
		},
		"exemption taken back": {
			func(s *tenant.Sources) { s.Account.Spec.Exemptions = []string{"charity"} },
			func(d config.Document) bool { return len(d.Account.Exemptions) == 0 },
		},
	}
}

func atMost(d config.Document, limit string) bool {
	return d.Budget != nil && d.Budget.Action == "Block" && d.Budget.Limit.Amount.Cmp(money.MustParse(limit)) <= 0
}

// TestP15WhatRestrictsArrivesWhateverElseIsMissing: with any of the account's Secrets missing or
// cut, with a template that no gateway can send, and whatever the gateway was given before, every
// restriction is in the next document.
func TestP15WhatRestrictsArrivesWhateverElseIsMissing(t *testing.T) {
	submitted := submitted(t)
	for name, tc := range restrictions() {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				account := anyAccount(t)
				broken := submitted
				broken.Name, broken.Spec.Name, broken.Status.Category = "broken", "broken", "Gifts"
				broken.Status.SubmittedDigest = tenant.DefinitionDigest(tenant.Definition(&broken.Spec))
				before := tenant.Sources{
					Account: account, PlanName: "whatsapp", Plan: plan(), Secrets: anySecrets(t),
					Templates: []v1alpha1.MessageTemplate{submitted, broken},
					Claims: tenant.ClaimsOf(
						&account.Spec, tenant.Entitlement{Exemptions: []string{"a", "b", "c"}}, "USD",
					),
				}
				served := tenant.Compile(before).Document
				after := before
				after.Account, after.Secrets, after.Served = account.DeepCopy(), anySecrets(t), &served
				after.Templates = []v1alpha1.MessageTemplate{*submitted.DeepCopy(), *broken.DeepCopy()}
				tc.restrict(&after)
				after.Claims = tenant.ClaimsOf(&after.Account.Spec, tenant.Entitlement{}, "USD")
				document := tenant.Compile(after).Document
				if !tc.arrived(document) {
					t.Fatalf("the restriction is not in the document")
				}
				fitting, err := tenant.Fit(document, &served)
				if err != nil || fitting.Bytes == nil {
					t.Fatalf("the document does not arrive: %v", err)
				}
			})
		})
	}
}
