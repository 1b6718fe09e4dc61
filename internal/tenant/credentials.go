package tenant

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
)

// channelsOf are the channels that can be served: not those that another account holds, and those
// without credentials. A key that is missing now has the value that the gateway was given last: to
// lose it would lose the webhooks that settle what is under way.
func channelsOf(spec *v1alpha1.BusinessAccountSpec, s Sources) []config.Channel {
	channels := make([]config.Channel, 0, len(spec.Channels))
	for _, channel := range spec.Channels {
		identity := channel.Identity()
		if s.Taken != nil && s.Taken(identity) {
			continue
		}
		out := config.Channel{
			Name:        channel.Name,
			Type:        config.ChannelType(identity.Type),
			ID:          identity.ID,
			AdAccountID: channel.AdAccountID,
			BaseURL:     strings.TrimRight(orDefault(channel.BaseURL, defaultBaseURL), "/"),
			APIVersion:  orDefault(channel.APIVersion, defaultAPIVersion),
		}
		if identity.Type == v1alpha1.ChannelWhatsApp {
			out.BusinessAccountID = spec.WhatsAppBusinessAccountID
		}
		if priced, own := s.Channels[identity]; own {
			out.BillingStopped = priced.BillingStopped
			if priced.PlanName != s.PlanName {
				out.PlanName = priced.PlanName
			}
		}
		if fillCredentials(&out, channel.CredentialsSecretName, s.Secrets, servedChannel(s.Served, out)) {
			channels = append(channels, out)
		}
	}
	return channels
}

// fillCredentials tells whether the channel has all of them.
func fillCredentials(out *config.Channel, secret string, secrets Secrets, before config.Channel) bool {
	out.AccessToken = orDefault(secrets.value(secret, v1alpha1.SecretKeyAccessToken), before.AccessToken)
	out.VerifyToken = orDefault(secrets.value(secret, v1alpha1.SecretKeyVerifyToken), before.VerifyToken)
	out.AppSecrets = appSecretsOf(secret, secrets, before.AppSecrets)
	return out.AccessToken != "" && out.VerifyToken != "" && len(out.AppSecrets) > 0
}

// appSecretsOf are the current one and the one before a rotation. A Secret that is there has the
// last word on the latter: taking it out revokes it.
func appSecretsOf(secret string, secrets Secrets, before []string) []string {
	if _, there := secrets[secret]; !there {
		return before
	}
	var list []string
	if current := secrets.value(secret, v1alpha1.SecretKeyAppSecret); current != "" {
		list = append(list, current)
	} else if len(before) > 0 {
		list = append(list, before[0])
	}
	if previous := secrets.value(secret, v1alpha1.SecretKeyAppSecretPrevious); previous != "" && len(list) > 0 {
		list = append(list, previous)
	}
	return list
}

func servedChannel(served *config.Document, wanted config.Channel) config.Channel {
	if served == nil {
		return config.Channel{}
	}
	at := slices.IndexFunc(served.Channels, func(c config.Channel) bool {
		return c.ID == wanted.ID && (c.Type == wanted.Type || c.Type == "") // an early document names no network
	})
	if at < 0 {
		return config.Channel{}
	}
	return served.Channels[at]
}

// tokensOf are the tokens of a Secret, by their hashes: a configuration that leaks gives nobody
// access. A token that is not there any more is revoked, also when it was the last one: the list is
// then empty, never nil.
func tokensOf(secrets Secrets, name string) []config.APIToken {
	tokens := []config.APIToken{}
	for key := range secrets[name] {
		if token := secrets.value(name, key); token != "" {
			sum := sha256.Sum256([]byte(token))
			tokens = append(tokens, config.APIToken{Name: key, SHA256: hex.EncodeToString(sum[:])})
		}
	}
	slices.SortFunc(tokens, func(a, b config.APIToken) int { return strings.Compare(a.Name, b.Name) })
	return tokens
}

// callbackOf has the secret that the gateway was given last while there is none now. Without any
// the gateway queues the callbacks and delivers none.
func callbackOf(callback *v1alpha1.Callback, s Sources) *config.Callback {
	if callback == nil {
		return nil
	}
	secret := s.Secrets.value(callback.SecretName, v1alpha1.SecretKeyCallback)
	if secret == "" && s.Served != nil && s.Served.Callback != nil {
		secret = s.Served.Callback.Secret
	}
	return &config.Callback{
		URL: callback.URL, Secret: secret,
		ClientCertificate: clientCertificateOf(callback.ClientCertificateSecretName, s),
	}
}

// clientCertificateOf has the certificate that the gateway was given last while there is none now
// that can be used. It is empty if there was none, and nil if none is wanted.
func clientCertificateOf(name string, s Sources) *config.ClientCertificate {
	if name == "" {
		return nil
	}
	certificate := s.Secrets.certificate(name)
	if _, err := certificate.Pair(); err == nil {
		return &certificate
	}
	if s.Served != nil && s.Served.Callback != nil && s.Served.Callback.ClientCertificate != nil {
		// a gateway would refuse the whole of a document with a bad one
		if _, err := s.Served.Callback.ClientCertificate.Pair(); err == nil {
			return s.Served.Callback.ClientCertificate
		}
	}
	return &config.ClientCertificate{}
}
