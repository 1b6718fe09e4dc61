package controllers

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// compile makes the account's objects.
func (r *BusinessAccountReconciler) compile(scope *accountScope, prices prices) error {
	in := &scope.inputs
	claims := tenant.ClaimsOf(&scope.account.Spec, prices.entitlement, prices.plan.Currency)
	scope.decision.budget = claims.Budget
	image, kept, allowed := r.images(scope).Choose()
	if !allowed {
		claims.Refused = append(claims.Refused, fmt.Sprintf(
			"spec.gateway.image %q is not run, as the operator's --gateway-repositories does not allow it: "+
				"ask the platform team, or remove it", scope.account.Spec.Gateway.Image))
	}
	if len(claims.Refused) > 0 {
		scope.decision.claims = problem(v1alpha1.ReasonNotGranted, "%s", strings.Join(claims.Refused, "; "))
	}
	compiled := tenant.Compile(tenant.Sources{
		Account: scope.account, LedgerID: scope.ledger.ID, PlanName: prices.planName, Plan: prices.plan,
		Claims: claims, BillingStopped: prices.stopped, Suspension: prices.entitlement.Suspension,
		Channels: prices.sources(scope.account), Counts: prices.counts,
		Templates: scope.templates, Secrets: in.secrets, Taken: scope.taken, HostTaken: scope.hostHolder != nil,
		Served: in.served, AllowedEgress: r.Options.AllowedEgress.Strings(),
	})
	scope.decision.templates = compiled.Templates
	document := compiled.Document
	scope.decision.sendingStopped = document.SendingStopped
	if document.Storage.Type == config.StorageShared && document.Storage.URL == "" {
		return nil // no gateway has ever run, and none could start: the condition of the credentials says so
	}
	encoded, err := tenant.Fit(document, in.served)
	if err != nil {
		return err
	}
	if scope.decision.config = encoded.TooLarge; encoded.Bytes == nil {
		return nil
	}
	scope.decision.digest = encoded.Digest
	views, err := r.renderPlans(scope, prices, claims)
	if err != nil {
		return err
	}
	scope.decision.objects, err = kube.Objects(kube.Input{
		Account:           scope.account,
		Image:             image,
		DefaultImage:      kept,
		Hidden:            scope.hostHolder != nil,
		OperatorNamespace: r.Options.OperatorNamespace,
		Config:            encoded.Bytes,
		Digest:            encoded.Digest,
		PlanViews:         views,
		Claim:             in.claim,
		DatabaseURL:       document.Storage.URL,
		TracesEndpoint:    r.Options.GatewayOTLPEndpoint,
	})
	return err
}

// renderPlans is what the business may know of its plans, by their keys in the ConfigMap.
func (r *BusinessAccountReconciler) renderPlans(
	scope *accountScope, prices prices, claims tenant.Claims,
) (map[string]string, error) {
	zone, err := time.LoadLocation(scope.account.Spec.TimeZone)
	if err != nil {
		return nil, err
	}
	for _, priced := range prices.all() {
		next := tenant.NextRevision(priced.plan, zone, scope.now)
		if due := scope.decision.due; !next.IsZero() && (due.IsZero() || next.Before(due)) {
			scope.decision.due = next
		}
	}
	own, channels := prices.ownPlans(scope.account)
	view := tenant.PlanView{
		Account: scope.account, PlanName: prices.planName, Plan: prices.plan, Granted: prices.entitlement,
		Claims: claims, BillingStopped: prices.stopped, Now: scope.now, Zone: zone,
		MaxBytes: tenant.MaxPlanViewBytes / (1 + len(own)),
	}
	views := map[string]string{}
	if views[tenant.PlanViewKey], err = view.Render(); err != nil {
		return nil, err
	}
	for name, priced := range own {
		view.PlanName, view.Plan, view.Granted, view.Channels = name, priced.plan, priced.entitlement, channels[name]
		view.BillingStopped = cmp.Or(priced.stopped, prices.stopped)
		view.Claims = tenant.ChannelClaimsOf(&scope.account.Spec, priced.entitlement)
		view.Claims.Budget, view.Granted.Cap = claims.Budget, prices.entitlement.Cap
		if views[tenant.ChannelPlanViewKey(name)], err = view.Render(); err != nil {
			return nil, err
		}
	}
	return views, nil
}

// images are what the gateway's image is chosen from.
func (r *BusinessAccountReconciler) images(scope *accountScope) tenant.Images {
	images := tenant.Images{Operator: r.Options.GatewayImage, Repositories: r.Options.GatewayRepositories}
	if gateway := scope.account.Spec.Gateway; gateway != nil {
		images.Asked = gateway.Image
	}
	if deployment := scope.deployment(); deployment != nil {
		images.Kept = deployment.Annotations[tenant.AnnotationDefaultImage]
		for _, container := range deployment.Spec.Template.Spec.Containers {
			if container.Name == kube.ContainerName {
				images.Running = container.Image
			}
		}
	}
	return images
}

func problem(reason, format string, args ...any) *tenant.Problem {
	return &tenant.Problem{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// oneLine is an error's text with its lines joined.
func oneLine(err error) string { return strings.Join(strings.Split(err.Error(), "\n"), "; ") }
