package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"

	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

// callsPerPage is about how many calls the inspection of a page makes.
const callsPerPage = 5

// pageInput is what the inspection of a page, or of an Instagram account, needs.
type pageInput struct {
	channel     string
	identity    v1alpha1.ChannelIdentity
	credentials channelCredentials
	// advertises says that the page sends paid marketing messages.
	advertises bool
	// profile is what the page's profile is to be; nil if it is left alone.
	profile *graph.PageProfile
}

// pageInspection is what the upstream last said about a page.
type pageInspection struct {
	channel string
	// missing are the fields of the page that the app is not told of; failure is why that is not
	// known, or why it could not be changed.
	missing []string
	failure error
	// profileFailure is why the page does not have the profile that it is to have.
	profileFailure error
}

// pageChannels are the channels that are pages or Instagram accounts.
func pageChannels(account *v1alpha1.BusinessAccount) []v1alpha1.Channel {
	return slices.DeleteFunc(slices.Clone(account.Spec.Channels), func(c v1alpha1.Channel) bool {
		return !isPage(&c)
	})
}

// isPage tells whether a channel's events come by the subscription of a page.
func isPage(channel *v1alpha1.Channel) bool {
	return channel.Identity().Type != v1alpha1.ChannelWhatsApp
}

// pageInputs reads the credentials of the pages. It leaves out those that have none.
func (r *UpstreamInspectionReconciler) pageInputs(
	ctx context.Context, account *v1alpha1.BusinessAccount,
) ([]pageInput, error) {
	var inputs []pageInput
	for _, channel := range pageChannels(account) {
		credentials, err := r.credentialsOf(ctx, account.Namespace, channel)
		if err != nil {
			return nil, err
		}
		if credentials != nil {
			inputs = append(inputs, pageInput{
				channel: channel.Name, identity: channel.Identity(), credentials: *credentials,
				advertises: channel.AdAccountID != "", profile: profileOf(channel.Profile),
			})
		}
	}
	return inputs, nil
}

// mayChangePages tells whether the operator may write to the account's pages: nobody else has them,
// and it is not told to leave the account alone.
func mayChangePages(account *v1alpha1.BusinessAccount) bool {
	held := apimeta.FindStatusCondition(account.Status.Conditions, v1alpha1.ConditionChannelsHeld)
	return account.Spec.Operation != v1alpha1.OperationPaused && held != nil && held.Status == metav1.ConditionTrue &&
		held.ObservedGeneration == account.Generation
}

// subscribesPages tells whether the operator subscribes the account's pages.
func subscribesPages(account *v1alpha1.BusinessAccount) bool {
	return asksToRegister(account) && len(pageChannels(account)) > 0
}

// inspectPages asks about every page. What the upstream fails to answer stays as it was before.
func (r *UpstreamInspectionReconciler) inspectPages(
	ctx context.Context, account *v1alpha1.BusinessAccount, input inspectionInput, before inspection,
) (pages []pageInspection, tokens []tokenInspection, failure error) {
	for _, page := range input.pages {
		last, lastToken := before.page(page.channel), before.tokenOfPage(page.channel)
		limit := r.limits.of(account.Namespace, page.identity.ID)
		if last != nil && lastToken != nil && !limit.calls.AllowN(r.Clock.Now(), callsPerPage) {
			pages, tokens = append(pages, *last), append(tokens, *lastToken)
			continue
		}
		token := tokenInspection{secretName: page.credentials.secretName, page: page.channel, identity: page.identity}
		token.info, token.failure = r.upstream.inspectToken(ctx, page.credentials.access(page.identity.ID))
		if token.failure != nil && isPassing(token.failure) {
			failure = errors.Join(failure, token.failure)
			if lastToken != nil {
				token = *lastToken
			}
		}
		found := r.inspectPage(ctx, input, page, token.info.AppID)
		for _, each := range []error{found.failure, found.profileFailure} {
			if each != nil && isPassing(each) {
				failure = errors.Join(failure, each)
			}
		}
		if last != nil && found.failure != nil && isPassing(found.failure) {
			found.missing, found.failure = last.missing, last.failure
		}
		if last != nil && found.profileFailure != nil && isPassing(found.profileFailure) {
			found.profileFailure = last.profileFailure
		}
		pages, tokens = append(pages, found), append(tokens, token)
	}
	return pages, tokens, failure
}

// inspectPage subscribes a page and gives it its profile, if that is asked for, and says how things
// stand.
func (r *UpstreamInspectionReconciler) inspectPage(
	ctx context.Context, input inspectionInput, page pageInput, appID string,
) pageInspection {
	found := pageInspection{channel: page.channel}
	client, err := r.upstream.client(page.credentials.access(page.identity.ID))
	if err != nil {
		found.failure, found.profileFailure = err, err
		return found
	}
	found.missing, found.failure = missingOfPage(ctx, client, &page, appID)
	if found.failure == nil && len(found.missing) > 0 && input.subscribesPages {
		found.missing, found.failure = nil, subscribePage(ctx, client, input, &page, appID)
	}
	if page.profile != nil {
		found.profileFailure = applyProfile(ctx, client, input, page)
	}
	if found.failure != nil && !errors.Is(found.failure, errNotReady) {
		log.FromContext(ctx).Info(
			"A page could not be subscribed", "channel", page.channel, "error", found.failure.Error(),
		)
	}
	return found
}

// neededOfPage are the fields that a gateway needs of a page or an Instagram account. Those of
// marketing messages, by which they are billed, need a permission that other pages lack.
func neededOfPage(page *pageInput) []string {
	switch {
	case page.identity.Type == v1alpha1.ChannelInstagram:
		return graph.InstagramFields()
	case page.advertises:
		return append(graph.PageFields(), graph.AdvertisingFields()...)
	}
	return graph.PageFields()
}

// missingOfPage are the needed fields that the app is not told of.
func missingOfPage(
	ctx context.Context, client *graph.Client, page *pageInput, appID string,
) ([]string, error) {
	has, err := subscribedOfPage(ctx, client, page.identity, appID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(neededOfPage(page), func(field string) bool { return slices.Contains(has, field) }), nil
}

// subscribedOfPage are the fields that the app is told of. If the token's app is not known, those
// of every app count.
func subscribedOfPage(
	ctx context.Context, client *graph.Client, identity v1alpha1.ChannelIdentity, appID string,
) ([]string, error) {
	apps, err := client.PageApps(ctx, identity.ID)
	if err != nil {
		return nil, err
	}
	var fields []string
	for _, app := range apps {
		if appID == "" || app.ID == appID {
			fields = append(fields, app.Fields...)
		}
	}
	return fields, nil
}

// subscribePage adds what is missing to what the app is told of already.
func subscribePage(
	ctx context.Context, client *graph.Client, input inspectionInput, page *pageInput, appID string,
) error {
	if !input.mayChangePages {
		return errNotReady
	}
	has, err := subscribedOfPage(ctx, client, page.identity, appID)
	if err != nil {
		return err
	}
	fields := slices.Concat(has, neededOfPage(page))
	slices.Sort(fields)
	return client.SubscribePage(ctx, page.identity.ID, slices.Compact(fields))
}

// applyProfile gives a page its profile, unless it has it.
func applyProfile(ctx context.Context, client *graph.Client, input inspectionInput, page pageInput) error {
	there, err := client.PageProfile(ctx, page.identity.ID)
	if err != nil {
		return err
	}
	switch {
	case page.profile.Equal(there):
		return nil
	case !input.mayChangePages:
		return errNotReady
	}
	return client.SetPageProfile(ctx, page.identity.ID, *page.profile, there)
}

// page is what an inspection says about the page of a channel, or nil.
func (i *inspection) page(channel string) *pageInspection {
	if i == nil {
		return nil
	}
	at := slices.IndexFunc(i.pages, func(p pageInspection) bool { return p.channel == channel })
	if at < 0 {
		return nil
	}
	return &i.pages[at]
}

// tokenOfPage is what an inspection says about the token of a page, or nil.
func (i *inspection) tokenOfPage(channel string) *tokenInspection {
	at := slices.IndexFunc(i.tokens, func(t tokenInspection) bool { return t.page == channel })
	if at < 0 {
		return nil
	}
	return &i.tokens[at]
}

// pagesFingerprint changes with everything that the upstream's answers about pages depend on.
func (i *inspectionInput) pagesFingerprint() string {
	var parts []string
	for _, page := range i.pages {
		parts = append(parts, fmt.Sprintf("%q %v %t %q %s", page.channel, page.identity, page.advertises, []string{
			page.credentials.baseURL, page.credentials.apiVersion, page.credentials.accessToken,
		}, profileText(page.profile)))
	}
	return fmt.Sprintf("%q %v %v", parts, i.subscribesPages, i.mayChangePages)
}
