// Package config is the configuration document: everything that a gateway must know about its
// account. The operator compiles it into one file, which the gateway mounts, watches and swaps
// atomically. The operator tells a gateway nothing else.
//
// The document holds credentials, so it lives in a Secret. The keys that must outlive every
// configuration (encryption, customer hashing, the report's certificate and token) are not in it:
// they are files beside it, see KeysDirectory.
package config

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"time"

	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/template"
)

// The versions of the document's shape. A gateway refuses a document of a format that it does not
// know, and keeps the one that it has.
const (
	// Format is that of documents in which the account's plan prices every channel.
	Format = 1
	// FormatPlans is that of documents in which channels have plans of their own: a gateway that
	// does not know them would price by the account's.
	FormatPlans = 2
	// FormatPromotion is that of documents that refuse promotion: a gateway that does not know of
	// it would send it.
	FormatPromotion = 3
	// FormatLedger is that of documents that name the ledger: a gateway that does not know of it
	// would take the account's UID for its id.
	FormatLedger = 4
	// FormatSuspension is that of documents that suspend sending: a gateway that does not know of
	// it would go on.
	FormatSuspension = 5
	// FormatCounts is that of documents in which a plan goes on with the counts that it had in
	// another place: a gateway that does not know of it would begin them anew.
	FormatCounts = 6
	// Newest is the newest format that this release knows.
	Newest = FormatCounts
)

// The paths of the document and the keys in a gateway's container.
const (
	// Directory is where the configuration Secret is mounted.
	Directory = "/etc/guichet/config"
	// FileName is the document's name in Directory, and its key in the Secret.
	FileName = "config.json"
	// KeysDirectory is where the keys Secret is mounted.
	KeysDirectory = "/etc/guichet/keys"
	// KeysetFile holds the Tink keyset, in JSON, that encrypts message contents and recipients at
	// rest.
	KeysetFile = "keyset.json"
	// CustomerKeyFile holds the 32 bytes, in standard base64, of the key with which customers'
	// identities are hashed. It must never change.
	CustomerKeyFile = "customer.key"
	// ReportTokenFile holds the bearer token of the report.
	ReportTokenFile = "report.token"
	// TLSCertificateFile and TLSKeyFile are the report's serving certificate and its key, in PEM.
	TLSCertificateFile = "tls.crt"
	TLSKeyFile         = "tls.key"
	// DataDirectory is where the volume of an embedded store is mounted.
	DataDirectory = "/var/lib/guichet"
)

// Ports that a gateway listens on.
const (
	// APIPort serves the business's API and the upstream's webhooks.
	APIPort = 8080
	// MetricsPort serves /healthz, /readyz and /metrics.
	MetricsPort = 8081
	// ReportPort serves the report to the operator, over TLS.
	ReportPort = 8443
)

// WebhookPath is where a gateway receives the webhooks of all its channels. Each change names its
// phone number.
const WebhookPath = "/webhooks"

// Digest is the digest under which a document is reported as served: "sha256:" and 64 hexadecimal
// digits of its bytes, as they are mounted.
func Digest(document []byte) string {
	sum := sha256.Sum256(document)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Document is the configuration of one account's gateway.
type Document struct {
	Format  int     `json:"format"`
	Account Account `json:"account"`
	// URL is where the business reaches the gateway, without a slash at its end. The addresses of
	// files in callbacks begin with it; while it is empty, they are the upstream's.
	URL string `json:"url,omitempty"`

	// Plan is the PricingPlan's spec, whole.
	Plan pricing.Plan `json:"plan"`
	// PlanName is the PricingPlan's name. The ledger records it with the revision.
	PlanName string `json:"planName"`
	// CountedBy is what the plan's counts for the account and the portfolio are kept under; empty,
	// unless the plan was that of channels before.
	CountedBy string `json:"countedBy,omitempty"`

	// Plans are those of channels that have a plan of their own.
	Plans []ChannelPlan `json:"plans,omitempty"`

	// Channels may be empty: a number that another account holds is left out.
	Channels  []Channel  `json:"channels"`
	Templates []Template `json:"templates,omitempty"`
	// TemplatesFromAPI is TemplatesReviewed if clients may ask for templates.
	TemplatesFromAPI string `json:"templatesFromAPI,omitempty"`
	// AskedTemplates are those that clients have asked for and that the upstream does not have yet.
	// None of them can be sent.
	AskedTemplates []Template `json:"askedTemplates,omitempty"`
	// UpstreamCounts is UpstreamCountsCompared if the ledger is compared daily with the upstream's
	// own count of what it has billed.
	UpstreamCounts string `json:"upstreamCounts,omitempty"`
	// TakenTemplateRequest is the id of the last request for a template that the operator has
	// taken; those before it are done.
	TakenTemplateRequest int64 `json:"takenTemplateRequest,omitempty"`
	// APITokens are the tokens that the business's clients may present. With an empty list every
	// client is refused.
	APITokens []APIToken `json:"apiTokens"`
	Callback  *Callback  `json:"callback,omitempty"`
	Consent   Consent    `json:"consent"`
	// Promotion is PromotionRefused if the account itself sends no marketing. What a revision of
	// the plan refuses is refused all the same.
	Promotion string `json:"promotion,omitempty"`
	// HumanAgent is HumanAgentAllowed if people of the account may answer for longer than bots.
	HumanAgent string  `json:"humanAgent,omitempty"`
	Budget     *Budget `json:"budget,omitempty"`
	// BillingStopped, if not empty, is the sentence with which every message that could cost
	// something is refused.
	BillingStopped string `json:"billingStopped,omitempty"`
	// SendingStopped, if not empty, is the sentence with which every message is refused. What was
	// accepted before waits until it is empty again.
	SendingStopped string `json:"sendingStopped,omitempty"`
	// AllowedEgress are the internal addresses that upstreams and the callback may be at, as
	// egress.Parse reads them; public ones are always allowed.
	AllowedEgress []string `json:"allowedEgress,omitempty"`
	Limits        Limits   `json:"limits"`
	Doubt         Doubt    `json:"doubt"`
	// Storage says where the gateway keeps its state. The zero value is an embedded store.
	Storage Storage `json:"storage,omitzero"`
	// RetentionSeconds is how long the encrypted content of a settled message is kept; 0 deletes it
	// at once.
	RetentionSeconds int32 `json:"retentionSeconds,omitempty"`
}

// Account identifies the tenant and has the facts that price its messages.
type Account struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	UID       string `json:"uid"`
	// LedgerID is the id of the ledger that the account goes on with; empty if that is UID.
	LedgerID    string `json:"ledgerID,omitempty"`
	DisplayName string `json:"displayName"`
	// TimeZone is an IANA name. Periods and revisions change at its midnights.
	TimeZone string `json:"timeZone"`
	// PortfolioID is the scope of what a plan counts per portfolio.
	PortfolioID string `json:"portfolioID"`
	// Exemptions are names of the plan's exemptions.
	Exemptions []string `json:"exemptions,omitempty"`
	// InternationalAuthentication is nil if the account is not eligible for the international
	// authentication rate.
	InternationalAuthentication *InternationalAuthentication `json:"internationalAuthentication,omitempty"`
}

// ChannelPlan is a plan of channels that have one of their own, with what it grants the account.
type ChannelPlan struct {
	// Name is the PricingPlan's name. The ledger records it with the revision.
	Name string `json:"name"`
	// Plan is in the currency of the account's plan.
	Plan pricing.Plan `json:"plan"`
	// CountedBy is as in Document; nil for Name.
	CountedBy *string `json:"countedBy,omitempty"`
	// Exemptions are names of the plan's exemptions.
	Exemptions []string `json:"exemptions,omitempty"`
	// InternationalAuthentication is as in Account.
	InternationalAuthentication *InternationalAuthentication `json:"internationalAuthentication,omitempty"`
}

// InternationalAuthentication is an account's eligibility for the international authentication
// rate.
type InternationalAuthentication struct {
	Start           time.Time            `json:"start"`
	BusinessCountry string               `json:"businessCountry,omitempty"`
	Exceptions      map[string]time.Time `json:"exceptions,omitempty"`
}

// ChannelType is the network of a channel.
type ChannelType string

// The networks.
const (
	WhatsApp  ChannelType = "WhatsApp"
	Messenger ChannelType = "Messenger"
	Instagram ChannelType = "Instagram"
)

// Channel is one phone number, page or Instagram account, with what is needed to talk to its
// upstream.
type Channel struct {
	Name string      `json:"name"`
	Type ChannelType `json:"type"`
	// ID is the id of the phone number, page or Instagram account, as in the path of the Graph API.
	ID string `json:"id"`
	// BusinessAccountID is the WABA's id; empty for other networks.
	BusinessAccountID string `json:"businessAccountID,omitempty"`
	// AdAccountID is the id, in digits, of the ad account that pays for marketing messages of a
	// page; empty if the page sends none.
	AdAccountID string `json:"adAccountID,omitempty"`
	// BaseURL has no trailing slash; APIVersion is such as "v26.0".
	BaseURL    string `json:"baseURL"`
	APIVersion string `json:"apiVersion"`
	// AccessToken is presented to the upstream.
	AccessToken string `json:"accessToken"`
	// AppSecrets are those that may have signed a webhook: the current one, and during a rotation
	// the previous one.
	AppSecrets []string `json:"appSecrets"`
	// VerifyToken is what the upstream presents in the webhook's handshake.
	VerifyToken string `json:"verifyToken"`
	// PlanName is the one of Document.Plans that prices the channel's messages; empty for the
	// account's plan.
	PlanName string `json:"planName,omitempty"`
	// BillingStopped is as in Document, for this channel.
	BillingStopped string `json:"billingStopped,omitempty"`
}

// Template is a template that the account may send, with what the upstream says about it.
type Template struct {
	template.Definition
	// ChannelID is the id of the channel that alone sends the template; empty for one that all
	// channels of a WhatsApp business account send.
	ChannelID string `json:"channelID,omitempty"`
	// UpstreamID is the upstream's id; webhooks name templates by it.
	UpstreamID string `json:"upstreamID,omitempty"`
	// UpstreamStatus is the upstream's word, such as "APPROVED". Only an approved template is sent.
	UpstreamStatus string `json:"upstreamStatus"`
	// RequestID is the id under which a client has asked for the template; empty for one that
	// nobody asked for so.
	RequestID string `json:"requestID,omitempty"`
	// BilledCategory is the category under which the upstream bills the template now, in lower case
	// as in prices.
	BilledCategory string `json:"billedCategory"`
}

// APIToken is a token that a client may present. The document has only its hash.
type APIToken struct {
	// Name is the token's key in the Secret. Metrics and logs use it.
	Name string `json:"name"`
	// SHA256 is the lower-case hex SHA-256 of the token.
	SHA256 string `json:"sha256"`
}

// Callback is the business's own webhook endpoint.
type Callback struct {
	URL string `json:"url"`
	// Secret signs the deliveries. While it is empty, they are queued.
	Secret string `json:"secret"`
	// ClientCertificate is shown to an endpoint that demands one; nil if none is to be shown. While
	// it is empty, deliveries are queued.
	ClientCertificate *ClientCertificate `json:"clientCertificate,omitempty"`
}

// Ready says whether callbacks can be delivered with the credentials that are there.
func (c *Callback) Ready() bool {
	return c.Secret != "" && (c.ClientCertificate == nil || *c.ClientCertificate != ClientCertificate{})
}

// ClientCertificate is a certificate, with its chain, and its private key, in PEM.
type ClientCertificate struct {
	Certificate string `json:"certificate"`
	Key         string `json:"key"`
}

// Pair reads the certificate and its key. Its error holds nothing of either.
func (c *ClientCertificate) Pair() (tls.Certificate, error) {
	pair, err := tls.X509KeyPair([]byte(c.Certificate), []byte(c.Key))
	if err != nil {
		return pair, errors.New("must be a certificate and its private key, in PEM")
	}
	return pair, nil
}

// To whom an account may write outside a service window.
const (
	// ConsentPriorContact is whoever wrote to it, or consented.
	ConsentPriorContact = "PriorContact"
	// ConsentOptIn is whoever consented.
	ConsentOptIn = "OptIn"
	// ConsentNone is everybody.
	ConsentNone = "None"
)

// HumanAgentAllowed lets people of the account answer for as long as the plan gives people.
const HumanAgentAllowed = "Allowed"

// PromotionRefused keeps an account from sending marketing.
const PromotionRefused = "Refused"

// TemplatesReviewed lets clients ask for templates, which an approver reviews.
const TemplatesReviewed = "Review"

// UpstreamCountsCompared has the ledger compared daily with the upstream's own count.
const UpstreamCountsCompared = "Compared"

// Consent says to whom the account may write. Policy is one of the constants above.
type Consent struct {
	Policy   string            `json:"policy"`
	Keywords []ConsentKeywords `json:"keywords,omitempty"`
}

// ConsentKeywords are the stop and resume words of one language.
type ConsentKeywords struct {
	Language string   `json:"language"`
	Stop     []string `json:"stop,omitempty"`
	Resume   []string `json:"resume,omitempty"`
}

// What a budget does with a message that it cannot pay for.
const (
	BudgetBlock = "Block"
	BudgetWarn  = "Warn"
)

// Budget is the most that may be spent in a calendar month of the account's zone. Action is
// BudgetBlock or BudgetWarn.
type Budget struct {
	Limit         money.Money `json:"limit"`
	Action        string      `json:"action"`
	WarnAtPercent []int32     `json:"warnAtPercent,omitempty"`
}

// Limits are the account's messaging limits. If CustomersPerDay is 0, customers are not counted.
type Limits struct {
	MessagesPerSecond int32 `json:"messagesPerSecond"`
	CustomersPerDay   int32 `json:"customersPerDay,omitempty"`
}

// Where a gateway keeps its state.
const (
	// StorageEmbedded is a file in DataDirectory. It has one replica.
	StorageEmbedded = "Embedded"
	// StorageShared is a PostgreSQL server, which any number of replicas share.
	StorageShared = "Shared"
)

// Storage says where a gateway keeps its state. Type is StorageEmbedded, also when it is empty, or
// StorageShared. A change takes effect at the next start.
type Storage struct {
	Type string `json:"type,omitempty"`
	// URL is the server's and database's, with the credentials, such as
	// postgres://user:password@host:5432/database?sslmode=verify-full.
	URL string `json:"url,omitempty"`
	// CAPEM has the certificates, in PEM, of the authorities that may have signed the server's
	// certificate. If it is empty, the system's authorities count.
	CAPEM string `json:"caPEM,omitempty"`
}

// What happens to a message whose sending was cut off.
const (
	DoubtFail   = "Fail"
	DoubtResend = "Resend"
)

// Doubt says what happens to a message whose sending was cut off. Resolution is DoubtFail or
// DoubtResend.
type Doubt struct {
	Resolution  string `json:"resolution"`
	WaitSeconds int32  `json:"waitSeconds"`
}
