package tenant_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

func TestCheckSecretsNamesWhatIsMissing(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "full_account.yaml")
	tests := map[string]struct {
		change func(tenant.Secrets)
		want   *tenant.Problem
	}{
		"nothing": {change: func(tenant.Secrets) {}},
		"a Secret": {
			change: func(s tenant.Secrets) { delete(s, "acme-callback") },
			want: &tenant.Problem{
				Reason:  "SecretNotFound",
				Message: `Secret "acme-callback" is not there: the callback needs it with the key 'secret'`,
			},
		},
		"one key": {
			change: func(s tenant.Secrets) { s["acme-callback"] = map[string][]byte{} },
			want: &tenant.Problem{
				Reason:  "SecretKeyMissing",
				Message: `Secret "acme-callback" lacks a value for 'secret', which the callback needs`,
			},
		},
		"every token": {
			change: func(s tenant.Secrets) { s["acme-clients"] = map[string][]byte{"shop": []byte(" ")} },
			want: &tenant.Problem{
				Reason:  "SecretKeyMissing",
				Message: `Secret "acme-clients" holds no API token: it must have at least one key with a value`,
			},
		},
		"two things": {
			change: func(s tenant.Secrets) { delete(s, "acme-clients"); delete(s["acme-credentials"], "verifyToken") },
			want: &tenant.Problem{
				Reason: "SecretNotFound",
				Message: `Secret "acme-clients" is not there: ` +
					`it must hold the API tokens, each under a name of its own; ` +
					`Secret "acme-credentials" lacks a value for 'verifyToken', which channel "main" needs; ` +
					`Secret "acme-credentials" lacks a value for 'verifyToken', which channel "returns" needs`,
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			given := secrets()
			tc.change(given)
			if diff := cmp.Diff(tc.want, tenant.CheckSecrets(account, given)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestKeysSecretServesItsPurposes(t *testing.T) {
	account := load[v1alpha1.BusinessAccount](t, "small_account.yaml")
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	secret, err := kube.KeysSecret(account, now)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"customer.key", "keyset.json", "report.token", "tls.crt", "tls.key"}
	for _, file := range files {
		if len(secret.Data[file]) == 0 {
			t.Errorf("%s is empty", file)
		}
	}
	if _, err := seal.Parse(secret.Data[config.KeysetFile], secret.Data[config.CustomerKeyFile]); err != nil {
		t.Errorf("the gateway cannot read its keys: %v", err)
	}
	if _, err := tls.X509KeyPair(secret.Data[config.TLSCertificateFile], secret.Data[config.TLSKeyFile]); err != nil {
		t.Errorf("the certificate and its key do not fit: %v", err)
	}
	block, _ := pem.Decode(secret.Data[config.TLSCertificateFile])
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(certificate)
	if _, err := certificate.Verify(
		x509.VerifyOptions{Roots: roots, DNSName: "acme-gateway.shops.svc", CurrentTime: now.AddDate(9, 11, 0)},
	); err != nil {
		t.Errorf("the pinned certificate does not verify: %v", err)
	}
	if len(secret.OwnerReferences) != 0 || !kube.Retained(secret, "acme") {
		t.Errorf("got the owners %v and labels %v, want none and the account's: the keys outlive the account",
			secret.OwnerReferences, secret.Labels)
	}
	if host := kube.ReportHost(secret, "shops", "acme"); host != "acme-gateway.shops.svc" {
		t.Errorf("the report's host is %s", host)
	}
	if host := kube.ReportHost(secret, "elsewhere", "parcels"); host != "acme-gateway.shops.svc" {
		t.Errorf("the report's host with the keys of another account is %s, want the certificate's", host)
	}
	again, err := kube.KeysSecret(account, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if string(again.Data[file]) == string(secret.Data[file]) {
			t.Errorf("two accounts would share %s", file)
		}
	}
}

func TestP7DocumentHoldsOnlyHashesOfAPITokens(t *testing.T) {
	document := tenant.Compile(tenant.Sources{
		Account: load[v1alpha1.BusinessAccount](t, "full_account.yaml"), Plan: plan(), Secrets: secrets(),
	}).Document
	encoded, digest, err := tenant.Encode(document)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(encoded), "api-token-") {
		t.Error("the document holds an API token")
	}
	if digest != tenant.Digest(encoded) || !strings.HasPrefix(digest, "sha256:") || len(digest) != 71 {
		t.Errorf("got the digest %q", digest)
	}
}

func TestTemplatesAreThoseThatTheUpstreamHas(t *testing.T) {
	approved := submitted(t)
	known := tenant.Templates(&v1alpha1.BusinessAccount{}, []v1alpha1.MessageTemplate{approved}, nil)
	if len(known) != 1 || known[0].UpstreamID != "5001" || known[0].UpstreamStatus != "APPROVED" ||
		known[0].BilledCategory != "marketing" {
		t.Fatalf("got %+v, want the approved template, billed as marketing", known)
	}

	edited := approved
	edited.Spec.Body.Text = "Hello {{1}}, it comes on {{2}}, at last. Bye."
	if got := tenant.Templates(&v1alpha1.BusinessAccount{}, []v1alpha1.MessageTemplate{edited}, nil); len(got) != 0 {
		t.Errorf("got %+v: a text that the upstream does not have must not be sent", got)
	}
	if got := tenant.Templates(
		&v1alpha1.BusinessAccount{},
		[]v1alpha1.MessageTemplate{edited}, known,
	); len(got) != 1 || got[0].Components[0].Text != approved.Spec.Body.Text {
		t.Errorf("got %+v, want the copy that the upstream still has", got)
	}

	unsubmitted := approved
	unsubmitted.Status = v1alpha1.MessageTemplateStatus{}
	got := tenant.Templates(&v1alpha1.BusinessAccount{}, []v1alpha1.MessageTemplate{unsubmitted}, nil)
	if len(got) != 0 {
		t.Errorf("got %+v for a template that was never submitted", got)
	}
}

func TestDefinitionIsWhatTheUpstreamTakes(t *testing.T) {
	tests := map[string]struct {
		spec v1alpha1.MessageTemplateSpec
		want string
	}{
		"positional with everything": {
			spec: v1alpha1.MessageTemplateSpec{
				Name: "order_ready", Language: "pt_BR", Category: v1alpha1.TemplateUtility, SendTTLSeconds: 3600,
				Header: &v1alpha1.TemplateHeader{
					Format: v1alpha1.HeaderText, Text: "Order {{1}}",
					Examples: []v1alpha1.TemplateExample{{Value: "881"}},
				},
				Body: v1alpha1.TemplateBody{
					Text:     "Hi {{1}}, order {{2}} is ready.",
					Examples: []v1alpha1.TemplateExample{{Value: "Ana"}, {Value: "881"}},
				},
				Footer: "Shop X",
				Buttons: []v1alpha1.TemplateButton{
					{Type: v1alpha1.ButtonQuickReply, Text: "Later"},
					{Type: v1alpha1.ButtonURL, Text: "Track", URL: "https://ex.test/t/{{1}}", Example: "881"},
					{Type: v1alpha1.ButtonPhoneNumber, Text: "Call", PhoneNumber: "+15550100"},
				},
			},
			want: `{"name":"order_ready","language":"pt_BR","category":"UTILITY","parameter_format":"POSITIONAL","components":[
				{"type":"HEADER","format":"TEXT","text":"Order {{1}}","example":{"header_text":["881"]}},
				{"type":"BODY","text":"Hi {{1}}, order {{2}} is ready.","example":{"body_text":[["Ana","881"]]}},
				{"type":"FOOTER","text":"Shop X"},
				{"type":"BUTTONS","buttons":[{"type":"QUICK_REPLY","text":"Later"},{"type":"URL","text":"Track","url":"https://ex.test/t/{{1}}","example":["881"]},
					{"type":"PHONE_NUMBER","text":"Call","phone_number":"+15550100"}]}],"message_send_ttl_seconds":3600}`,
		},
		"named with a picture": {
			spec: v1alpha1.MessageTemplateSpec{
				Name: "n", Language: "en_US", Category: v1alpha1.TemplateMarketing,
				ParameterFormat: v1alpha1.ParameterNamed,
				Header:          &v1alpha1.TemplateHeader{Format: v1alpha1.HeaderImage, ExampleHandle: "4::aW"},
				Body: v1alpha1.TemplateBody{
					Text:     "Hi {{first_name}}!",
					Examples: []v1alpha1.TemplateExample{{Name: "first_name", Value: "Ana"}},
				},
			},
			want: `{"name":"n","language":"en_US","category":"MARKETING","parameter_format":"NAMED","components":[
				{"type":"HEADER","format":"IMAGE","example":{"header_handle":["4::aW"]}},
				{"type":"BODY","text":"Hi {{first_name}}!","example":{"body_text_named_params":[{"param_name":"first_name","example":"Ana"}]}}]}`,
		},
		"authentication": {
			spec: v1alpha1.MessageTemplateSpec{
				Name: "code", Language: "en_US", Category: v1alpha1.TemplateAuthentication,
				Body: v1alpha1.TemplateBody{
					Text: "Your code", CodeExpirationMinutes: 5,
					SecurityRecommendation: v1alpha1.SecurityRecommendationShown,
				},
				Buttons: []v1alpha1.TemplateButton{
					{
						Type:          v1alpha1.ButtonOneTap,
						SupportedApps: []v1alpha1.SupportedApp{{PackageName: "com.acme", SignatureHash: "K8a"}},
					},
				},
			},
			want: `{"name":"code","language":"en_US","category":"AUTHENTICATION","parameter_format":"POSITIONAL","components":[
				{"type":"BODY","add_security_recommendation":true},
				{"type":"FOOTER","code_expiration_minutes":5},
				{"type":"BUTTONS","buttons":[{"type":"OTP","otp_type":"ONE_TAP","supported_apps":[{"package_name":"com.acme","signature_hash":"K8a"}]}]}]}`,
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			var want any
			if err := json.Unmarshal([]byte(tc.want), &want); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, asTree(t, tenant.Definition(&tc.spec))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDifferencesNameTheParts(t *testing.T) {
	wanted := template.Definition{Category: "UTILITY", Components: []template.Component{
		{Type: "HEADER", Format: "TEXT", Text: "Order"}, {Type: "BODY", Text: "Hi"}, {Type: "BUTTONS", Buttons: []template.Button{{Type: "QUICK_REPLY", Text: "Later"}}},
	}}
	upstream := template.Definition{Category: "UTILITY", Components: []template.Component{
		{Type: "HEADER", Text: "Order", Format: "TEXT"}, {Type: "BODY", Text: "Hi", Example: &template.Example{}}, {Type: "BUTTONS", Buttons: []template.Button{{Type: "QUICK_REPLY", Text: "Later"}}},
	}}
	if got := tenant.Differences(wanted, upstream); len(got) != 0 {
		t.Errorf("got %v for the same template", got)
	}
	upstream.Components[1].Text = "Ho"
	upstream.Components = append(upstream.Components[:2], template.Component{Type: "FOOTER", Text: "Acme"})
	if diff := cmp.Diff([]string{"body", "footer", "buttons"}, tenant.Differences(wanted, upstream)); diff != "" {
		t.Error(diff)
	}
}

func TestPriceRange(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	tests := map[string]struct {
		category string
		at       time.Time
		want     string
		known    bool
	}{
		"two markets":                {"Utility", at, "0.0068–0.0248 USD", true},
		"dearer":                     {"Marketing", at, "0.0625–0.0859 USD", true},
		"no rate":                    {"Authentication", at, "", false},
		"before the first revision":  {"Utility", at.AddDate(-3, 0, 0), "", false},
		"the first day, in its zone": {"Utility", time.Date(2025, 7, 1, 3, 0, 0, 0, time.UTC), "0.0068–0.0248 USD", true},
		"the last second before it":  {"Utility", time.Date(2025, 7, 1, 2, 59, 59, 0, time.UTC), "", false},
	}
	zone, err := time.LoadLocation("America/Sao_Paulo")
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, known := tenant.PriceRange(plan(), tc.category, tc.at, zone)
			if known != tc.known || known && got != tc.want {
				t.Errorf("got %q, %t; want %q, %t", got, known, tc.want, tc.known)
			}
		})
	}
}
