package controllers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/tenant"
)

func assessPlan(scope *accountScope) assessment {
	switch {
	case scope.decision.fingerprint == "":
		return unknown(v1alpha1.ReasonPending, "The plan was not looked at yet")
	case scope.decision.plan != nil:
		return isFalse(scope.decision.plan.Reason, scope.decision.plan.Message)
	case len(scope.decision.history) > 0:
		var plans []string
		for _, changed := range scope.decision.history {
			sentences := make([]string, 0, len(changed.findings))
			for _, finding := range changed.findings {
				sentences = append(sentences, finding.String())
			}
			plans = append(plans, fmt.Sprintf("PricingPlan %q: %s", changed.planName, strings.Join(sentences, "; ")))
		}
		return isTrue(v1alpha1.ReasonHistoryChanged, strings.Join(plans, ". "))
	}
	return isTrue(
		v1alpha1.ReasonPlanResolved,
		fmt.Sprintf("PricingPlan %q prices the account's messages", scope.account.Spec.PlanName),
	)
}

// assessPublished says whether the business can read its plan.
func assessPublished(scope *accountScope) assessment {
	name := tenant.PlanViewName(scope.account.Name)
	switch {
	case scope.decision.view != nil:
		return isFalse(scope.decision.view.Reason, scope.decision.view.Message)
	case !scope.decision.shown:
		return unknown(v1alpha1.ReasonPending, fmt.Sprintf("ConfigMap %q was not written yet: it needs the plan", name))
	}
	return isTrue(v1alpha1.ReasonPlanPublished, fmt.Sprintf("ConfigMap %q shows what the account pays", name))
}

func assessCredentials(scope *accountScope) assessment {
	switch {
	case scope.decision.fingerprint == "":
		return unknown(v1alpha1.ReasonPending, "The Secrets were not looked at yet")
	case scope.decision.credentials != nil:
		return isFalse(scope.decision.credentials.Reason, scope.decision.credentials.Message)
	}
	return isTrue(v1alpha1.ReasonCredentialsValid, "Every Secret and key that the spec names is there")
}

func assessClaims(scope *accountScope) assessment {
	return assessPart(scope, scope.decision.claims, v1alpha1.ReasonClaimsGranted)
}

func assessTemplates(scope *accountScope) assessment {
	return assessPart(scope, scope.decision.templates, v1alpha1.ReasonTemplatesServed)
}

// assessPart is what a condition says of a part of the configuration.
func assessPart(scope *accountScope, found *tenant.Problem, well string) assessment {
	switch {
	case found != nil:
		return isFalse(found.Reason, found.Message)
	case scope.decision.planName == "":
		return unknown(v1alpha1.ReasonPending, "The configuration was not compiled yet: it needs the plan")
	}
	return isTrue(well, "Everything that the spec asks for is applied")
}

func assessGateway(scope *accountScope) assessment {
	var foreign *foreignError
	var refused *refusedError
	switch {
	case scope.withheld != nil:
		return isFalse(scope.withheld.Reason, scope.withheld.Message)
	case errors.As(scope.failure, &foreign):
		return isFalse(v1alpha1.ReasonForeignObject, foreign.Error())
	case errors.As(scope.failure, &refused):
		return isFalse(v1alpha1.ReasonApplyRefused, refused.Error())
	}
	deployment := scope.deployment()
	if deployment == nil {
		return unknown(v1alpha1.ReasonPending, "The gateway was not made yet: it needs the plan and the credentials")
	}
	return assessDeployment(scope, deployment)
}

func assessDeployment(scope *accountScope, deployment *appsv1.Deployment) assessment {
	if scope.hibernates() {
		return assessHibernated(scope, deployment)
	}
	if deployment.Status.ReadyReplicas > 0 {
		return isTrue(v1alpha1.ReasonGatewayAvailable, "The gateway is ready")
	}
	if trouble := podTrouble(scope.pods, scope.now); trouble != "" {
		return isFalse(v1alpha1.ReasonGatewayUnavailable, "No replica is ready: "+trouble)
	}
	for _, condition := range deployment.Status.Conditions {
		if condition.Type == appsv1.DeploymentProgressing && condition.Status == corev1.ConditionFalse {
			return isFalse(v1alpha1.ReasonGatewayUnavailable, fmt.Sprintf(
				"No replica is ready and the Deployment makes no progress: see the events of Deployment %q",
				deployment.Name,
			))
		}
	}
	if store := assessStore(scope); store.status == metav1.ConditionFalse {
		return isFalse(v1alpha1.ReasonGatewayUnavailable, "No replica is ready: "+store.message)
	}
	if podsStarted(scope.pods) {
		return isFalse(
			v1alpha1.ReasonGatewayProgressing,
			"The gateway runs and is not ready: it waits for its store or its configuration; its log says for which",
		)
	}
	return isFalse(v1alpha1.ReasonGatewayProgressing, "The gateway is starting")
}

// assessHibernated says what becomes of webhooks while no gateway runs. How long Meta repeats them
// differs between its pages. Source:
// https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/overview
func assessHibernated(scope *accountScope, deployment *appsv1.Deployment) assessment {
	if deployment.Status.Replicas > 0 {
		return isFalse(v1alpha1.ReasonGatewayProgressing, "The gateway is being stopped")
	}
	asks := "spec.gateway.replicas is 0"
	if scope.account.Spec.Activity == v1alpha1.ActivityHibernated {
		asks = "spec.activity is 'Hibernated'"
	}
	return isFalse(v1alpha1.ReasonHibernated, fmt.Sprintf("No gateway runs, as %s: nothing is sent, and webhooks are "+
		"not taken. Meta repeats a webhook for 36 hours, or up to 7 days; what it then has given up is lost, with the "+
		"windows that it opens and the deliveries that are billed by it", asks))
}

// assessSends says whether the account's clients may send.
func assessSends(scope *accountScope) assessment {
	switch {
	case scope.hibernates():
		return isFalse(v1alpha1.ReasonHibernated, "No gateway runs that could take a message")
	case scope.decision.sendingStopped != "":
		return isFalse(v1alpha1.ReasonSuspended, "Every message is refused: "+scope.decision.sendingStopped)
	case scope.decision.planName == "":
		return unknown(v1alpha1.ReasonPending, "The configuration was not compiled yet: it needs the plan")
	}
	return isTrue(v1alpha1.ReasonSendsAccepted, "The account's clients may send")
}

func assessConfig(scope *accountScope) assessment {
	if found := scope.decision.config; found != nil {
		return isFalse(found.Reason, found.Message)
	}
	digest := scope.decision.digest
	if digest == "" {
		return assessHeld(scope)
	}
	reported, ready := 0, 0
	for _, read := range scope.reports {
		answer, known := scope.answer(read)
		if !read.ready {
			continue
		}
		ready++
		switch {
		case !known:
		case answer.RefusedDigest == digest:
			return isFalse(
				v1alpha1.ReasonConfigRefused,
				"The gateway refused the configuration and keeps the one before: "+answer.ConfigError,
			)
		case answer.ConfigDigest != digest:
			return isFalse(v1alpha1.ReasonConfigPropagating, "The gateway still serves an older configuration")
		case answer.ConfigError != "":
			return isFalse(
				v1alpha1.ReasonConfigRefused,
				"The gateway refused what it was given and goes on with what it had: "+answer.ConfigError,
			)
		default:
			reported++
		}
	}
	if reported == 0 {
		return unknown(
			v1alpha1.ReasonConfigUnknown, "No replica of the gateway has reported which configuration it serves",
		)
	}
	if reported < ready {
		return unknown(
			v1alpha1.ReasonConfigUnknown,
			"Not every ready replica of the gateway has reported which configuration it serves",
		)
	}
	return isTrue(v1alpha1.ReasonConfigSynced, "Every ready replica serves the wanted configuration")
}

// assessHeld speaks for an account of which no configuration can be made now: its gateway goes on
// with the last one.
func assessHeld(scope *accountScope) assessment {
	gateway := scope.account.Status.Gateway
	if gateway == nil || gateway.ConfigDigest == "" {
		return unknown(
			v1alpha1.ReasonConfigUnknown, "There is no configuration yet: it needs the plan and the credentials",
		)
	}
	since := "an earlier time"
	if !gateway.ConfigTime.IsZero() {
		since = gateway.ConfigTime.UTC().Format(time.RFC3339)
	}
	return isFalse(v1alpha1.ReasonConfigHeld, fmt.Sprintf("No new configuration can be made: it needs the plan and "+
		"the credentials. "+
		"The gateway goes on with configuration %s of %s", gateway.ConfigDigest, since))
}
