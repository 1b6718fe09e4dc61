package controllers

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/graph"
)

// tokenWarning is how long before an access token ends its account is warned.
const tokenWarning = 14 * 24 * time.Hour

// assessRegistration says whether the upstream sends webhooks to the gateway.
func assessRegistration(scope *accountScope) assessment {
	account, found := scope.account.Spec.WhatsAppBusinessAccountID, scope.inspection.registration
	if found == nil {
		return unknown(v1alpha1.ReasonPending, "The upstream was not asked yet to which callback the webhooks go")
	}
	if found.failure != nil {
		return registrationFailure(scope.account, found)
	}
	registered := fmt.Sprintf("Meta sends the webhooks of WhatsApp Business account %s to %s", account, found.callback)
	switch {
	case found.fieldsFailure != nil && !isPassing(found.fieldsFailure):
		return isTrue(v1alpha1.ReasonWebhookRegistered, fmt.Sprintf(
			"%s; to which fields the app is subscribed is not known: Meta refuses the app's token, which is made of "+
				"its id and key %q of Secret %q", registered, v1alpha1.SecretKeyAppSecret, firstSecret(scope.account),
		))
	case len(found.missing) == 0:
		return isTrue(v1alpha1.ReasonWebhookRegistered, registered)
	}
	advice := fmt.Sprintf("%s, but the app is not subscribed to %s: subscribe to them in the app's dashboard at Meta",
		registered, strings.Join(found.missing, ", "))
	if needed := missingFields(nil); found.missing[0] == needed[0] {
		return isFalse(v1alpha1.ReasonFieldsMissing, advice)
	}
	return isTrue(v1alpha1.ReasonFieldsMissing, advice)
}

// registrationFailure says why webhooks do not go to the gateway, and what to do.
func registrationFailure(account *v1alpha1.BusinessAccount, found *registrationResult) assessment {
	answer, _ := graph.AsError(found.failure) // what is no answer of Meta's is none of its codes' cases
	subject := fmt.Sprintf("The webhooks of WhatsApp Business account %s do not go to %s",
		account.Spec.WhatsAppBusinessAccountID, found.callback)
	switch {
	case errors.Is(found.failure, errNotReady):
		return unknown(v1alpha1.ReasonRegistrationWaits, fmt.Sprintf(
			"The webhook is registered once %s are True, as Meta then calls it", inWords(neededForHandshake())))
	case errors.Is(found.failure, errTooLong):
		return isFalse(v1alpha1.ReasonRegistrationRefused, subject+": "+found.failure.Error())
	case isPassing(found.failure):
		return unknown(v1alpha1.ReasonUpstreamUnreachable, unreachable(found.failure))
	case answer.Code == graph.CodeCallbackVerification:
		return isFalse(v1alpha1.ReasonHandshakeFailed, fmt.Sprintf(
			"%s: Meta called it and did not get the answer that it wants: make it reachable from the internet, with a "+
				"certificate that is not self-signed. Meta says: %s", subject, answer.Error()))
	case answer.Code == graph.CodeInvalidToken:
		return isFalse(v1alpha1.ReasonAccessTokenRefused, fmt.Sprintf("%s: put a valid access token into key %q of "+
			"Secret %q", subject, v1alpha1.SecretKeyAccessToken, firstSecret(account)))
	case answer.Code == graph.CodePermission || answer.Code >= 200 && answer.Code <= 299:
		return isFalse(v1alpha1.ReasonPermissionMissing, fmt.Sprintf("%s: give the access token in Secret %q the "+
			"permission %s", subject, firstSecret(account), graph.PermissionManagement))
	}
	return isFalse(v1alpha1.ReasonRegistrationRefused, subject+". "+unreachable(found.failure))
}

// assessTokens says whether the access tokens are good for a while. The most pressing matter comes
// first.
func assessTokens(scope *accountScope) assessment {
	var worst assessment
	for _, token := range scope.inspection.tokens {
		found := assessToken(token, scope.now)
		if worst.reason == "" || severity(found) > severity(worst) {
			worst = found
		}
	}
	if worst.reason == "" {
		return unknown(v1alpha1.ReasonPending, "The upstream was not asked yet about the access tokens")
	}
	return worst
}

// severity orders assessments: what is wrong, what is not known, what is well.
func severity(v assessment) int {
	return slices.Index([]metav1.ConditionStatus{
		metav1.ConditionTrue, metav1.ConditionUnknown, metav1.ConditionFalse,
	}, v.status)
}

func assessToken(token tokenInspection, now time.Time) assessment {
	answer, answered := graph.AsError(token.failure)
	renew := fmt.Sprintf("put a new one into key %q", v1alpha1.SecretKeyAccessToken)
	switch {
	case answered && answer.Code == graph.CodeInvalidToken, token.failure == nil && !token.info.Valid:
		return isFalse(v1alpha1.ReasonAccessTokenRefused, fmt.Sprintf(
			"Meta does not accept the access token in Secret %q: %s", token.secretName, renew))
	case token.failure != nil && isPassing(token.failure):
		return unknown(v1alpha1.ReasonUpstreamUnreachable, unreachable(token.failure))
	case token.failure != nil:
		return unknown(v1alpha1.ReasonUpstreamRefuses, fmt.Sprintf(
			"Meta does not say when the access token in Secret %q ends. %s",
			token.secretName, unreachable(token.failure)))
	}
	if end := token.info.Expires; endsSoon(end, now) {
		return isFalse(v1alpha1.ReasonAccessTokenExpires, fmt.Sprintf(
			"The access token in Secret %q ends on %s: %s", token.secretName, end.Format(time.DateOnly), renew))
	}
	if end := token.info.DataExpires; endsSoon(end, now) {
		return isFalse(v1alpha1.ReasonAccessTokenExpires, fmt.Sprintf(
			"The access to data of the access token in Secret %q ends on %s: %s",
			token.secretName, end.Format(time.DateOnly), renew))
	}
	if page := token.info.ProfileID; token.identity.Type == v1alpha1.ChannelMessenger && page != "" &&
		page != token.identity.ID {
		return isFalse(v1alpha1.ReasonTokenOfAnotherPage, fmt.Sprintf(
			"The access token in Secret %q is of page %s, not of page %s: %s",
			token.secretName, page, token.identity.ID, renew))
	}
	if lacking := lackingPermissions(token.info.Permissions, tokenPermissions(token.identity.Type)); len(lacking) > 0 {
		return isFalse(v1alpha1.ReasonPermissionMissing, fmt.Sprintf(
			"The access token in Secret %q lacks %s", token.secretName, inWords(lacking)))
	}
	return isTrue(v1alpha1.ReasonAccessTokensCurrent, "No access token ends within 14 days")
}

// endsSoon tells whether something ends within tokenWarning, or has ended; never if end is zero.
func endsSoon(end, now time.Time) bool { return !end.IsZero() && !now.Before(end.Add(-tokenWarning)) }

// lackingPermissions are the needed permissions that a token does not have, if they are known.
func lackingPermissions(has, needs []string) []string {
	if len(has) == 0 {
		return nil
	}
	var lacking []string
	for _, needed := range needs {
		if !slices.Contains(has, needed) {
			lacking = append(lacking, needed)
		}
	}
	return lacking
}

// assessPayment says whether there is a means of payment.
func assessPayment(scope *accountScope) assessment {
	account, failure := scope.account.Spec.WhatsAppBusinessAccountID, scope.inspection.fundingFailure
	switch {
	case failure != nil && isPassing(failure):
		return unknown(v1alpha1.ReasonUpstreamUnreachable, unreachable(failure))
	case failure != nil:
		return unknown(v1alpha1.ReasonUpstreamRefuses, fmt.Sprintf(
			"Meta does not say whether WhatsApp Business account %s has a means of payment. %s",
			account, unreachable(failure)))
	case !scope.inspection.funded:
		return isFalse(v1alpha1.ReasonPaymentMethodMissing, fmt.Sprintf("WhatsApp Business account %s has no means of "+
			"payment at Meta: add one, or messages that cost something are refused", account))
	}
	return isTrue(v1alpha1.ReasonPaymentMethodPresent, fmt.Sprintf(
		"WhatsApp Business account %s has a means of payment at Meta", account))
}

// firstSecret is the Secret with whose credentials the webhook is registered.
func firstSecret(account *v1alpha1.BusinessAccount) string {
	return whatsAppChannels(account)[0].CredentialsSecretName
}

// inWords is a list as a sentence has it.
func inWords(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}
