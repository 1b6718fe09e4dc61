package controllers

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	apimeta "k8s.io/apimachinery/pkg/api/meta"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

// showPages says of each page whether its app is told of its events, and whether it has its
// profile. It comes after showChannels.
func showPages(scope *accountScope, status *v1alpha1.BusinessAccountStatus) {
	if scope.inspection == nil {
		return
	}
	for i := range scope.account.Spec.Channels {
		channel := &scope.account.Spec.Channels[i]
		at := slices.IndexFunc(status.Channels, func(c v1alpha1.ChannelStatus) bool { return c.Name == channel.Name })
		if at < 0 {
			continue
		}
		conditions := &status.Channels[at].Conditions
		j := judgement{conditions: conditions, generation: scope.account.Generation, now: scope.now}
		if isPage(channel) {
			j.setInspected(v1alpha1.ConditionPageSubscribed, assessPage(scope, channel))
		} else {
			apimeta.RemoveStatusCondition(conditions, v1alpha1.ConditionPageSubscribed)
		}
		if channel.Profile != nil {
			j.setInspected(v1alpha1.ConditionProfileApplied, assessProfile(scope, channel))
		} else {
			apimeta.RemoveStatusCondition(conditions, v1alpha1.ConditionProfileApplied)
		}
	}
}

// setInspected is set for what an inspection tells: that the upstream does not answer now does not
// take back what it said.
func (j judgement) setInspected(conditionType string, v assessment) {
	standing := apimeta.FindStatusCondition(*j.conditions, conditionType)
	if v.reason == v1alpha1.ReasonUpstreamUnreachable && standing != nil &&
		standing.ObservedGeneration == j.generation {
		return
	}
	j.set(conditionType, v)
}

// assessPage says whether the app is told of a page's events.
func assessPage(scope *accountScope, channel *v1alpha1.Channel) assessment {
	found := scope.inspection.page(channel.Name)
	subject := fmt.Sprintf("%s %s", pageNoun(channel), channel.Identity().ID)
	switch {
	case found == nil:
		return unknown(v1alpha1.ReasonPending, "The upstream was not asked yet to which fields the app is subscribed")
	case errors.Is(found.failure, errNotReady):
		return unknown(v1alpha1.ReasonRegistrationWaits, fmt.Sprintf(
			"The app is subscribed to %s once %s is True", subject, v1alpha1.ConditionChannelsHeld))
	case found.failure != nil:
		return pageFailure(channel, "The app is not subscribed to "+subject, found.failure)
	case len(found.missing) == 0:
		return isTrue(v1alpha1.ReasonPageSubscribed, "The app is told of what happens on "+subject)
	}
	return isFalse(v1alpha1.ReasonFieldsMissing, fmt.Sprintf(
		"The app is not told of %s on %s: set spec.webhooks.registration to 'Register', or subscribe the app to them "+
			"at Meta", strings.Join(found.missing, ", "), subject))
}

// assessProfile says whether a page has the profile that its channel asks for.
func assessProfile(scope *accountScope, channel *v1alpha1.Channel) assessment {
	found := scope.inspection.page(channel.Name)
	switch {
	case found == nil:
		return unknown(v1alpha1.ReasonPending, "The upstream was not asked yet for the page's profile")
	case errors.Is(found.profileFailure, errNotReady):
		return unknown(v1alpha1.ReasonRegistrationWaits, fmt.Sprintf(
			"The page gets its profile once %s is True", v1alpha1.ConditionChannelsHeld))
	case found.profileFailure != nil:
		return pageFailure(channel, "The page has not got its profile", found.profileFailure)
	}
	return isTrue(v1alpha1.ReasonProfileApplied, "The page has the profile of its channel")
}

// pageFailure says why the upstream did not do what a page needs, and what to do.
func pageFailure(channel *v1alpha1.Channel, subject string, failure error) assessment {
	answer, _ := graph.AsError(failure)
	switch {
	case isPassing(failure):
		return unknown(v1alpha1.ReasonUpstreamUnreachable, unreachable(failure))
	case answer.Code == graph.CodeInvalidToken:
		return isFalse(v1alpha1.ReasonAccessTokenRefused, fmt.Sprintf("%s: put a valid access token into key %q of "+
			"Secret %q", subject, v1alpha1.SecretKeyAccessToken, channel.CredentialsSecretName))
	case answer.Code == graph.CodePermission || answer.Code >= 200 && answer.Code <= 299:
		return isFalse(v1alpha1.ReasonPermissionMissing, fmt.Sprintf("%s: give the access token in Secret %q the "+
			"permission %s", subject, channel.CredentialsSecretName, graph.PermissionPageMetadata))
	}
	return isFalse(v1alpha1.ReasonRegistrationRefused, subject+". "+unreachable(failure))
}

func pageNoun(channel *v1alpha1.Channel) string {
	if channel.Identity().Type == v1alpha1.ChannelInstagram {
		return "Instagram account"
	}
	return "page"
}

// tokenPermissions are those that the token of a channel needs.
func tokenPermissions(channel v1alpha1.ChannelType) []string {
	switch channel {
	case v1alpha1.ChannelMessenger:
		return []string{graph.PermissionPageMessaging, graph.PermissionPageMetadata}
	case v1alpha1.ChannelInstagram:
		return []string{graph.PermissionInstagramMessaging}
	}
	return []string{graph.PermissionManagement, graph.PermissionMessaging}
}

// pageRefusalAdvice is the reason of a code that holds up a page, and what to do. Code 10 is both a
// missing permission and a restriction by the platform's policies; which of the two, the token's
// permissions tell. Source:
// https://developers.facebook.com/documentation/business-messaging/messenger-platform/error-codes
func pageRefusalAdvice(scope *accountScope, channel *v1alpha1.Channel, code int) (reason, advice string) {
	restricted := fmt.Sprintf("Meta restricts the %s: see its Page Quality and Support Inbox at Meta; the "+
		"channel sends again once Meta lifts the restriction", pageNoun(channel))
	switch {
	case code == graph.CodePolicyBlock,
		code == graph.CodePermission && scope.inspection.grants(channel):
		return v1alpha1.ReasonAccountRestricted, restricted
	case code == graph.CodePermission, code >= 200 && code <= 299:
		return v1alpha1.ReasonPermissionMissing, fmt.Sprintf("give the access token in Secret %q the permissions %s",
			channel.CredentialsSecretName, inWords(tokenPermissions(channel.Identity().Type)))
	case code == graph.CodeInvalidParameter, code == graph.CodeUnknownPhoneNumberID:
		return v1alpha1.ReasonPageUnknown, fmt.Sprintf(
			"correct the id %q of the %s, or use a token of it", channel.Identity().ID, pageNoun(channel))
	}
	return "", ""
}

// grants tells whether the token of a channel is known to have every permission that it needs.
func (i *inspection) grants(channel *v1alpha1.Channel) bool {
	if i == nil {
		return false
	}
	token := i.tokenOfPage(channel.Name)
	return token != nil && token.failure == nil && token.info.Valid && len(token.info.Permissions) > 0 &&
		len(lackingPermissions(token.info.Permissions, tokenPermissions(channel.Identity().Type))) == 0
}
