package simulator

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/simulator/pages"
	"github.com/guichet-dev/guichet/internal/template"
)

// Config is what a simulator starts with, and returns to on reset.
type Config struct {
	// Accounts are the WhatsApp Business accounts.
	Accounts []Account `json:"accounts"`
	// Pages are Facebook pages and Instagram accounts.
	Pages []pages.Page `json:"pages,omitempty"`
	// Delivery is the pace of statuses, counted from acceptance.
	Delivery Delivery `json:"delivery,omitzero"`
	// Review is how templates are judged.
	Review Review `json:"review,omitzero"`
	// Webhooks is how updates are posted.
	Webhooks Webhooks `json:"webhooks,omitzero"`
	// Record is how much is kept of each message: full (the default), hash or counts.
	Record RecordMode `json:"record,omitempty"`
	// Pricing is the model of the pricing block: "2026-10" (the default) or "2025-07".
	Pricing string `json:"pricing,omitempty"`
	// EntryPoint is how long a free entry point lasts; 168h unless set.
	EntryPoint Duration `json:"entryPoint,omitempty"`
	// AdWindow is for how long a page may write after a first message from an advertisement; 168h
	// unless set.
	AdWindow Duration `json:"adWindow,omitempty"`
	// CampaignWarmUp is how long a new campaign of marketing messages takes none: 1h at Meta, and
	// no time unless set.
	CampaignWarmUp Duration `json:"campaignWarmUp,omitempty"`
	// EnforceRates turns on the limits of a number (80 messages a second) and of
	// a pair (45 at once, then one in 6 seconds).
	EnforceRates bool `json:"enforceRates,omitempty"`
	// URL is where businesses reach the simulator. If it is set, webhooks of media have an address.
	URL string `json:"url,omitempty"`
	// Seed makes ids and faults repeatable; 0 takes a random one.
	Seed uint64 `json:"seed,omitempty"`
}

// Account is a WhatsApp Business account with its app.
type Account struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	// AppSecret signs the webhooks.
	AppSecret string `json:"appSecret,omitempty"`
	// VerifyToken is sent in the handshake; without one there is no handshake.
	VerifyToken string `json:"verifyToken,omitempty"`
	// CallbackURL receives the webhooks; without one they are counted and dropped.
	CallbackURL string `json:"callbackURL,omitempty"`
	// Tokens are the bearer tokens that are let in; none means any.
	Tokens []string `json:"tokens,omitempty"`
	// TokensExpire is when the tokens end; never unless set. They go on working.
	TokensExpire *time.Time `json:"tokensExpire,omitempty"`
	// FundingID is the id of the means of payment; "none" stands for none, and it is the account's
	// own id unless set.
	FundingID string `json:"fundingID,omitempty"`
	// Fields are the webhook fields that the app is subscribed to; all that a gateway needs unless
	// set. What is posted does not depend on them.
	Fields []string `json:"fields,omitempty"`
	// Numbers are the phone numbers.
	Numbers []Number `json:"numbers"`
	// Templates are approved from the start.
	Templates []template.Definition `json:"templates,omitempty"`
}

// Number is a business phone number.
type Number struct {
	ID                 string `json:"id"`
	DisplayPhoneNumber string `json:"displayPhoneNumber"`
	VerifiedName       string `json:"verifiedName,omitempty"`
	// QualityRating is GREEN unless set.
	QualityRating string `json:"qualityRating,omitempty"`
	// Status is CONNECTED unless set.
	Status string `json:"status,omitempty"`
	// Throughput is STANDARD unless set.
	Throughput string `json:"throughput,omitempty"`
}

// Delivery is when each status happens, counted from acceptance.
type Delivery struct {
	SentAfter      Duration `json:"sentAfter,omitempty"`
	DeliveredAfter Duration `json:"deliveredAfter,omitempty"`
	ReadAfter      Duration `json:"readAfter,omitempty"`
	// NoRead leaves read receipts out.
	NoRead bool `json:"noRead,omitempty"`
}

// Review is how templates are judged.
type Review struct {
	// After is the time from submission to the decision.
	After Duration `json:"after,omitempty"`
	// Manual leaves the decision to the control API.
	Manual bool `json:"manual,omitempty"`
}

// DefaultConfig is a laptop's: one account with a number, one page, any token, no callback.
func DefaultConfig() Config {
	return Config{
		Accounts: []Account{{
			ID:   "102290129340398",
			Name: "Laptop",
			Numbers: []Number{{
				ID: "106540352242922", DisplayPhoneNumber: "+1 555-078-3881", VerifiedName: "Laptop",
			}},
		}},
		Pages:  []pages.Page{{ID: "108181820024680", Name: "Laptop"}},
		Review: Review{After: Duration(500 * time.Millisecond)},
	}
}

// ParseConfig reads a configuration in YAML or JSON. Unknown fields are errors.
func ParseConfig(text []byte) (Config, error) {
	var config Config
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		return Config{}, fmt.Errorf("configuration: %w", err)
	}
	return config, config.validate()
}

func (c Config) validate() error {
	switch c.Record {
	case "", RecordFull, RecordHash, RecordCounts:
	default:
		return errors.New("record: use full, hash or counts")
	}
	switch c.Pricing {
	case "", pricing2025, pricing2026:
	default:
		return fmt.Errorf("pricing: use %s or %s", pricing2025, pricing2026)
	}
	if c.Webhooks.MaxBatch < 0 || c.Webhooks.MaxBatch > 1000 {
		return errors.New("webhooks.maxBatch: use 1 to 1000")
	}
	if c.URL != "" && !isHTTP(c.URL) {
		return errors.New("url: give an http or https URL")
	}
	ids := map[string]bool{}
	for i, account := range c.Accounts {
		if err := account.validate(ids); err != nil {
			return fmt.Errorf("accounts[%d].%w", i, err)
		}
	}
	for i, page := range c.Pages {
		if err := page.Validate(ids); err != nil {
			return fmt.Errorf("pages[%d].%w", i, err)
		}
	}
	return nil
}

// validate checks an account; ids are those taken so far.
func (a Account) validate(ids map[string]bool) error {
	if a.ID == "" || ids[a.ID] {
		return errors.New("id: give an id that nothing else has")
	}
	ids[a.ID] = true
	if a.CallbackURL != "" && !isHTTP(a.CallbackURL) {
		return errors.New("callbackURL: give an http or https URL")
	}
	for i, number := range a.Numbers {
		if number.ID == "" || ids[number.ID] {
			return fmt.Errorf("numbers[%d].id: give an id that nothing else has", i)
		}
		ids[number.ID] = true
	}
	for i, definition := range a.Templates {
		if _, err := template.Compile(definition); err != nil {
			return fmt.Errorf("templates[%d]: %w", i, err)
		}
	}
	return nil
}

func isHTTP(address string) bool {
	parsed, err := url.Parse(address)
	return err == nil && parsed.Host != "" && (parsed.Scheme == "http" || parsed.Scheme == "https")
}

// withDefaults fills what is left out.
func (c Config) withDefaults() Config {
	const week = 7 * 24 * time.Hour
	c.Record = orElse(c.Record, RecordFull)
	c.Pricing = orElse(c.Pricing, pricing2026)
	c.EntryPoint = orElse(c.EntryPoint, Duration(week))
	c.AdWindow = orElse(c.AdWindow, Duration(week))
	c.Webhooks.MaxBatch = orElse(c.Webhooks.MaxBatch, 100)
	c.Webhooks.Workers = orElse(c.Webhooks.Workers, 1)
	c.Webhooks.MaxPending = orElse(c.Webhooks.MaxPending, 200_000)
	c.Webhooks.Timeout = orElse(c.Webhooks.Timeout, Duration(10*time.Second))
	return c
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
