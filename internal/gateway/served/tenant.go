// Package served is what a gateway serves, read from its mounted files: the configuration document,
// compiled into a Tenant, and the keys. Both are watched, and replaced as a whole when the files
// change; what cannot be served is refused, and the last good state stays.
package served

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/conversation"
	"github.com/guichet-dev/guichet/internal/egress"
	"github.com/guichet-dev/guichet/internal/gateway/keywords"
	"github.com/guichet-dev/guichet/internal/gateway/peers"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/meta"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/template"
)

// Tenant is a configuration document, compiled. It never changes: a new document makes a new
// Tenant, and a request that began with one ends with it.
type Tenant struct {
	config.Document
	// Digest is that of the document, as the gateway reports it.
	Digest string
	// Book is the account's plan, compiled; Payer is the account as pricing sees it. A channel may
	// be priced by another plan, see PricesOf. Zone is the account's time zone.
	Book  *pricing.Book
	Payer pricing.Account
	Zone  *time.Location
	// Egress are the internal addresses that upstreams and the callback may be at.
	Egress egress.Ranges
	// Keywords are the words by which customers stop and resume marketing messages.
	Keywords keywords.List
	// LeftOut says of each template that cannot be served why. All others are served.
	LeftOut []string

	channels   map[string]*Channel // by id
	prices     *Prices             // of the account's plan
	plans      map[string]*Prices  // of channels that have one of their own, by name
	appSecrets []string            // of all channels, each once
	templates  map[templateKey]*Template
	tokens     []apiToken
}

// Channel is a channel of the account, with its network and its upstream.
type Channel struct {
	config.Channel
	Network  network.Network
	Upstream network.Upstream
	prices   *Prices
	// appSecrets may sign for the channel: its own and those of its siblings.
	appSecrets []string
}

// Trusts reports whether a webhook that is signed with the app secret may speak for the channel.
func (c *Channel) Trusts(appSecret string) bool { return slices.Contains(c.appSecrets, appSecret) }

// Template is a template, compiled.
type Template struct {
	*config.Template
	Compiled *template.Compiled
	// Billed is the category under which it is billed now.
	Billed conversation.Category
	// TTL is how long the upstream tries to deliver it.
	TTL time.Duration
}

// templateKey names a template: of a channel, or with no channel of all that share their templates.
type templateKey struct{ channel, name, language string }

// Channel returns the channel with the id, or nil if the account has none.
func (t *Tenant) Channel(id string) *Channel { return t.channels[id] }

// ChannelIDs returns the ids of all channels, in no order.
func (t *Tenant) ChannelIDs() []string { return slices.Collect(maps.Keys(t.channels)) }

// FirstWithFiles returns the channel with the least id whose network keeps files, or nil if the
// account has none.
func (t *Tenant) FirstWithFiles() *Channel {
	for _, id := range slices.Sorted(maps.Keys(t.channels)) {
		if _, keeps := t.channels[id].Upstream.(network.MediaUpstream); keeps {
			return t.channels[id]
		}
	}
	return nil
}

// IsObject tells whether an id is that of a channel, a business account or a template of the
// account's.
func (t *Tenant) IsObject(id string) bool {
	return t.channels[id] != nil ||
		slices.ContainsFunc(t.Channels, func(c config.Channel) bool { return c.BusinessAccountID == id }) ||
		slices.ContainsFunc(t.Templates, func(of config.Template) bool { return of.UpstreamID == id })
}

// TemplateOf returns the template with the name and language that a channel may send, or nil if
// none is served.
func (t *Tenant) TemplateOf(channel, name, language string) *Template {
	if own := t.templates[templateKey{channel, name, language}]; own != nil {
		return own
	}
	if c := t.channels[channel]; c == nil || c.Network.Traits().TemplateScope != network.OwnAccount {
		return nil
	}
	return t.templates[templateKey{"", name, language}]
}

// ChannelOf returns the channel that a request names by its id, or by a word for the channel of
// its token; nil if there is none. A token is that of the channel whose name its own name is, or of
// the only channel whose network has such a word.
func (t *Tenant) ChannelOf(named, token string) *Channel {
	if named != meta.Me {
		return t.channels[named]
	}
	var only *Channel
	count := 0
	for _, c := range t.channels {
		if !c.Network.Traits().HasMe {
			continue
		}
		if c.Name == token {
			return c
		}
		only, count = c, count+1
	}
	if count != 1 {
		return nil
	}
	return only
}

// Advertised returns the channels whose marketing messages an ad account pays for, in the order of
// the configuration.
func (t *Tenant) Advertised(adAccount string) (channels []*Channel) {
	for i := range t.Channels {
		if t.Channels[i].AdAccountID == adAccount && adAccount != "" {
			channels = append(channels, t.channels[t.Channels[i].ID])
		}
	}
	return channels
}

// AppSecrets returns the app secrets of all channels, each once.
func (t *Tenant) AppSecrets() []string { return t.appSecrets }

// SharesStore reports whether the account's store is one that replicas share.
func (t *Tenant) SharesStore() bool { return t.Storage.Type == config.StorageShared }

// Parse reads and compiles a document. Its channels call the upstream through transport. Its errors
// name the field and hold no secret.
func Parse(document []byte, transport http.RoundTripper) (*Tenant, error) {
	t := &Tenant{Digest: config.Digest(document)}
	decoder := json.NewDecoder(bytes.NewReader(document))
	if err := decoder.Decode(&t.Document); err != nil {
		return nil, describeJSON(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("the document goes on behind its closing brace: write one JSON object")
	}
	if t.Format < config.Format || t.Format > config.Newest {
		return nil, fmt.Errorf(
			"format is %d and this gateway knows %d to %d: upgrade the gateway or the operator", t.Format,
			config.Format, config.Newest,
		)
	}
	for _, step := range []func() error{
		t.compilePlan, t.compileAccount, t.compilePlans, func() error { return t.compileChannels(transport) },
		t.compileTokens, t.compileEgress, t.checkPolicies,
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

func (t *Tenant) compilePlan() (err error) {
	if t.Book, err = pricing.Compile(t.Plan); err != nil {
		return fmt.Errorf("plan %q: %w", t.PlanName, err)
	}
	t.Plan = pricing.Plan{} // the book has all of it
	return nil
}

func (t *Tenant) compileAccount() (err error) {
	if t.Account.UID == "" {
		return errors.New("account.uid is missing: the ledger is bound to it")
	}
	if t.Account.TimeZone == "" {
		return errors.New("account.timeZone is missing: give an IANA name such as Europe/Paris")
	}
	if t.Zone, err = time.LoadLocation(t.Account.TimeZone); err != nil {
		return errors.New("account.timeZone is no known IANA time zone: give a name such as Europe/Paris")
	}
	t.Payer, err = pricingAccount(t.Account, t.Zone)
	t.Payer.CountedBy = t.CountedBy
	return err
}

func (t *Tenant) compileEgress() (err error) {
	if t.Egress, err = egress.Parse(t.AllowedEgress...); err != nil {
		return fmt.Errorf("allowedEgress: %w", err)
	}
	return nil
}

func (t *Tenant) compileChannels(transport http.RoundTripper) error {
	if t.Channels == nil {
		return errors.New(
			"channels is missing: it is a list, which is empty when other accounts hold all of the account's phone " +
				"numbers",
		)
	}
	t.channels = make(map[string]*Channel, len(t.Channels))
	for i, c := range t.Channels {
		path := fmt.Sprintf("channels[%d]", i)
		of, known := meta.Find(string(c.Type))
		if !known {
			return fmt.Errorf("%s.type must be %s: this gateway serves no other network", path, networkNames())
		}
		if c.ID == "" || t.channels[c.ID] != nil {
			return fmt.Errorf("%s.id must be there and stand once", path)
		}
		if _, advertises := of.(network.Advertiser); c.AdAccountID != "" && !advertises {
			return fmt.Errorf("%s.adAccountID must be empty: the network has no advertising", path)
		}
		upstream, err := of.Connect(network.Access{
			Channel: c.ID, AdAccount: c.AdAccountID, BaseURL: c.BaseURL, Version: c.APIVersion, Token: c.AccessToken,
			AppSecret: first(c.AppSecrets), Timeout: peers.Timeout, Transport: transport,
		})
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		prices, err := t.pricesFor(&c)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		t.channels[c.ID] = &Channel{Channel: c, Network: of, Upstream: upstream, prices: prices}
	}
	for _, c := range t.channels {
		t.appSecrets = appendMissing(t.appSecrets, c.AppSecrets...)
		c.appSecrets = appendMissing(nil, c.AppSecrets...)
		for _, sibling := range t.channels {
			if sibling.vouchesFor(c) {
				c.appSecrets = appendMissing(c.appSecrets, sibling.AppSecrets...)
			}
		}
	}
	return nil
}

// first is the current one of secrets that are being rotated.
func first(secrets []string) string {
	if len(secrets) == 0 {
		return ""
	}
	return secrets[0]
}

// vouchesFor reports whether what the channel's app secrets sign may be about another one.
func (c *Channel) vouchesFor(other *Channel) bool {
	return c.Type == other.Type && c.Network.Traits().SecretScope.Covers(c.BusinessAccountID, other.BusinessAccountID)
}

// networkNames lists the networks that a channel can be of.
func networkNames() string {
	var names []string
	for _, n := range meta.Networks() {
		names = append(names, strconv.Quote(n.Name()))
	}
	return strings.Join(names, " or ")
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
func (t *Tenant) compileTemplates() {
	t.templates = make(map[templateKey]*Template, len(t.Templates))
	for i := range t.Templates {
		definition := &t.Templates[i]
		served, err := compileTemplate(definition)
		if err != nil {
			t.LeftOut = append(
				t.LeftOut, fmt.Sprintf("templates[%d] (%s, %s): %s", i, definition.Name, definition.Language, err),
			)
			continue
		}
		t.templates[templateKey{definition.ChannelID, definition.Name, definition.Language}] = served
	}
}

func compileTemplate(definition *config.Template) (*Template, error) {
	compiled, err := template.Compile(definition.Definition)
	if err != nil {
		return nil, err
	}
	category, err := billedCategory(definition)
	if err != nil {
		return nil, err
	}
	return &Template{Template: definition, Compiled: compiled, Billed: category, TTL: templateTTL(definition)}, nil
}

func (t *Tenant) compileTokens() error {
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

func (t *Tenant) checkPolicies() error {
	switch t.Consent.Policy {
	case config.ConsentPriorContact, config.ConsentOptIn, config.ConsentNone:
	default:
		return fmt.Errorf(
			"consent.policy must be %s, %s or %s", config.ConsentPriorContact, config.ConsentOptIn, config.ConsentNone,
		)
	}
	if t.Budget != nil {
		if t.Budget.Action != config.BudgetBlock && t.Budget.Action != config.BudgetWarn {
			return fmt.Errorf("budget.action must be %s or %s", config.BudgetBlock, config.BudgetWarn)
		}
		if t.Budget.Limit.Currency != t.Book.Currency() {
			return errors.New("budget.limit must be in the plan's currency")
		}
	}
	if t.Doubt.Resolution != config.DoubtFail && t.Doubt.Resolution != config.DoubtResend {
		return fmt.Errorf("doubt.resolution must be %s or %s", config.DoubtFail, config.DoubtResend)
	}
	if t.Callback != nil {
		if err := checkURL(t.Callback.URL); err != nil {
			return fmt.Errorf("callback.url %w", err)
		}
		if certificate := t.Callback.ClientCertificate; certificate != nil && t.Callback.Ready() {
			if _, err := certificate.Pair(); err != nil {
				return fmt.Errorf("callback.clientCertificate %w", err)
			}
		}
	}
	if t.Limits.MessagesPerSecond <= 0 {
		t.Limits.MessagesPerSecond = defaultPerSecond
	}
	t.Keywords = keywords.New(t.Consent.Keywords)
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
	DefaultTTL        = 30 * 24 * time.Hour
	AuthenticationTTL = 10 * time.Minute
)

func templateTTL(t *config.Template) time.Duration {
	switch seconds := t.MessageSendTTLSeconds; {
	case seconds != nil && *seconds > 0:
		return time.Duration(*seconds) * time.Second
	case seconds == nil && strings.EqualFold(t.Category, template.CategoryAuthentication):
		return AuthenticationTTL
	default:
		return DefaultTTL
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
