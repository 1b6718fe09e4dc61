package gateway

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/template"
)

// samplePlan is the shipped plan without what Poland costs since October 2026: messages there are
// unpriced.
func samplePlan(tb testing.TB) pricing.Plan {
	tb.Helper()
	content, err := os.ReadFile("../../config/samples/pricingplan_whatsapp.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	var manifest struct {
		Spec pricing.Plan `json:"spec"`
	}
	if err := yaml.Unmarshal(content, &manifest); err != nil {
		tb.Fatal(err)
	}
	newest := &manifest.Spec.Revisions[len(manifest.Spec.Revisions)-1]
	newest.Rates = slices.DeleteFunc(newest.Rates, func(r pricing.MarketRates) bool { return r.Market == "Poland" })
	newest.Tiers = slices.DeleteFunc(newest.Tiers, func(t pricing.Tiers) bool { return t.Market == "Poland" })
	return manifest.Spec
}

func bodyTemplate(name, category, text string) template.Definition {
	return template.Definition{
		Name: name, Language: "en_US", Category: category,
		Components: []template.Component{
			{Type: template.Body, Text: text, Example: &template.Example{BodyText: [][]string{{"Ana"}}}},
		},
	}
}

func approved(d template.Definition) config.Template {
	return config.Template{
		Definition: d, UpstreamID: "1689556908129832", UpstreamStatus: "APPROVED",
		BilledCategory: strings.ToLower(d.Category),
	}
}

// testDefinitions are the templates of the tests.
func testDefinitions() []template.Definition {
	return []template.Definition{
		bodyTemplate("parcel_ready", template.CategoryUtility, "Hello {{1}}, your parcel is ready."),
		bodyTemplate("summer_sale", template.CategoryMarketing, "Hello {{1}}, everything is cheaper now."),
	}
}

func testDocument(tb testing.TB, baseURL, callbackURL string) config.Document {
	tb.Helper()
	hash := sha256.Sum256([]byte(apiKey))
	channelOf := func(name, id string) config.Channel {
		return config.Channel{
			Name: name, Type: config.WhatsApp, ID: id, BusinessAccountID: waba, BaseURL: baseURL, APIVersion: "v26.0",
			AccessToken: accessToken, AppSecrets: []string{appSecret}, VerifyToken: verifyToken,
		}
	}
	d := config.Document{
		Format: config.Format,
		Account: config.Account{
			Namespace: "acme", Name: "acme", UID: "8a0e6f1c-62bb-4b5f-9d4b-3a1f5f9f0001", DisplayName: "Acme",
			TimeZone: "Europe/Paris", PortfolioID: "p1",
		},
		Plan:      samplePlan(tb),
		PlanName:  "whatsapp",
		Channels:  []config.Channel{channelOf("main", phoneID), channelOf("second", secondPhone)},
		APITokens: []config.APIToken{{Name: "client", SHA256: hex.EncodeToString(hash[:])}},
		Callback:  &config.Callback{URL: callbackURL, Secret: hookSecret},
		Consent: config.Consent{
			Policy:   consentNone,
			Keywords: []config.ConsentKeywords{{Language: "en", Stop: []string{"STOP"}, Resume: []string{"START"}}},
		},
		Limits: config.Limits{MessagesPerSecond: 1000},
		Doubt:  config.Doubt{Resolution: doubtFail, WaitSeconds: 300},
	}
	for _, definition := range testDefinitions() {
		d.Templates = append(d.Templates, approved(definition))
	}
	return d
}

func simulatorConfig(callbackURL string) simulator.Config {
	return simulator.Config{
		Accounts: []simulator.Account{{
			ID: waba, AppSecret: appSecret, VerifyToken: verifyToken, CallbackURL: callbackURL, Tokens: []string{
				accessToken,
			},
			Numbers: []simulator.Number{
				{ID: phoneID, DisplayPhoneNumber: "+1 555-078-3881"},
				{ID: secondPhone, DisplayPhoneNumber: "+1 555-078-3882"},
			},
			Templates: testDefinitions(),
		}},
		Seed: 1,
	}
}

// writeKeys makes the keys of a new account.
func writeKeys(tb testing.TB, directory string) (reportToken string) {
	tb.Helper()
	material, err := seal.NewKeys()
	if err != nil {
		tb.Fatal(err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	certificate := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, certificate, certificate, private.Public(), private)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		tb.Fatal(err)
	}
	for name, content := range map[string][]byte{
		config.KeysetFile: material.Keyset, config.CustomerKeyFile: material.CustomerKey, config.ReportTokenFile: material.ReportToken,
		config.TLSCertificateFile: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		config.TLSKeyFile:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	} {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return string(material.ReportToken)
}

func textTo(to, text string) string {
	return `{"messaging_product":"whatsapp","to":"` + to + `","type":"text","text":{"body":"` + text + `"}}`
}

func templateTo(to, name string) string {
	return `{"messaging_product":"whatsapp","to":"` + to + `","type":"template","template":{"name":"` + name +
		`","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}}`
}
