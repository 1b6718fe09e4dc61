package controllers

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/network"
	"github.com/guichet-dev/guichet/internal/network/whatsapp"
)

// lookQuestion is what a look asks the upstream, and with what.
type lookQuestion struct {
	businessAccountID string
	// credentials are those of the WhatsApp channels, each Secret once, the first channel's first.
	credentials []lookCredentials
	registers   bool
	callback    string
	// ready says that the gateway can answer a handshake at the callback.
	ready bool
}

// lookCredentials are a channel's.
type lookCredentials struct {
	secretName, baseURL, apiVersion     string
	accessToken, appSecret, verifyToken string
}

func (q *lookQuestion) access(credentials lookCredentials) UpstreamAccess {
	return UpstreamAccess{
		BaseURL: credentials.baseURL, APIVersion: credentials.apiVersion,
		BusinessAccountID: q.businessAccountID, Token: graph.Token(credentials.accessToken),
	}
}

// fingerprint is that of all that the answers depend on.
func (q *lookQuestion) fingerprint() string {
	digest := sha256.New()
	for _, c := range q.credentials {
		hashInto(digest, fmt.Sprintf("%q", []string{
			c.secretName, c.baseURL, c.apiVersion, c.accessToken, c.appSecret, c.verifyToken,
		}))
	}
	hashInto(digest, q.businessAccountID, q.registers)
	if q.registers {
		hashInto(digest, fmt.Sprintf("%q", q.callback), q.ready)
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// registration is the fingerprint of the override alone.
func (q *lookQuestion) registration() string {
	alone := *q
	alone.credentials, alone.ready = q.credentials[:1], true
	return alone.fingerprint()
}

// inputsOf is a fingerprint of what a question depends on, as far as the caches tell: of Secrets,
// which version there is.
func (r *UpstreamLookReconciler) inputsOf(ctx context.Context, account *v1alpha1.BusinessAccount) (string, error) {
	digest := sha256.New()
	hashInto(digest, account.UID, registers(account), webhookURLOf(account), readyForHandshake(account))
	for _, channel := range whatsAppChannels(account) {
		found := metadataOf(corev1.SchemeGroupVersion.WithKind("Secret"))
		name := types.NamespacedName{Namespace: account.Namespace, Name: channel.CredentialsSecretName}
		if err := r.Client.Get(ctx, name, found); err != nil && !apierrors.IsNotFound(err) {
			return "", fmt.Errorf("read the metadata of Secret %q: %w", name.Name, err)
		}
		hashInto(digest, fmt.Sprintf("%q", []string{
			name.Name, channel.BaseURL, channel.APIVersion, string(found.UID), found.ResourceVersion,
		}))
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// questionOf reads the credentials. It returns nil while one of them is missing.
func (r *UpstreamLookReconciler) questionOf(
	ctx context.Context, account *v1alpha1.BusinessAccount, memory *lookMemory,
) (*lookQuestion, error) {
	question := &lookQuestion{
		businessAccountID: account.Spec.WhatsAppBusinessAccountID, registers: registers(account),
		callback: webhookURLOf(account),
	}
	for _, channel := range whatsAppChannels(account) {
		if slices.ContainsFunc(question.credentials, func(c lookCredentials) bool {
			return c.secretName == channel.CredentialsSecretName
		}) {
			continue
		}
		credentials, err := r.credentialsOf(ctx, account.Namespace, channel)
		if credentials == nil || err != nil {
			return nil, err
		}
		question.credentials = append(question.credentials, *credentials)
	}
	if len(question.credentials) == 0 {
		return nil, nil
	}
	// What is registered stays so while the gateway is away: there is nothing to ask again for.
	question.ready = readyForHandshake(account) || memory.registered == question.registration()
	return question, nil
}

func (r *UpstreamLookReconciler) credentialsOf(
	ctx context.Context, namespace string, channel v1alpha1.Channel,
) (*lookCredentials, error) {
	secret := &corev1.Secret{}
	name := types.NamespacedName{Namespace: namespace, Name: channel.CredentialsSecretName}
	if err := r.Live.Get(ctx, name, secret); apierrors.IsNotFound(err) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("read Secret %q: %w", name.Name, err)
	}
	value := func(key string) string { return string(bytes.TrimSpace(secret.Data[key])) }
	credentials := &lookCredentials{
		secretName: name.Name, baseURL: channel.BaseURL, apiVersion: channel.APIVersion,
		accessToken: value(v1alpha1.SecretKeyAccessToken), appSecret: value(v1alpha1.SecretKeyAppSecret),
		verifyToken: value(v1alpha1.SecretKeyVerifyToken),
	}
	if credentials.accessToken == "" {
		return nil, nil
	}
	return credentials, nil
}

// whatsAppChannels are the channels that the WhatsApp Business account owns.
func whatsAppChannels(account *v1alpha1.BusinessAccount) []v1alpha1.Channel {
	return slices.DeleteFunc(slices.Clone(account.Spec.Channels), func(c v1alpha1.Channel) bool {
		return c.Type == v1alpha1.ChannelMessenger
	})
}

func namesWhatsApp(account *v1alpha1.BusinessAccount) bool { return len(whatsAppChannels(account)) > 0 }

// registers tells whether the operator registers an account's webhook.
func registers(account *v1alpha1.BusinessAccount) bool {
	return account.Spec.Webhooks != nil && account.Spec.Webhooks.Registration == v1alpha1.RegistrationRegister &&
		namesWhatsApp(account)
}

func webhookURLOf(account *v1alpha1.BusinessAccount) string {
	if account.Status.Gateway == nil {
		return ""
	}
	return account.Status.Gateway.WebhookURL
}

// neededForHandshake are the conditions of an account whose gateway answers a handshake, and to
// whom the webhooks belong.
func neededForHandshake() []string {
	return []string{
		v1alpha1.ConditionGatewayAvailable, v1alpha1.ConditionConfigSynced, v1alpha1.ConditionChannelsHeld,
		v1alpha1.ConditionHostHeld,
	}
}

// readyForHandshake tells whether an account's gateway answers, with the verify token of now.
func readyForHandshake(account *v1alpha1.BusinessAccount) bool {
	if account.Spec.Operation == v1alpha1.OperationPaused || webhookURLOf(account) == "" {
		return false
	}
	for _, needed := range neededForHandshake() {
		found := apimeta.FindStatusCondition(account.Status.Conditions, needed)
		if found == nil || found.Status != metav1.ConditionTrue || found.ObservedGeneration != account.Generation {
			return false
		}
	}
	return true
}

// missingFields are the fields that a gateway needs and that are not among those of an app.
func missingFields(subscribed []string) []string {
	return slices.DeleteFunc(whatsapp.NeededFields(), func(field string) bool {
		return slices.Contains(subscribed, field)
	})
}

// errNotReady says that a handshake cannot be answered yet; errTooLong that Meta takes no callback
// of this length.
var (
	errNotReady = errors.New("the gateway is not ready for the handshake")
	errTooLong  = fmt.Errorf("the URL has more than %d characters", graph.MaxCallbackURL)
)

// isPassing tells whether a failure may be over at another try: it is not the upstream's decision.
func isPassing(failure error) bool {
	if errors.Is(failure, errNotReady) || errors.Is(failure, errTooLong) {
		return false
	}
	answer, ok := graph.AsError(failure)
	return !ok || answer.Foreign || answer.Class() == network.Backoff || answer.Class() == network.Wait ||
		answer.Class() == network.PairBackoff
}
