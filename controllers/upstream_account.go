package controllers

import (
	"context"
	"slices"

	"github.com/guichet-dev/guichet/internal/graph"
)

// subscription is how the webhooks of a WhatsApp Business account are to reach a gateway.
type subscription struct {
	// appID is the app of the access token; empty if it is not known.
	appID       string
	callback    string
	verifyToken string
	// renew sets the override even if it is there: Meta does not tell with which verify token.
	renew bool
}

// register directs the webhooks to the callback, unless they go there; if they do not, and nobody
// is ready to answer the handshake, it is errNotReady. An app has to be subscribed before its
// callback can be overridden. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
func (u *GraphUpstream) register(
	ctx context.Context, access UpstreamAccess, wanted subscription, ready bool,
) error {
	client, err := u.client(access)
	if err != nil {
		return err
	}
	apps, err := client.SubscribedApps(ctx, access.BusinessAccountID)
	if err != nil {
		return err
	}
	found := slices.IndexFunc(apps, wanted.isBy)
	if found >= 0 && apps[found].Callback == wanted.callback && !wanted.renew {
		return nil
	}
	switch {
	case !ready:
		return errNotReady
	case len(wanted.callback) > graph.MaxCallbackURL:
		return errTooLong
	case found < 0:
		if err := client.SubscribeApp(ctx, access.BusinessAccountID); err != nil {
			return err
		}
	}
	return client.OverrideCallback(ctx, access.BusinessAccountID, wanted.callback, wanted.verifyToken)
}

// unregister removes the override, if the webhooks still go to the callback.
func (u *GraphUpstream) unregister(ctx context.Context, access UpstreamAccess, registered subscription) error {
	client, err := u.client(access)
	if err != nil {
		return err
	}
	apps, err := client.SubscribedApps(ctx, access.BusinessAccountID)
	if err != nil {
		return err
	}
	found := slices.IndexFunc(apps, registered.isBy)
	if found < 0 || apps[found].Callback != registered.callback {
		return nil
	}
	return client.SubscribeApp(ctx, access.BusinessAccountID)
}

// isBy tells whether the subscription is that of an app. If the token's app is not known, it is the
// one whose webhooks go to the callback.
func (s subscription) isBy(app graph.SubscribedApp) bool {
	if s.appID == "" {
		return app.Callback == s.callback
	}
	return app.ID == s.appID
}

// inspectToken reads what Meta says of the access token.
func (u *GraphUpstream) inspectToken(ctx context.Context, access UpstreamAccess) (graph.TokenInfo, error) {
	client, err := u.client(access)
	if err != nil {
		return graph.TokenInfo{}, err
	}
	return client.InspectToken(ctx)
}

// hasFunding reads whether the WhatsApp Business account has a means of payment.
func (u *GraphUpstream) hasFunding(ctx context.Context, access UpstreamAccess) (bool, error) {
	client, err := u.client(access)
	if err != nil {
		return false, err
	}
	return client.HasFunding(ctx, access.BusinessAccountID)
}

// appFields reads to which webhook fields an app is subscribed, with the app's own token.
func (u *GraphUpstream) appFields(
	ctx context.Context, access UpstreamAccess, appID, secret string,
) ([]string, error) {
	access.Token = graph.AppToken(appID, secret)
	client, err := u.client(access)
	if err != nil {
		return nil, err
	}
	return client.AppFields(ctx, appID)
}
