package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// compilation is what the account's inputs come to: its objects, and what is wrong with which of
// its parts. A part that cannot be compiled keeps no other from being so: what restricts always
// gets through.
type compilation struct {
	// fingerprint is that of the inputs; settled says that all of this was applied before.
	fingerprint string
	settled     bool

	// plan, credentials, claims and templates say what is wrong with a part; nil if nothing is.
	plan        *tenant.Problem
	credentials *tenant.Problem
	claims      *tenant.Problem
	templates   *tenant.Problem
	// config says what is wrong with the configuration that came of them; nil if nothing is.
	config *tenant.Problem
	// history says which revisions of the plan were changed although they have priced messages of
	// the account. They were kept as they were.
	history []pricing.Finding
	// planName and currency are those of the plan that is served; empty if there is none.
	planName string
	currency money.Currency
	// view says why the business cannot read its plan; nil if it can.
	view *tenant.Problem
	// due is when the same inputs must be compiled again: when the plan's next revision comes into
	// force, or to try the view again. It is zero if never.
	due time.Time
	// budget is the one that is applied; nil if there is none.
	budget *config.Budget
	// digest is that of the configuration; empty if there is none.
	digest  string
	objects []*unstructured.Unstructured
}

// outcome is a compilation that was applied, without the objects: they hold credentials, and are
// not kept.
func (c compilation) outcome() compilation {
	c.settled, c.objects = true, nil
	return c
}

// compile makes the account's objects from its inputs, unless the same inputs were applied before.
func (r *BusinessAccountReconciler) compile(ctx context.Context, scope *accountScope) error {
	fingerprint := scope.fingerprint()
	if before := &scope.memory.compiled; before.fingerprint == fingerprint && scope.keysProblem == nil &&
		(before.due.IsZero() || scope.now.Before(before.due)) {
		scope.compilation = scope.memory.compiled
		return nil
	}
	scope.compilation = compilation{fingerprint: fingerprint}
	secrets, err := r.readSecrets(ctx, scope)
	if err != nil {
		return err
	}
	served, err := r.servedDocument(ctx, scope)
	if err != nil {
		return err
	}
	scope.compilation.credentials = tenant.CheckSecrets(scope.account, secrets)
	before, stored, err := r.history.record(ctx, scope.account)
	if err != nil {
		return err
	}
	prices, record, known, err := r.resolvePrices(ctx, scope, before)
	if !known || err != nil {
		return err
	}
	if err := r.keepPrices(ctx, scope, prices, record, stored); err != nil {
		return err
	}
	scope.memory.prices = record.Refs()
	scope.compilation.planName, scope.compilation.currency = prices.planName, prices.plan.Currency
	claim, err := r.claim(ctx, scope)
	if err != nil {
		return err
	}
	return r.compileObjects(scope, prices, secrets, served, claim)
}

func (r *BusinessAccountReconciler) compileObjects(
	scope *accountScope, prices prices, secrets tenant.Secrets, served *config.Document, claim *corev1.PersistentVolumeClaim,
) error {
	claims := tenant.ClaimsOf(&scope.account.Spec, prices.entitlement, prices.plan.Currency)
	scope.compilation.budget = claims.Budget
	image, kept, allowed := r.images(scope).Choose()
	if !allowed {
		claims.Refused = append(claims.Refused, fmt.Sprintf(
			"spec.gateway.image %q is not run, as the operator's --gateway-repositories does not allow it: "+
				"ask the platform team, or remove it", scope.account.Spec.Gateway.Image))
	}
	if len(claims.Refused) > 0 {
		scope.compilation.claims = problem(v1alpha1.ReasonNotGranted, "%s", strings.Join(claims.Refused, "; "))
	}
	compiled := tenant.Compile(tenant.Sources{
		Account: scope.account, PlanName: prices.planName, Plan: prices.plan, Claims: claims, BillingStopped: prices.stopped,
		Templates: scope.templates, Secrets: secrets, Taken: scope.taken, Served: served,
	})
	scope.compilation.templates = compiled.Templates
	document := compiled.Document
	if document.Storage.Type == config.StorageShared && document.Storage.URL == "" {
		return nil // no gateway has ever run, and none could start: the condition of the credentials says so
	}
	encoded, err := tenant.Fit(document, served)
	if err != nil {
		return err
	}
	if scope.compilation.config = encoded.TooLarge; encoded.Bytes == nil {
		return nil
	}
	scope.compilation.digest = encoded.Digest
	view, err := r.renderPlan(scope, prices, claims)
	if err != nil {
		return err
	}
	scope.compilation.objects, err = tenant.Objects(tenant.Input{
		Account:           scope.account,
		Image:             image,
		DefaultImage:      kept,
		Hidden:            scope.hostHolder != nil,
		OperatorNamespace: r.Options.OperatorNamespace,
		Config:            encoded.Bytes,
		Digest:            encoded.Digest,
		PlanView:          view,
		Claim:             claim,
		DatabaseURL:       document.Storage.URL,
		TracesEndpoint:    r.Options.GatewayOTLPEndpoint,
	})
	return err
}

// renderPlan is what the business may know of its plan.
func (r *BusinessAccountReconciler) renderPlan(
	scope *accountScope, prices prices, claims tenant.Claims,
) (string, error) {
	zone, err := time.LoadLocation(scope.account.Spec.TimeZone)
	if err != nil {
		return "", err
	}
	scope.compilation.due = tenant.NextRevision(prices.plan, zone, scope.now)
	return tenant.PlanView{
		Account: scope.account, PlanName: prices.planName, Plan: prices.plan, Granted: prices.entitlement,
		Claims: claims, BillingStopped: prices.stopped, Now: scope.now, Zone: zone,
	}.Render()
}

// claim is the claim of the account's volume, or nil. The caches lack one that has lost its label.
func (r *BusinessAccountReconciler) claim(
	ctx context.Context, scope *accountScope,
) (*corev1.PersistentVolumeClaim, error) {
	if found := scope.dataClaim(); found != nil || tenant.Shared(scope.account) {
		return found, nil
	}
	name, live := tenant.DataClaimName(scope.account.Name), &corev1.PersistentVolumeClaim{}
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, live)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read PersistentVolumeClaim %q: %w", name, err)
	}
	return live, nil
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
			if container.Name == tenant.ContainerName {
				images.Running = container.Image
			}
		}
	}
	return images
}

// readSecrets reads the data of the Secrets that the account names.
func (r *BusinessAccountReconciler) readSecrets(ctx context.Context, scope *accountScope) (tenant.Secrets, error) {
	secrets := tenant.Secrets{}
	for _, name := range tenant.SecretNames(scope.account) {
		if scope.secrets[name] == nil {
			continue
		}
		data, err := r.readSecret(ctx, scope, name)
		if err != nil {
			return nil, err
		}
		if data != nil {
			secrets[name] = data
		}
	}
	return secrets, nil
}

func (r *BusinessAccountReconciler) readSecret(
	ctx context.Context, scope *accountScope, name string,
) (map[string][]byte, error) {
	secret := &corev1.Secret{}
	err := r.Live.Get(ctx, types.NamespacedName{Namespace: scope.account.Namespace, Name: name}, secret)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read Secret %q: %w", name, err)
	}
	if secret.Data == nil {
		secret.Data = map[string][]byte{}
	}
	return secret.Data, nil
}

// servedDocument is the configuration that the gateway has now, or nil if it has none that can be
// read.
func (r *BusinessAccountReconciler) servedDocument(ctx context.Context, scope *accountScope) (*config.Document, error) {
	name := tenant.ConfigSecretName(scope.account.Name)
	if scope.secrets[name] == nil {
		return nil, nil
	}
	data, err := r.readSecret(ctx, scope, name)
	if err != nil {
		return nil, err
	}
	served := &config.Document{}
	if json.Unmarshal(data[config.FileName], served) != nil {
		served = nil // what cannot be read is about to be replaced
	}
	return served, nil
}

// billedCurrency is the currency in which the account has been billed; empty if it has not been.
func (s *accountScope) billedCurrency() string {
	if known := s.memory.report; known != nil && known.Currency != "" {
		return known.Currency
	}
	if usage := s.account.Status.Usage; usage != nil && usage.Billed != nil && usage.Ledger != nil &&
		usage.Ledger.Sequence != nil && *usage.Ledger.Sequence > 0 {
		return usage.Billed.Currency
	}
	return ""
}

// pricedRevisions are the revisions that have priced messages of the account: those that its
// gateway reports and those that its status remembers.
func (s *accountScope) pricedRevisions() []v1alpha1.PricedRevisions {
	byPlan := map[string][]string{}
	for _, known := range s.account.Status.PricedRevisions {
		byPlan[known.Plan] = append(byPlan[known.Plan], known.Revisions...)
	}
	if s.memory.report != nil {
		for plan, revisions := range s.memory.report.UsedRevisions {
			byPlan[plan] = append(byPlan[plan], revisions...)
		}
	}
	var priced []v1alpha1.PricedRevisions
	for _, plan := range sortedKeys(byPlan) {
		if plan == "" {
			continue // a gateway that has had no plan yet has priced nothing
		}
		slices.Sort(byPlan[plan])
		priced = append(priced, v1alpha1.PricedRevisions{Plan: plan, Revisions: slices.Compact(byPlan[plan])})
	}
	return priced
}

func problem(reason, format string, args ...any) *tenant.Problem {
	return &tenant.Problem{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// oneLine is an error's text with its lines joined.
func oneLine(err error) string { return strings.Join(strings.Split(err.Error(), "\n"), "; ") }
