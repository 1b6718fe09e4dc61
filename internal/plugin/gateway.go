package plugin

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/gatewayclient"
	"github.com/guichet-dev/guichet/internal/plugin/cluster"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// desk is a business's way to its gateway: through a forwarded port, with one of its API tokens.
type desk struct {
	*gatewayclient.Client
	account *v1alpha1.BusinessAccount
	channel *v1alpha1.Channel
}

// id is the channel's id at the upstream.
func (d *desk) id() string { return d.channel.Identity().ID }

// desk opens the way to an account's gateway for one of its channels: the named one, or the first.
func (p *plugin) desk(ctx context.Context, c *cluster.Cluster, name, channel string) (*desk, error) {
	account, err := c.Account(ctx, name)
	if err != nil {
		return nil, err
	}
	d := &desk{account: account}
	for i := range account.Spec.Channels {
		if known := &account.Spec.Channels[i]; d.channel == nil && (channel == "" || known.Name == channel) {
			d.channel = known
		}
	}
	if d.channel == nil {
		return nil, fmt.Errorf("account %q has no channel %q", account.Name, channel)
	}
	token, err := firstToken(ctx, c, account)
	if err != nil {
		return nil, err
	}
	chosen := tenant.SelectorLabels(account.Name)
	base, _, err := p.reach(ctx, c, account.Namespace, chosen, 0, config.APIPort)
	if err != nil {
		return nil, err
	}
	d.Client = &gatewayclient.Client{Base: base, Token: token}
	return d, nil
}

// firstToken reads one of the account's API tokens.
func firstToken(ctx context.Context, c *cluster.Cluster, account *v1alpha1.BusinessAccount) (string, error) {
	name := tenant.APITokensSecretName(account)
	secret := &corev1.Secret{}
	err := c.Get(ctx, types.NamespacedName{Namespace: account.Namespace, Name: name}, secret)
	if err != nil {
		return "", fmt.Errorf("read the API token, which the gateway asks for: %w", err)
	}
	for _, key := range slices.Sorted(maps.Keys(secret.Data)) {
		if token := strings.TrimSpace(string(secret.Data[key])); token != "" {
			return token, nil
		}
	}
	return "", fmt.Errorf("the Secret %s/%s holds no API token", account.Namespace, name)
}
