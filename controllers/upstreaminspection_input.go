package controllers

import (
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
	"github.com/guichet-dev/guichet/internal/network/whatsapp/webhook"
)

// inspectionInput is what an inspection needs to ask the upstream.
type inspectionInput struct {
	businessAccountID string
	// credentials are those of the WhatsApp channels, each Secret once, the first channel's first.
	credentials []channelCredentials
	registers   bool
	callback    string
	// ready says that the gateway can answer a handshake at the callback.
	ready bool
	// pages are the pages and Instagram accounts. subscribesPages says that the operator is to
	// subscribe the app to them, mayChangePages that it may write to them now.
	pages                           []pageInput
	subscribesPages, mayChangePages bool
}

func (i *inspectionInput) access(credentials channelCredentials) UpstreamAccess {
	return credentials.access(i.businessAccountID)
}

// fingerprint changes with everything that the upstream's answers depend on.
func (i *inspectionInput) fingerprint() string {
	digest := sha256.New()
	for _, c := range i.credentials {
		hashInto(digest, fmt.Sprintf("%q", []string{
			c.secretName, c.baseURL, c.apiVersion, c.accessToken, c.appSecret, c.verifyToken,
		}))
	}
	hashInto(digest, i.businessAccountID, i.registers)
	if len(i.pages) > 0 {
		hashInto(digest, i.pagesFingerprint())
	}
	if i.registers {
		hashInto(digest, fmt.Sprintf("%q", i.callback), i.ready)
	}
	return hex.EncodeToString(digest.Sum(nil))
}

// registration is the fingerprint of the override alone.
func (i *inspectionInput) registration() string {
	alone := *i
	alone.credentials, alone.ready, alone.pages = i.credentials[:1], true, nil
	return alone.fingerprint()
}

// cachedFingerprint changes when the input of an inspection may have changed. It reads the caches
// only: of Secrets, it has the versions.
func (r *UpstreamInspectionReconciler) cachedFingerprint(
	ctx context.Context, account *v1alpha1.BusinessAccount,
) (string, error) {
	digest := sha256.New()
	hashInto(digest, account.UID, registers(account), webhookURLOf(account), readyForHandshake(account))
	if len(pageChannels(account)) > 0 {
		hashInto(digest, subscribesPages(account), mayChangePages(account))
	}
	for _, channel := range account.Spec.Channels {
		found := metadataOf(corev1.SchemeGroupVersion.WithKind("Secret"))
		name := types.NamespacedName{Namespace: account.Namespace, Name: channel.CredentialsSecretName}
		if err := r.Client.Get(ctx, name, found); err != nil && !apierrors.IsNotFound(err) {
			return "", fmt.Errorf("read the metadata of Secret %q: %w", name.Name, err)
		}
		hashInto(digest, fmt.Sprintf("%q", []string{
			name.Name, channel.BaseURL, channel.APIVersion, string(found.UID), found.ResourceVersion,
		}))
		if isPage(&channel) {
			hashInto(digest, channel.Identity(), profileText(profileOf(channel.Profile)))
		}
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// inspectionInputOf reads the credentials. It has none of WhatsApp's while one of those is missing.
func (r *UpstreamInspectionReconciler) inspectionInputOf(
	ctx context.Context, account *v1alpha1.BusinessAccount, memory *inspectionMemory,
) (*inspectionInput, error) {
	input := &inspectionInput{
		businessAccountID: account.Spec.WhatsAppBusinessAccountID, registers: registers(account),
		callback:        webhookURLOf(account),
		subscribesPages: subscribesPages(account), mayChangePages: mayChangePages(account),
	}
	var err error
	if input.pages, err = r.pageInputs(ctx, account); err != nil {
		return nil, err
	}
	for _, channel := range whatsAppChannels(account) {
		if slices.ContainsFunc(input.credentials, func(c channelCredentials) bool {
			return c.secretName == channel.CredentialsSecretName
		}) {
			continue
		}
		credentials, err := r.credentialsOf(ctx, account.Namespace, channel)
		if err != nil {
			return nil, err
		}
		if credentials == nil {
			input.credentials = nil
			return input, nil
		}
		input.credentials = append(input.credentials, *credentials)
	}
	if len(input.credentials) == 0 {
		return input, nil
	}
	// A gateway that is away for a while does not undo its registration.
	input.ready = readyForHandshake(account) || memory.registered == input.registration()
	return input, nil
}

// registers tells whether the operator overrides the callback of the WhatsApp Business account.
func registers(account *v1alpha1.BusinessAccount) bool {
	return asksToRegister(account) && namesWhatsApp(account)
}

// asksToRegister tells whether an account leaves to the operator what makes webhooks come.
func asksToRegister(account *v1alpha1.BusinessAccount) bool {
	return account.Spec.Webhooks != nil && account.Spec.Webhooks.Registration == v1alpha1.RegistrationRegister
}

func webhookURLOf(account *v1alpha1.BusinessAccount) string {
	if account.Status.Gateway == nil {
		return ""
	}
	return account.Status.Gateway.WebhookURL
}

// neededForHandshake are the conditions that must be True before a webhook is registered: the
// gateway answers the handshake, and the account holds its channels and its host.
func neededForHandshake() []string {
	return []string{
		v1alpha1.ConditionGatewayAvailable, v1alpha1.ConditionConfigSynced, v1alpha1.ConditionChannelsHeld,
		v1alpha1.ConditionHostHeld,
	}
}

// readyForHandshake tells whether an account's gateway answers with the current verify token.
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

// missingFields are the fields that a gateway needs and an app is not subscribed to.
func missingFields(subscribed []string) []string {
	return slices.DeleteFunc(webhook.NeededFields(), func(field string) bool {
		return slices.Contains(subscribed, field)
	})
}

// errNotReady says that a handshake cannot be answered yet; errTooLong that Meta takes no callback
// of this length.
var (
	errNotReady = errors.New("the gateway is not ready for the handshake")
	errTooLong  = fmt.Errorf("the URL has more than %d characters", graph.MaxCallbackURL)
)

// isPassing tells whether another try may succeed: the failure is not the upstream's decision.
func isPassing(failure error) bool {
	if errors.Is(failure, errNotReady) || errors.Is(failure, errTooLong) {
		return false
	}
	answer, ok := graph.AsError(failure)
	return !ok || answer.Foreign || answer.Class() == network.Backoff || answer.Class() == network.Wait ||
		answer.Class() == network.PairBackoff
}
