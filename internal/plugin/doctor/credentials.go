package doctor

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"unicode"

	corev1 "k8s.io/api/core/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/plugin/advice"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// SecretNames are the Secrets that an account needs: those that it names, its keys, and the
// certificate of its Ingress.
func SecretNames(account *v1alpha1.BusinessAccount) []string {
	names := append(tenant.SecretNames(account), tenant.KeysSecretName(account.Name))
	if ingress := tenant.IngressOf(account); ingress != nil && ingress.TLSSecretName != "" {
		names = append(names, ingress.TLSSecretName)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// findCredentials looks whether the Secrets are there, and whether what they hold can be right. No
// value is ever told.
func findCredentials(o *Observation) (found []Finding) {
	secrets := tenant.Secrets{}
	readable := true
	for _, name := range tenant.SecretNames(o.Account) {
		secret := o.Secrets[name]
		if secret.Err != nil {
			found, readable = append(found, notSeen(o.where("Secret", name), secret.Err)), false
		} else if secret.Found {
			secrets[name] = secret.Object.Data
		}
	}
	if readable {
		if problem := tenant.CheckSecrets(o.Account, secrets); problem != nil {
			found = append(found, failure(o.account(), problem.Message, advice.For(problem.Reason)))
		}
		found = append(found, o.findShapes(secrets)...)
	}
	keys := tenant.KeysSecretName(o.Account.Name)
	if made := o.Account.Status.LedgerID != ""; made && o.Secrets[keys].Absent() {
		found = append(found, failure(
			o.where("Secret", keys), "The keys of the account's store are gone", advice.For(v1alpha1.ReasonKeysLost),
		))
	} else if o.Secrets[keys].Found {
		found = append(found, o.findKeys(keys, o.Secrets[keys].Object)...)
	}
	if failed(found) {
		return found
	}
	return append(found, o.ofConditions(v1alpha1.ConditionCredentialsValid, v1alpha1.ConditionAccessTokensCurrent)...)
}

// appSecret is the shape of an app's secret at Meta.
var appSecret = regexp.MustCompile(`^[0-9a-f]{32}$`)

// findShapes looks at what cannot be a token at all: it would fail at the upstream, or as a header.
func (o *Observation) findShapes(secrets tenant.Secrets) (found []Finding) {
	for i := range o.Account.Spec.Channels {
		channel := &o.Account.Spec.Channels[i]
		data, where := secrets[channel.CredentialsSecretName], o.where("Secret", channel.CredentialsSecretName)
		for _, key := range []string{v1alpha1.SecretKeyAccessToken, v1alpha1.SecretKeyAppSecret} {
			if what := malformed(bytes.TrimSpace(data[key])); what != "" {
				found = append(found, failure(
					where, fmt.Sprintf("The value of %q has %s: it was copied with something around it", key, what),
					"Put the value alone into the Secret",
				))
			}
		}
		secret := bytes.TrimSpace(data[v1alpha1.SecretKeyAppSecret])
		if channel.BaseURL == "" && len(secret) > 0 && !appSecret.Match(secret) {
			found = append(found, warning(
				where, "The value of \"appSecret\" is not 32 hexadecimal digits, as Meta's app secrets are",
				"Copy it from the app's dashboard at Meta: App settings, Basic",
			))
		}
	}
	return found
}

// malformed says what a token has that no token has, or nothing.
func malformed(value []byte) string {
	for _, r := range string(value) {
		switch {
		case unicode.IsSpace(r):
			return "white space inside"
		case r == '"' || r == '\'':
			return "a quotation mark"
		case r > unicode.MaxASCII || unicode.IsControl(r):
			return "a character that no token has"
		}
	}
	return ""
}

// findKeys looks whether the Secret of the keys has all of them.
func (o *Observation) findKeys(name string, secret *corev1.Secret) (found []Finding) {
	for _, key := range []string{
		config.KeysetFile, config.CustomerKeyFile, config.ReportTokenFile, config.TLSCertificateFile, config.TLSKeyFile,
	} {
		if len(bytes.TrimSpace(secret.Data[key])) == 0 {
			found = append(found, failure(
				o.where("Secret", name), fmt.Sprintf("It lacks a value for %q", key),
				advice.For(v1alpha1.ReasonKeysLost),
			))
		}
	}
	return found
}

// findChannels looks whether the account is given what it asks for.
func findChannels(o *Observation) []Finding {
	return o.ofConditions(v1alpha1.ConditionChannelsHeld, v1alpha1.ConditionHostHeld, v1alpha1.ConditionClaimsGranted)
}
