package rig

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/seal"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/store"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// What the account and its upstream agree on.
const (
	BusinessAccountID = "102290129340398"
	APIVersion        = "v26.0"
	APIKey            = "key-of-the-business"
	CallbackSecret    = "secret-of-the-callback"

	accessToken = "token-of-the-upstream"
	appSecret   = "secret-of-the-app"
	verifyToken = "token-of-the-handshake"
	storeFile   = "gateway.db"
)

// PhoneNumberIDs returns the account's two numbers.
func PhoneNumberIDs() []string { return []string{"106540352242922", "106540352242923"} }

// Templates returns the templates, approved at the upstream and in the account: each has the name
// of its category and one parameter.
func Templates() []template.Definition {
	return []template.Definition{
		templateOf("utility", "Hello {{1}}, your parcel is ready."),
		templateOf("marketing", "Hello {{1}}, everything is cheaper now."),
	}
}

func templateOf(name, text string) template.Definition {
	return template.Definition{
		Name: name, Language: "en_US", Category: strings.ToUpper(name),
		Components: []template.Component{
			{Type: template.Body, Text: text, Example: &template.Example{BodyText: [][]string{{"Ana"}}}},
		},
	}
}

// Account is one account on disk: configuration, keys and store.
type Account struct {
	// Document is the configuration. WriteDocument makes a change known.
	Document  config.Document
	directory string
	keys      map[string][]byte
}

// NewAccount makes an account's directories and keys below a directory. Its plan is the newest
// revision of the shipped one, in force since 2018, so that no figure depends on the machine's
// date. WriteDocument has yet to be called.
func NewAccount(directory, upstream string) (*Account, error) {
	plan, err := newestPlan("pricingplan_whatsapp.yaml")
	if err != nil {
		return nil, err
	}
	a := &Account{Document: document(plan, upstream), directory: directory}
	for _, name := range []string{"config", "keys", "data"} {
		if err := os.MkdirAll(a.Path(name), 0o700); err != nil {
			return nil, err
		}
	}
	owner := &v1alpha1.BusinessAccount{}
	owner.Namespace, owner.Name = a.Document.Account.Namespace, a.Document.Account.Name
	secret, err := kube.KeysSecret(owner, time.Now())
	if err != nil {
		return nil, err
	}
	a.keys = secret.Data
	for name, content := range a.keys {
		if err := os.WriteFile(a.Path("keys", name), content, 0o600); err != nil {
			return nil, err
		}
	}
	return a, nil
}

func document(plan pricing.Plan, upstream string) config.Document {
	hash := sha256.Sum256([]byte(APIKey))
	d := config.Document{
		AllowedEgress: []string{"127.0.0.0/8"}, // everybody is on this machine
		Format:        config.Format,
		Account: config.Account{
			Namespace: "rig", Name: "rig", UID: "8a0e6f1c-62bb-4b5f-9d4b-3a1f5f9f0002", DisplayName: "Rig",
			TimeZone: "Etc/UTC", PortfolioID: "rig",
		},
		Plan:      plan,
		PlanName:  "rig",
		APITokens: []config.APIToken{{Name: "client", SHA256: hex.EncodeToString(hash[:])}},
		Consent:   config.Consent{Policy: "None"},
		Limits:    config.Limits{MessagesPerSecond: 1_000_000},
		Doubt:     config.Doubt{Resolution: "Fail", WaitSeconds: 300},
	}
	for _, id := range PhoneNumberIDs() {
		d.Channels = append(d.Channels, config.Channel{
			Name: "number-" + id, Type: config.WhatsApp, ID: id, BusinessAccountID: BusinessAccountID,
			BaseURL: upstream, APIVersion: APIVersion,
			AccessToken: accessToken, AppSecrets: []string{appSecret}, VerifyToken: verifyToken,
		})
	}
	for _, definition := range Templates() {
		d.Templates = append(d.Templates, config.Template{
			Definition: definition, UpstreamID: "1689556908129832", UpstreamStatus: "APPROVED",
			BilledCategory: strings.ToLower(definition.Category),
		})
	}
	return d
}

// newestPlan reads a shipped plan, from the module's root or a directory below it, and returns its
// newest revision, in force since 2018.
func newestPlan(file string) (pricing.Plan, error) {
	sample := "config/samples/" + file
	for _, root := range []string{".", "..", "../.."} {
		content, err := os.ReadFile(filepath.Join(root, sample))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var manifest struct {
			Spec pricing.Plan `json:"spec"`
		}
		if err == nil {
			err = yaml.Unmarshal(content, &manifest)
		}
		if err != nil || len(manifest.Spec.Revisions) == 0 {
			return pricing.Plan{}, fmt.Errorf("read %s: %w", sample, err)
		}
		newest := manifest.Spec.Revisions[len(manifest.Spec.Revisions)-1]
		newest.EffectiveDate = "2018-08-01"
		manifest.Spec.Revisions = []pricing.Revision{newest}
		return manifest.Spec, nil
	}
	return pricing.Plan{}, fmt.Errorf("%s is not here: run from the module's root", sample)
}

// Path returns a file of the account.
func (a *Account) Path(names ...string) string {
	return filepath.Join(append([]string{a.directory}, names...)...)
}

// WriteDocument replaces the configuration in one step, as a Secret's volume is replaced.
func (a *Account) WriteDocument() error {
	content, err := json.Marshal(a.Document)
	if err != nil {
		return err
	}
	return a.WriteConfiguration(content)
}

// WriteConfiguration replaces the configuration by any bytes.
func (a *Account) WriteConfiguration(content []byte) error {
	path := a.Path("config", config.FileName)
	if err := os.WriteFile(path+".new", content, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// OpenStore opens the store that a gateway has left, or is to find.
func (a *Account) OpenStore(ctx context.Context) (*store.Store, error) {
	keys, err := a.Keys()
	if err != nil {
		return nil, err
	}
	options := store.Options{AccountUID: a.Document.Account.UID, Keys: keys}
	if storage := a.Document.Storage; storage.Type == config.StorageShared {
		options.Shared = &store.Shared{URL: storage.URL}
	} else {
		options.Path = a.Path("data", storeFile)
	}
	return store.Open(ctx, options)
}

// Keys returns those that encrypt the store and hash the customers.
func (a *Account) Keys() (*seal.Keys, error) {
	return seal.Parse(a.keys[config.KeysetFile], a.keys[config.CustomerKeyFile])
}

// Upstream returns the simulator's part of the account. Statuses follow each other within
// milliseconds.
func Upstream(callback string) simulator.Config {
	account := simulator.Account{
		ID: BusinessAccountID, AppSecret: appSecret, VerifyToken: verifyToken, CallbackURL: callback, Tokens: []string{
			accessToken,
		}, Templates: Templates(),
	}
	for i, id := range PhoneNumberIDs() {
		account.Numbers = append(
			account.Numbers, simulator.Number{ID: id, DisplayPhoneNumber: fmt.Sprintf("+1 555-078-388%d", i)},
		)
	}
	return simulator.Config{Accounts: []simulator.Account{account}, Seed: 1}
}
