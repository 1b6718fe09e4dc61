package tenant

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
)

// Defaults of what an account leaves out; the same as those of its schema.
const (
	defaultBaseURL           = "https://graph.facebook.com"
	defaultAPIVersion        = "v26.0"
	defaultMessagesPerSecond = 80
	defaultDoubtWaitSeconds  = 300
)

// Sources are what a configuration document is compiled from. The Secrets must have passed CheckSecrets.
type Sources struct {
	Account   *v1alpha1.BusinessAccount
	PlanName  string
	Plan      pricing.Plan
	Templates []v1alpha1.MessageTemplate
	Secrets   Secrets
	// Taken tells whether another account holds a phone number, so that this one's gateway must not serve it; nil if none is.
	Taken func(phoneNumberID string) bool
	// Served are the templates of the document before this one; nil for the first.
	Served []config.Template
}

// Document compiles the configuration of an account's gateway. Lists are in a stable order, so that equal sources give equal bytes.
func Document(s Sources) (config.Document, error) {
	spec := &s.Account.Spec
	budget, err := budgetOf(spec.Budget)
	if err != nil {
		return config.Document{}, err
	}
	return config.Document{
		Format:           config.Format,
		Account:          accountOf(s.Account),
		Plan:             s.Plan,
		PlanName:         s.PlanName,
		Channels:         channelsOf(spec, s.Secrets, s.Taken),
		Templates:        Templates(s.Templates, s.Served),
		APITokens:        tokensOf(s.Secrets, APITokensSecretName(s.Account)),
		Callback:         callbackOf(spec.Callback, s.Secrets),
		Consent:          consentOf(spec.Consent),
		Budget:           budget,
		Limits:           limitsOf(spec.Limits),
		Doubt:            doubtOf(spec.Doubt),
		Storage:          storageOf(s.Account, s.Secrets),
		RetentionSeconds: retentionOf(spec.Privacy),
	}, nil
}

// MaxConfigBytes bounds an encoded document. The API server refuses a Secret of more than 1 MiB (corev1.MaxSecretSize), and the rest is for what a later
// release adds to the document.
const MaxConfigBytes = 1_000_000

// CheckSize says that an encoded document does not fit into its Secret, or nil.
func CheckSize(encoded []byte) *Problem {
	if len(encoded) <= MaxConfigBytes {
		return nil
	}
	return &Problem{Reason: v1alpha1.ReasonConfigTooLarge, Message: fmt.Sprintf(
		"The configuration has %d bytes and a Secret takes %d: delete MessageTemplates and API tokens that are no longer needed, or use a plan with fewer rates", len(encoded), MaxConfigBytes)}
}

// Encode is the document as the gateway reads it, and its digest, "sha256:" and 64 hexadecimal digits.
func Encode(document config.Document) (encoded []byte, digest string, err error) {
	encoded, err = json.Marshal(document)
	if err != nil {
		return nil, "", fmt.Errorf("encode the configuration: %w", err)
	}
	return encoded, Digest(encoded), nil
}

// Digest is the SHA-256 digest of bytes, "sha256:" and 64 hexadecimal digits.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func accountOf(account *v1alpha1.BusinessAccount) config.Account {
	spec := &account.Spec
	portfolio := spec.PortfolioID
	if portfolio == "" {
		portfolio = account.Namespace + "/" + account.Name
	}
	return config.Account{
		Namespace:                   account.Namespace,
		Name:                        account.Name,
		UID:                         string(account.UID),
		DisplayName:                 spec.DisplayName,
		TimeZone:                    spec.TimeZone,
		PortfolioID:                 portfolio,
		Exemptions:                  slices.Sorted(slices.Values(spec.Exemptions)),
		InternationalAuthentication: internationalOf(spec.InternationalAuthentication),
	}
}

func internationalOf(status *v1alpha1.InternationalAuthenticationStatus) *config.InternationalAuthentication {
	if status == nil {
		return nil
	}
	out := &config.InternationalAuthentication{Start: status.StartTime.UTC(), BusinessCountry: status.BusinessCountry}
	for _, exception := range status.Exceptions {
		if out.Exceptions == nil {
			out.Exceptions = make(map[string]time.Time, len(status.Exceptions))
		}
		out.Exceptions[exception.Country] = exception.StartTime.UTC()
	}
	return out
}

// channelsOf are the account's channels, without those whose number another account holds.
func channelsOf(spec *v1alpha1.BusinessAccountSpec, secrets Secrets, taken func(string) bool) []config.Channel {
	channels := make([]config.Channel, 0, len(spec.Channels))
	for _, channel := range spec.Channels {
		if taken != nil && taken(channel.PhoneNumberID) {
			continue
		}
		out := config.Channel{
			Name:        channel.Name,
			Type:        config.ChannelType(channel.Type),
			BaseURL:     strings.TrimRight(orDefault(channel.BaseURL, defaultBaseURL), "/"),
			APIVersion:  orDefault(channel.APIVersion, defaultAPIVersion),
			AccessToken: secrets.value(channel.CredentialsSecretName, v1alpha1.SecretKeyAccessToken),
			AppSecrets:  []string{secrets.value(channel.CredentialsSecretName, v1alpha1.SecretKeyAppSecret)},
			VerifyToken: secrets.value(channel.CredentialsSecretName, v1alpha1.SecretKeyVerifyToken),
		}
		if previous := secrets.value(channel.CredentialsSecretName, v1alpha1.SecretKeyAppSecretPrevious); previous != "" {
			out.AppSecrets = append(out.AppSecrets, previous)
		}
		if channel.Type == v1alpha1.ChannelMessenger {
			out.ID = channel.PageID
		} else {
			out.Type, out.ID, out.BusinessAccountID = config.WhatsApp, channel.PhoneNumberID, spec.WhatsAppBusinessAccountID
		}
		channels = append(channels, out)
	}
	return channels
}

// tokensOf are the tokens of a Secret, by their hashes: a configuration that leaks gives nobody access.
func tokensOf(secrets Secrets, name string) []config.APIToken {
	var tokens []config.APIToken
	for key := range secrets[name] {
		if token := secrets.value(name, key); token != "" {
			sum := sha256.Sum256([]byte(token))
			tokens = append(tokens, config.APIToken{Name: key, SHA256: hex.EncodeToString(sum[:])})
		}
	}
	slices.SortFunc(tokens, func(a, b config.APIToken) int { return strings.Compare(a.Name, b.Name) })
	return tokens
}

func callbackOf(callback *v1alpha1.Callback, secrets Secrets) *config.Callback {
	if callback == nil {
		return nil
	}
	return &config.Callback{URL: callback.URL, Secret: secrets.value(callback.SecretName, v1alpha1.SecretKeyCallback)}
}

func consentOf(consent *v1alpha1.Consent) config.Consent {
	out := config.Consent{Policy: string(v1alpha1.ConsentPriorContact)}
	if consent == nil {
		return out
	}
	out.Policy = orDefault(string(consent.Policy), out.Policy)
	for _, words := range consent.Keywords {
		out.Keywords = append(out.Keywords, config.ConsentKeywords{Language: words.Language, Stop: words.Stop, Resume: words.Resume})
	}
	return out
}

func budgetOf(budget *v1alpha1.Budget) (*config.Budget, error) {
	if budget == nil {
		return nil, nil
	}
	limit, err := Money(budget.Limit)
	if err != nil {
		return nil, fmt.Errorf("spec.budget.limit: %w", err)
	}
	return &config.Budget{
		Limit:         limit,
		Action:        orDefault(string(budget.Action), string(v1alpha1.BudgetBlock)),
		WarnAtPercent: slices.Sorted(slices.Values(budget.WarnAtPercent)),
	}, nil
}

// Money is an amount of the API as an exact one.
func Money(amount v1alpha1.Money) (money.Money, error) {
	value, err := money.Parse(amount.Amount)
	if err != nil {
		return money.Money{}, err
	}
	currency, err := money.ParseCurrency(amount.Currency)
	if err != nil {
		return money.Money{}, err
	}
	return money.Money{Amount: value, Currency: currency}, nil
}

func limitsOf(limits *v1alpha1.Limits) config.Limits {
	out := config.Limits{MessagesPerSecond: defaultMessagesPerSecond}
	if limits == nil {
		return out
	}
	if limits.MessagesPerSecond > 0 {
		out.MessagesPerSecond = limits.MessagesPerSecond
	}
	out.CustomersPerDay = limits.CustomersPerDay
	return out
}

func doubtOf(doubt *v1alpha1.Doubt) config.Doubt {
	out := config.Doubt{Resolution: string(v1alpha1.DoubtFail), WaitSeconds: defaultDoubtWaitSeconds}
	if doubt == nil {
		return out
	}
	out.Resolution = orDefault(string(doubt.Resolution), out.Resolution)
	if doubt.WaitSeconds > 0 {
		out.WaitSeconds = doubt.WaitSeconds
	}
	return out
}

func retentionOf(privacy *v1alpha1.Privacy) int32 {
	if privacy == nil || privacy.RetentionSeconds == nil {
		return 0
	}
	return *privacy.RetentionSeconds
}

func orDefault(value, fallback string) string {
	if value == "" {
		return fallback
	}
	return value
}
