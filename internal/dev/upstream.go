package dev

import (
	"fmt"
	"strings"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/simulator"
	"github.com/guichet-dev/guichet/internal/simulator/pages"
)

// simulator is Meta's side of the account: its numbers, pages and Instagram accounts.
func (a *account) simulator(o *Options, url, webhooks string) (simulator.Config, error) {
	config := simulator.Config{URL: url, EnforceRates: true, Delivery: o.Delivery}
	spec := &a.manifests.Account.Spec
	numbers := simulator.Account{
		ID: spec.WhatsAppBusinessAccountID, Name: spec.DisplayName, CallbackURL: webhooks,
		Templates: a.whatsAppTemplates(),
	}
	for i := range spec.Channels {
		channel := &spec.Channels[i]
		credentials := a.credentials(channel)
		if channel.Identity().Type != v1alpha1.ChannelWhatsApp {
			page, err := a.page(channel, credentials, webhooks)
			if err != nil {
				return config, err
			}
			config.Pages = append(config.Pages, page)
			continue
		}
		numbers.AppSecret, numbers.VerifyToken = credentials.appSecret, credentials.verifyToken
		numbers.Tokens = append(numbers.Tokens, credentials.accessToken)
		numbers.Numbers = append(numbers.Numbers, simulator.Number{
			ID: channel.PhoneNumberID, VerifiedName: spec.DisplayName,
			DisplayPhoneNumber: fmt.Sprintf("+33 1 70 18 00 %02d", len(numbers.Numbers)),
		})
	}
	if len(numbers.Numbers) > 0 {
		config.Accounts = []simulator.Account{numbers}
	}
	return config, nil
}

// page is Meta's side of a page or an Instagram account.
func (a *account) page(channel *v1alpha1.Channel, held credentials, webhooks string) (pages.Page, error) {
	identity := channel.Identity()
	page := pages.Page{
		ID: identity.ID, Name: a.manifests.Account.Spec.DisplayName, Object: pages.ObjectPage,
		AppSecret: held.appSecret, VerifyToken: held.verifyToken, CallbackURL: webhooks,
		Tokens: []string{held.accessToken}, AdAccountID: channel.AdAccountID,
	}
	if identity.Type == v1alpha1.ChannelInstagram {
		page.Object = pages.ObjectInstagram
		return page, nil
	}
	var err error
	page.Templates, err = a.pageTemplates(channel.Name)
	return page, err
}

// credentials are those of a channel.
type credentials struct{ accessToken, appSecret, verifyToken string }

func (a *account) credentials(channel *v1alpha1.Channel) credentials {
	secret := a.secrets[channel.CredentialsSecretName]
	value := func(key string) string { return strings.TrimSpace(string(secret[key])) }
	return credentials{
		value(v1alpha1.SecretKeyAccessToken), value(v1alpha1.SecretKeyAppSecret),
		value(v1alpha1.SecretKeyVerifyToken),
	}
}
