package gateway

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/template"
)

// tenant is a configuration document made ready to serve. It never changes: a new document makes a
// new tenant, and a request that began with one ends with it.
type tenant struct {
	config.Document
	digest    string
	transport http.RoundTripper

	book      *pricing.Book
	account   pricing.Account
	zone      *time.Location
	channels  map[string]*channel // by phone number id
	secrets   []string            // the app secrets of all channels, each once
	templates map[templateKey]*servedTemplate
	// leftOut says of each template that cannot be served why: the others are.
	leftOut []string
	tokens  []apiToken
	words   keywords
}

// channel is a phone number with what the gateway needs to talk to its upstream.
type channel struct {
	config.Channel
	client *graph.Client
	// secrets are those that may have signed a webhook of the channel's business account: its own
	// and those of its siblings.
	secrets []string
}

// shared tells whether the account's store is one that replicas share.
func (t *tenant) shared() bool { return t.Storage.Type == config.StorageShared }

type templateKey struct{ name, language string }

// servedTemplate is a template made ready to be matched.
type servedTemplate struct {
	*config.Template
	compiled *template.Compiled
	// category is that under which it is billed now.
	category conversation.Category
	// ttl is how long the upstream tries to deliver it.
	ttl time.Duration
}

// Consent policies and budget actions of a document.
const (
	consentPriorContact = "PriorContact"
	consentOptIn        = "OptIn"
	consentNone         = "None"

	budgetBlock = "Block"
	budgetWarn  = "Warn"

	doubtFail   = "Fail"
	doubtResend = "Resend"
)

// digestOf is the digest under which a gateway reports a document: of its bytes as they are
// mounted.
func digestOf(document []byte) string {
	sum := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// parseTenant reads and compiles a document; its clients call the upstream through transport. Its
// errors name the field and hold no secret.
func parseTenant(document []byte, transport http.RoundTripper) (*tenant, error) {
	t := &tenant{digest: digestOf(document), transport: transport}
	decoder := json.NewDecoder(bytes.NewReader(document))
	if err := decoder.Decode(&t.Document); err != nil {
		return nil, describeJSON(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the document goes on behind its closing brace: write one JSON object")
	}
	if t.Format != config.Format {
		return nil, fmt.Errorf(
			"format is %d and this gateway knows %d: upgrade the gateway or the operator", t.Format, config.Format,
		)
	}
	for _, step := range []func() error{
		t.compilePlan, t.compileAccount, t.compileChannels, t.compileTokens, t.checkPolicies,
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	t.compileTemplates()
	return t, nil
}

// describeJSON says where a document is malformed. The decoder's own sentence may quote a value,
// and a value may be a secret.
func describeJSON(err error) error {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Errorf("malformed JSON at byte %d", syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return fmt.Errorf("%s must be %s, at byte %d", kind.Field, kind.Type, kind.Offset)
	}
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the document is empty or cut off")
	default:
		return errors.New("the document holds a value that its field does not take")
	}
}

func (t *tenant) compilePlan() (err error) {
	if t.book, err = pricing.Compile(t.Plan); err != nil {
		return fmt.Errorf("plan %q: %w", t.PlanName, err)
	}
	t.Plan = pricing.Plan{} // the book has all of it
	return nil
}

func (t *tenant) compileAccount() (err error) {
	if t.Account.UID == "" {
		return errors.New("account.uid is missing: the ledger is bound to it")
	}
	if t.Account.TimeZone == "" {
		return errors.New("account.timeZone is missing: give an IANA name such as Europe/Paris")
	}
	if t.zone, err = time.LoadLocation(t.Account.TimeZone); err != nil {
		return errors.New("account.timeZone is no known IANA time zone: give a name such as Europe/Paris")
	}
	t.account, err = pricingAccount(t.Account, t.zone)
	return err
}

func (t *tenant) compileChannels() error {
	if t.Channels == nil {
		return errors.New(
			"channels is missing: it is a list, which is empty when other accounts hold all of the account's phone " +
				"numbers",
		)
	}
	t.channels = make(map[string]*channel, len(t.Channels))
	for i, c := range t.Channels {
		path := fmt.Sprintf("channels[%d]", i)
		if c.Type != config.WhatsApp {
			return fmt.Errorf("%s.type must be %q: this gateway serves no other network", path, config.WhatsApp)
		}
		if c.ID == "" || t.channels[c.ID] != nil {
			return fmt.Errorf("%s.id must be there and stand once", path)
		}
		client, err := graph.NewClient(graph.ClientOptions{
			BaseURL: c.BaseURL, Version: c.APIVersion, Token: graph.Token(
				c.AccessToken,
			), Timeout: upstreamTimeout, Transport: t.transport,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		t.channels[c.ID] = &channel{Channel: c, client: client}
	}
	for _, c := range t.channels {
		t.secrets = appendMissing(t.secrets, c.AppSecrets...)
		for _, sibling := range t.Channels {
			if sibling.BusinessAccountID == c.BusinessAccountID {
				c.secrets = appendMissing(c.secrets, sibling.AppSecrets...)
			}
		}
	}
	return nil
}

// appendMissing appends what is not empty and not in the list yet.
func appendMissing(list []string, more ...string) []string {
	for _, candidate := range more {
		if candidate != "" && !slices.Contains(list, candidate) {
			list = append(list, candidate)
		}
	}
	return list
}

// compileTemplates leaves out a template that this gateway cannot send. To refuse the document for
// it would keep a smaller budget or a revoked token from taking effect.
func (t *tenant) compileTemplates() {
	t.templates = make(map[templateKey]*servedTemplate, len(t.Templates))
	for i := range t.Templates {
		definition := &t.Templates[i]
		served, err := newServedTemplate(definition)
		if err != nil {
			t.leftOut = append(
				t.leftOut, fmt.Sprintf("templates[%d] (%s, %s): %s", i, definition.Name, definition.Language, err),
			)
			continue
		}
		t.templates[templateKey{definition.Name, definition.Language}] = served
	}
}

func newServedTemplate(definition *config.Template) (*servedTemplate, error) {
	compiled, err := template.Compile(definition.Definition)
	if err != nil {
		return nil, err
	}
	category, err := billedCategory(definition)
	if err != nil {
		return nil, err
	}
	return &servedTemplate{
		Template: definition, compiled: compiled, category: category, ttl: templateTTL(definition),
	}, nil
}

func (t *tenant) compileTokens() error {
	if t.APITokens == nil {
		return errors.New("apiTokens is missing: it is a list, which is empty when no token is valid")
	}
	for i, token := range t.APITokens {
		hash, err := hex.DecodeString(token.SHA256)
		if err != nil || len(hash) != sha256.Size {
			return fmt.Errorf("apiTokens[%d].sha256 must be 64 hexadecimal digits", i)
		}
		t.tokens = append(t.tokens, apiToken{name: token.Name, hash: [sha256.Size]byte(hash)})
	}
	return nil
}

func (t *tenant) checkPolicies() error {
	switch t.Consent.Policy {
	case consentPriorContact, consentOptIn, consentNone:
	default:
		return fmt.Errorf("consent.policy must be %s, %s or %s", consentPriorContact, consentOptIn, consentNone)
	}
	if t.Budget != nil {
		if t.Budget.Action != budgetBlock && t.Budget.Action != budgetWarn {
			return fmt.Errorf("budget.action must be %s or %s", budgetBlock, budgetWarn)
		}
		if t.Budget.Limit.Currency != t.book.Currency() {
			return errors.New("budget.limit must be in the plan's currency")
		}
	}
	if t.Doubt.Resolution != doubtFail && t.Doubt.Resolution != doubtResend {
		return fmt.Errorf("doubt.resolution must be %s or %s", doubtFail, doubtResend)
	}
	if t.Callback != nil {
		if err := checkURL(t.Callback.URL); err != nil {
			return fmt.Errorf("callback.url %w", err)
		}
	}
	if t.Limits.MessagesPerSecond <= 0 {
		t.Limits.MessagesPerSecond = defaultPerSecond
	}
	t.words = newKeywords(t.Consent.Keywords)
	return nil
}

// defaultPerSecond is the upstream's limit for a number that was not upgraded.
// Source: https://developers.facebook.com/documentation/business-messaging/whatsapp/throughput
const defaultPerSecond = 80

func checkURL(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Host == "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return errors.New("must be an absolute URL that starts with https:// or http://")
	}
	return nil
}

// How long the upstream tries to deliver a message whose template says nothing else. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/templates/overview
// (time-to-live).
const (
	defaultTTL        = 30 * 24 * time.Hour
	authenticationTTL = 10 * time.Minute
)

func templateTTL(t *config.Template) time.Duration {
	switch seconds := t.MessageSendTTLSeconds; {
	case seconds != nil && *seconds > 0:
		return time.Duration(*seconds) * time.Second
	case seconds == nil && strings.EqualFold(t.Category, template.CategoryAuthentication):
		return authenticationTTL
	default:
		return defaultTTL
	}
}

// billedCategory is the category under which a template is billed now: the upstream's, or where it
// has said nothing yet, the definition's.
func billedCategory(t *config.Template) (conversation.Category, error) {
	name := t.BilledCategory
	if name == "" {
		name = strings.ToLower(t.Category)
	}
	return conversation.ParseCategory(name)
}
