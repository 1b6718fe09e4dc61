package controllers

import (
	"bytes"
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

// channelCredentials are a channel's, and the upstream that they are for.
type channelCredentials struct {
	secretName, baseURL, apiVersion     string
	accessToken, appSecret, verifyToken string
}

func (c *channelCredentials) access(businessAccountID string) UpstreamAccess {
	return UpstreamAccess{
		BaseURL: c.baseURL, APIVersion: c.apiVersion, BusinessAccountID: businessAccountID,
		Token: graph.Token(c.accessToken),
	}
}

// credentialsOf reads a channel's credentials. It returns nil while there is no access token.
func (d *Dependencies) credentialsOf(
	ctx context.Context, namespace string, channel v1alpha1.Channel,
) (*channelCredentials, error) {
	secret := &corev1.Secret{}
	name := types.NamespacedName{Namespace: namespace, Name: channel.CredentialsSecretName}
	if err := d.Live.Get(ctx, name, secret); apierrors.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read Secret %q: %w", name.Name, err)
	}
	value := func(key string) string { return string(bytes.TrimSpace(secret.Data[key])) }
	credentials := &channelCredentials{
		secretName: name.Name, baseURL: channel.BaseURL, apiVersion: channel.APIVersion,
		accessToken: value(v1alpha1.SecretKeyAccessToken), appSecret: value(v1alpha1.SecretKeyAppSecret),
		verifyToken: value(v1alpha1.SecretKeyVerifyToken),
	}
	if credentials.accessToken == "" {
		return nil, nil
	}
	return credentials, nil
}

// whatsAppChannels are the channels that belong to the WhatsApp Business account.
func whatsAppChannels(account *v1alpha1.BusinessAccount) []v1alpha1.Channel {
	return slices.DeleteFunc(slices.Clone(account.Spec.Channels), func(c v1alpha1.Channel) bool {
		return isPage(&c)
	})
}

func namesWhatsApp(account *v1alpha1.BusinessAccount) bool { return len(whatsAppChannels(account)) > 0 }
