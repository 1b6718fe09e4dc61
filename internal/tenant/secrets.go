package tenant

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

// Keys of a Secret of type kubernetes.io/tls.
// Source: https://kubernetes.io/docs/concepts/configuration/secret/#tls-secrets
const (
	tlsCertificateKey = "tls.crt"
	tlsPrivateKeyKey  = "tls.key"
)

// Secrets are the data of Secrets of the account's namespace by name. A Secret that is not there
// has no entry.
type Secrets map[string]map[string][]byte

// value is a key's value without the white space around it, which is an editor's, never a
// credential's.
func (s Secrets) value(secret, key string) string { return string(bytes.TrimSpace(s[secret][key])) }

// certificate is that of a Secret of type kubernetes.io/tls.
func (s Secrets) certificate(secret string) config.ClientCertificate {
	return config.ClientCertificate{
		Certificate: s.value(secret, tlsCertificateKey), Key: s.value(secret, tlsPrivateKeyKey),
	}
}

// SecretNames are the names of the Secrets that the account names, sorted, each once.
func SecretNames(account *v1alpha1.BusinessAccount) []string {
	names := []string{APITokensSecretName(account)}
	for _, channel := range account.Spec.Channels {
		names = append(names, channel.CredentialsSecretName)
	}
	if account.Spec.Callback != nil {
		names = append(names, account.Spec.Callback.SecretName)
		if certificate := account.Spec.Callback.ClientCertificateSecretName; certificate != "" {
			names = append(names, certificate)
		}
	}
	if shared := sharedOf(account); shared != nil {
		names = append(names, shared.ConnectionSecretName)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// CheckSecrets says which of the Secrets and keys that the account names are missing, or nil. Every
// missing thing is named, no value is.
func CheckSecrets(account *v1alpha1.BusinessAccount, secrets Secrets) *Problem {
	check := secretCheck{secrets: secrets}
	for _, channel := range account.Spec.Channels {
		check.need(channel.CredentialsSecretName, fmt.Sprintf("channel %q", channel.Name),
			v1alpha1.SecretKeyAccessToken, v1alpha1.SecretKeyAppSecret, v1alpha1.SecretKeyVerifyToken)
	}
	if callback := account.Spec.Callback; callback != nil {
		check.need(callback.SecretName, "the callback", v1alpha1.SecretKeyCallback)
		check.needCertificate(callback.ClientCertificateSecretName, "the callback")
	}
	if shared := sharedOf(account); shared != nil {
		check.need(shared.ConnectionSecretName, "the shared store", v1alpha1.SecretKeyConnectionURL)
	}
	check.needTokens(APITokensSecretName(account))
	return check.problem()
}

// secretCheck collects what is missing.
type secretCheck struct {
	secrets Secrets
	absent  []string
	empty   []string
	invalid []string
}

// needCertificate asks for a certificate and its key; an empty name for none.
func (c *secretCheck) needCertificate(name, user string) {
	if name == "" {
		return
	}
	c.need(name, user, tlsCertificateKey, tlsPrivateKeyKey)
	certificate := c.secrets.certificate(name)
	if certificate.Certificate == "" || certificate.Key == "" {
		return // that was said
	}
	if _, err := certificate.Pair(); err != nil {
		c.invalid = append(c.invalid, fmt.Sprintf(
			"Secret %q: %s %s", name, quoted([]string{tlsCertificateKey, tlsPrivateKeyKey}), err,
		))
	}
}

func (c *secretCheck) need(name, user string, keys ...string) {
	if _, there := c.secrets[name]; !there {
		c.absent = append(c.absent, fmt.Sprintf(
			"Secret %q is not there: %s needs it with the key%s %s", name, user, plural(keys), quoted(keys),
		))
		return
	}
	var missing []string
	for _, key := range keys {
		if c.secrets.value(name, key) == "" {
			missing = append(missing, key)
		}
	}
	if len(missing) > 0 {
		c.empty = append(
			c.empty, fmt.Sprintf("Secret %q lacks a value for %s, which %s needs", name, quoted(missing), user),
		)
	}
}

func (c *secretCheck) needTokens(name string) {
	data, there := c.secrets[name]
	if !there {
		c.absent = append(
			c.absent,
			fmt.Sprintf("Secret %q is not there: it must hold the API tokens, each under a name of its own", name),
		)
		return
	}
	for key := range data {
		if c.secrets.value(name, key) != "" {
			return
		}
	}
	c.empty = append(
		c.empty, fmt.Sprintf("Secret %q holds no API token: it must have at least one key with a value", name),
	)
}

func (c *secretCheck) problem() *Problem {
	reason := v1alpha1.ReasonSecretInvalid
	switch {
	case len(c.absent) > 0:
		reason = v1alpha1.ReasonSecretNotFound
	case len(c.empty) > 0:
		reason = v1alpha1.ReasonSecretKeyMissing
	}
	sentences := slices.Concat(c.absent, c.empty, c.invalid)
	if len(sentences) == 0 {
		return nil
	}
	slices.Sort(sentences)
	return &Problem{Reason: reason, Message: strings.Join(slices.Compact(sentences), "; ")}
}

func plural(items []string) string {
	if len(items) == 1 {
		return ""
	}
	return "s"
}

// quoted is a list for people: 'a', 'b' and 'c'.
func quoted(items []string) string {
	list := make([]string, 0, len(items))
	for _, item := range items {
		list = append(list, "'"+item+"'")
	}
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	last := len(list) - 1
	return strings.Join(list[:last], ", ") + " and " + list[last]
}
