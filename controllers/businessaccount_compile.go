package controllers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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

// compilation is what the account's inputs come to: its objects, or why there are none.
type compilation struct {
	// fingerprint is that of the inputs; settled says that all of this was applied before.
	fingerprint string
	settled     bool

	// plan and credentials say what keeps the account from being compiled; nil if nothing does.
	plan        *tenant.Problem
	credentials *tenant.Problem
	// config says why the configuration that came of them cannot be written; nil if it can.
	config *tenant.Problem
	// history says which revisions of the plan were changed although they have priced messages of the account. They were kept as they were.
	history []pricing.Finding
	// currency is the plan's; empty if there is no plan.
	currency money.Currency
	// digest is that of the configuration; empty if there is none.
	digest  string
	image   string
	objects []*unstructured.Unstructured
}

// outcome is a compilation that was applied, without the objects: they hold credentials, and are not kept.
func (c compilation) outcome() compilation {
	c.settled, c.objects = true, nil
	return c
}

// compile makes the account's objects from its inputs, unless the same inputs were applied before.
func (r *BusinessAccountReconciler) compile(ctx context.Context, scope *accountScope) error {
	fingerprint := scope.fingerprint()
	if scope.memory.compiled.fingerprint == fingerprint && scope.keysProblem == nil {
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
	plan, problem := planOfAccount(scope, served)
	scope.compilation.plan, scope.compilation.currency = problem, plan.Currency
	scope.compilation.credentials = tenant.CheckSecrets(scope.account, secrets)
	if problem != nil || scope.compilation.credentials != nil {
		return nil
	}
	return r.compileObjects(scope, plan, secrets, served)
}

func (r *BusinessAccountReconciler) compileObjects(scope *accountScope, plan pricing.Plan, secrets tenant.Secrets, served *config.Document) error {
	sources := tenant.Sources{Account: scope.account, PlanName: scope.plan.Name, Plan: plan, Templates: scope.templates, Secrets: secrets, Taken: scope.taken}
	if served != nil {
		sources.Served = served.Templates
	}
	document, err := tenant.Document(sources)
	if err != nil {
		return fmt.Errorf("compile the configuration: %w", err)
	}
	encoded, digest, err := tenant.Encode(document)
	if err != nil {
		return err
	}
	if scope.compilation.config = tenant.CheckSize(encoded); scope.compilation.config != nil {
		return nil
	}
	scope.compilation.digest, scope.compilation.image = digest, r.image(scope)
	scope.compilation.objects, err = tenant.Objects(tenant.Input{
		Account:           scope.account,
		Image:             scope.compilation.image,
		OperatorNamespace: r.Options.OperatorNamespace,
		Config:            encoded,
		Digest:            digest,
		DatabaseURL:       document.Storage.URL,
		TracesEndpoint:    r.Options.GatewayOTLPEndpoint,
	})
	return err
}

// image is the image that the spec asks for; else the one that runs, so that an upgrade of the operator restarts no gateway; else the operator's default.
func (r *BusinessAccountReconciler) image(scope *accountScope) string {
	if gateway := scope.account.Spec.Gateway; gateway != nil && gateway.Image != "" {
		return gateway.Image
	}
	if deployment := scope.deployment(); deployment != nil {
		for _, container := range deployment.Spec.Template.Spec.Containers {
			if container.Name == tenant.ContainerName {
				return container.Image
			}
		}
	}
	return r.Options.GatewayImage
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

func (r *BusinessAccountReconciler) readSecret(ctx context.Context, scope *accountScope, name string) (map[string][]byte, error) {
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

// servedDocument is the configuration that the gateway has now, or nil if it has none that can be read.
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

// planOfAccount is the plan as the gateway will read it, or why the account cannot be priced by it.
func planOfAccount(scope *accountScope, served *config.Document) (pricing.Plan, *tenant.Problem) {
	account := scope.account
	name := account.Spec.PlanName
	if _, err := time.LoadLocation(account.Spec.TimeZone); err != nil {
		return pricing.Plan{}, problem(v1alpha1.ReasonTimeZoneUnknown, "spec.timeZone %q is not in the IANA time zone database: make the account anew with one that is", account.Spec.TimeZone)
	}
	if scope.plan == nil {
		return pricing.Plan{}, problem(v1alpha1.ReasonPlanNotFound, "PricingPlan %q is not there: create it, or name another in spec.planName", name)
	}
	if !scope.planAllowed {
		return pricing.Plan{}, problem(v1alpha1.ReasonPlanNotAllowed, "PricingPlan %q may not be used from namespace %q: its spec.allowedNamespaces must include it", name, account.Namespace)
	}
	plan, err := tenant.Plan(&scope.plan.Spec)
	if err != nil {
		return pricing.Plan{}, problem(v1alpha1.ReasonPlanInvalid, "PricingPlan %q: %s", name, oneLine(err))
	}
	if _, err := pricing.Compile(plan); err != nil {
		return pricing.Plan{}, problem(v1alpha1.ReasonPlanInvalid, "PricingPlan %q: %s", name, oneLine(err))
	}
	if found := currencyProblem(scope, string(plan.Currency)); found != nil {
		return pricing.Plan{}, found
	}
	if served != nil && served.PlanName == name {
		plan, scope.compilation.history = pricing.KeepHistory(plan, tenant.Kept(served.Plan, scope.pricedBy(name)))
	}
	return plan, exemptionProblem(account, name, plan)
}

// exemptionProblem names the account's exemptions that no revision of the plan has: they would free nothing, and nobody would know.
func exemptionProblem(account *v1alpha1.BusinessAccount, planName string, plan pricing.Plan) *tenant.Problem {
	known := map[string]bool{}
	for _, revision := range plan.Revisions {
		for _, exemption := range revision.Exemptions {
			known[exemption.Name] = true
		}
	}
	var missing []string
	for _, name := range slices.Sorted(slices.Values(account.Spec.Exemptions)) {
		if !known[name] {
			missing = append(missing, strconv.Quote(name))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return problem(v1alpha1.ReasonExemptionUnknown, "spec.exemptions names %s, which no revision of PricingPlan %q has: remove it, or add it to the plan", strings.Join(missing, ", "), planName)
}

func currencyProblem(scope *accountScope, currency string) *tenant.Problem {
	if billed := scope.billedCurrency(); billed != "" && billed != currency {
		return problem(v1alpha1.ReasonCurrencyMismatch, "PricingPlan %q is in %s and the account is already billed in %s: name a plan in %s", scope.plan.Name, currency, billed, billed)
	}
	if budget := scope.account.Spec.Budget; budget != nil && budget.Limit.Currency != currency {
		return problem(v1alpha1.ReasonCurrencyMismatch, "spec.budget.limit is in %s and PricingPlan %q is in %s: give the limit in %s", budget.Limit.Currency, scope.plan.Name, currency, currency)
	}
	return nil
}

// billedCurrency is the currency in which the account has been billed; empty if it has not been.
func (s *accountScope) billedCurrency() string {
	if known := s.memory.report; known != nil && known.Currency != "" {
		return known.Currency
	}
	if usage := s.account.Status.Usage; usage != nil && usage.Billed != nil && usage.Ledger != nil && usage.Ledger.Sequence != nil && *usage.Ledger.Sequence > 0 {
		return usage.Billed.Currency
	}
	return ""
}

// pricedRevisions are the revisions that have priced messages of the account: those that its gateway reports and those that its status remembers.
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

func (s *accountScope) pricedBy(plan string) []string {
	for _, priced := range s.pricedRevisions() {
		if priced.Plan == plan {
			return priced.Revisions
		}
	}
	return nil
}

func problem(reason, format string, args ...any) *tenant.Problem {
	return &tenant.Problem{Reason: reason, Message: fmt.Sprintf(format, args...)}
}

// oneLine is an error's text with its lines joined.
func oneLine(err error) string { return strings.Join(strings.Split(err.Error(), "\n"), "; ") }
