// Package gatewaytest has the fixtures that the tests of a gateway's packages share: an account,
// its configuration document and its keys.
package gatewaytest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/template"
)

// What the account of Document is known by, and the secrets that are exchanged with it.
const (
	PhoneID         = "106540352242922"
	SecondPhone     = "106540352242923"
	BusinessAccount = "102290129340398"
	AccountUID      = "8a0e6f1c-62bb-4b5f-9d4b-3a1f5f9f0001"
	AppSecret       = "app-secret-4711"
	VerifyToken     = "verify-token-4711"
	APIKey          = "token-of-the-business"
	AccessToken     = "token-of-meta"
	CallbackSecret  = "secret-of-the-callback"
)

// Ana is a customer's number in France: utility, service and authentication cost 0.0300 USD there
// since October 2026, marketing 0.0859.
const Ana = "33612345678"

// Noon is the instant at which the tests' clocks start.
var Noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// root is the directory of the module.
func root() (string, error) {
	for directory := "."; len(directory) < 64; directory = filepath.Join(directory, "..") {
		if _, err := os.Stat(filepath.Join(directory, "go.mod")); err == nil {
			return directory, nil
		}
	}
	return "", errors.New("the module's directory was not found")
}

// shippedPlan is the shipped plan's specification in JSON. Its YAML takes a while to read.
var shippedPlan = sync.OnceValues(func() ([]byte, error) { return readPlan("pricingplan_whatsapp.yaml") })

// readPlan is the specification of a shipped plan in JSON.
func readPlan(name string) ([]byte, error) {
	directory, err := root()
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(filepath.Join(directory, "config/samples", name))
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Spec json.RawMessage `json:"spec"`
	}
	err = yaml.Unmarshal(content, &manifest)
	return manifest.Spec, err
}

// Plan is the shipped plan without what Poland costs since October 2026: messages there are
// unpriced.
func Plan(tb testing.TB) pricing.Plan {
	tb.Helper()
	content, err := shippedPlan()
	if err != nil {
		tb.Fatal(err)
	}
	var plan pricing.Plan
	if err := json.Unmarshal(content, &plan); err != nil {
		tb.Fatal(err)
	}
	newest := &plan.Revisions[len(plan.Revisions)-1]
	newest.Rates = slices.DeleteFunc(newest.Rates, func(r pricing.MarketRates) bool { return r.Market == "Poland" })
	newest.Tiers = slices.DeleteFunc(newest.Tiers, func(t pricing.Tiers) bool { return t.Market == "Poland" })
	return plan
}

// BodyTemplate is a template that is a body with one parameter.
func BodyTemplate(name, category, text string) template.Definition {
	return template.Definition{
		Name: name, Language: "en_US", Category: category,
		Components: []template.Component{
			{Type: template.Body, Text: text, Example: &template.Example{BodyText: [][]string{{"Ana"}}}},
		},
	}
}

// Approved is a template as the upstream has approved it.
func Approved(d template.Definition) config.Template {
	return config.Template{
		Definition: d, UpstreamID: "1689556908129832", UpstreamStatus: "APPROVED",
		BilledCategory: strings.ToLower(d.Category),
	}
}

// Definitions are the templates of the tests.
func Definitions() []template.Definition {
	return []template.Definition{
		BodyTemplate("parcel_ready", template.CategoryUtility, "Hello {{1}}, your parcel is ready."),
		BodyTemplate("summer_sale", template.CategoryMarketing, "Hello {{1}}, everything is cheaper now."),
	}
}

// Document is the configuration of the account, whose upstream and endpoint have the given
// addresses.
func Document(tb testing.TB, baseURL, callbackURL string) config.Document {
	tb.Helper()
	hash := sha256.Sum256([]byte(APIKey))
	channelOf := func(name, id string) config.Channel {
		return config.Channel{
			Name: name, Type: config.WhatsApp, ID: id, BusinessAccountID: BusinessAccount,
			BaseURL: baseURL, APIVersion: "v26.0", AccessToken: AccessToken,
			AppSecrets: []string{AppSecret}, VerifyToken: VerifyToken,
		}
	}
	d := config.Document{
		AllowedEgress: []string{"127.0.0.0/8"}, // the simulator and the business are on this machine
		Format:        config.Format,
		Account: config.Account{
			Namespace: "acme", Name: "acme", UID: AccountUID, DisplayName: "Acme",
			TimeZone: "Europe/Paris", PortfolioID: "p1",
		},
		Plan:      Plan(tb),
		PlanName:  "whatsapp",
		Channels:  []config.Channel{channelOf("main", PhoneID), channelOf("second", SecondPhone)},
		APITokens: []config.APIToken{{Name: "client", SHA256: hex.EncodeToString(hash[:])}},
		Callback:  &config.Callback{URL: callbackURL, Secret: CallbackSecret},
		Consent: config.Consent{
			Policy:   config.ConsentNone,
			Keywords: []config.ConsentKeywords{{Language: "en", Stop: []string{"STOP"}, Resume: []string{"START"}}},
		},
		Limits: config.Limits{MessagesPerSecond: 1000},
		Doubt:  config.Doubt{Resolution: config.DoubtFail, WaitSeconds: 300},
	}
	for _, definition := range Definitions() {
		d.Templates = append(d.Templates, Approved(definition))
	}
	return d
}

// SimulatorConfig is the upstream of the account of Document.
func SimulatorConfig(callbackURL string) simulator.Config {
	return simulator.Config{
		Accounts: []simulator.Account{{
			ID: BusinessAccount, AppSecret: AppSecret, VerifyToken: VerifyToken, CallbackURL: callbackURL,
			Tokens: []string{AccessToken},
			Numbers: []simulator.Number{
				{ID: PhoneID, DisplayPhoneNumber: "+1 555-078-3881"},
				{ID: SecondPhone, DisplayPhoneNumber: "+1 555-078-3882"},
			},
			Templates: Definitions(),
		}},
		Pages: simulatedPages(callbackURL),
		Seed:  1,
	}
}

// WriteKeys makes the keys of a new account.
func WriteKeys(tb testing.TB, directory string) (reportToken string) {
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
		config.KeysetFile:         material.Keyset,
		config.CustomerKeyFile:    material.CustomerKey,
		config.ReportTokenFile:    material.ReportToken,
		config.TLSCertificateFile: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		config.TLSKeyFile:         pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}),
	} {
		if err := os.WriteFile(filepath.Join(directory, name), content, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	return string(material.ReportToken)
}

// TextTo is the body of a send of a text.
func TextTo(to, text string) string {
	return `{"messaging_product":"whatsapp","to":"` + to + `","type":"text","text":{"body":"` + text + `"}}`
}

// TemplateTo is the body of a send of a template of BodyTemplate's form.
func TemplateTo(to, name string) string {
	return `{"messaging_product":"whatsapp","to":"` + to + `","type":"template","template":{"name":"` + name +
		`","language":{"code":"en_US"},"components":[{"type":"body","parameters":[{"type":"text","text":"Ana"}]}]}}`
}

// USD is an amount of United States dollars.
func USD(amount string) money.Money {
	return money.Money{Amount: money.MustParse(amount), Currency: "USD"}
}

// Encoded is Document as it is mounted, after the test has changed it.
func Encoded(tb testing.TB, change func(*config.Document)) []byte {
	tb.Helper()
	d := Document(tb, "http://127.0.0.1:1", "http://127.0.0.1:2")
	change(&d)
	encoded, err := json.Marshal(d)
	if err != nil {
		tb.Fatal(err)
	}
	return encoded
}
