package controllers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// accountSummary are the conditions that make an account Ready, in the order of their weight.
// WithinBudget is not among them: an account that has spent its budget does what it was asked to.
func accountSummary() []string {
	return []string{
		v1alpha1.ConditionPlanResolved, v1alpha1.ConditionClaimsGranted, v1alpha1.ConditionCredentialsValid,
		v1alpha1.ConditionChannelsHeld, v1alpha1.ConditionHostHeld, v1alpha1.ConditionTemplatesServed,
		v1alpha1.ConditionGatewayAvailable, v1alpha1.ConditionStoreWritable, v1alpha1.ConditionConfigSynced,
		v1alpha1.ConditionUpstreamAccepts, v1alpha1.ConditionUsageCurrent,
	}
}

// staleAfter is for how long figures hold that could not be read again: one missed reading is no
// news.
const staleAfter = 45 * time.Second

// writeStatus patches the status if it changed.
func (r *BusinessAccountReconciler) writeStatus(
	ctx context.Context, account *v1alpha1.BusinessAccount, status v1alpha1.BusinessAccountStatus,
) error {
	after := account.DeepCopy()
	after.Status = status
	writer := statusWriter{client: r.Client, recorder: r.Recorder}
	return writer.write(
		ctx, account, after, !sameStatus(account.Status, status), toldOf(&account.Status), toldOf(&status),
	)
}

// toldOf are the conditions of which an account's events tell: of each channel its own, and not
// their summary.
func toldOf(status *v1alpha1.BusinessAccountStatus) []metav1.Condition {
	told := slices.DeleteFunc(slices.Clone(status.Conditions), func(c metav1.Condition) bool {
		return c.Type == v1alpha1.ConditionUpstreamAccepts
	})
	for i := range status.Channels {
		for _, condition := range status.Channels[i].Conditions {
			condition.Type = fmt.Sprintf("%s of channel %q", condition.Type, status.Channels[i].Name)
			told = append(told, condition)
		}
	}
	return told
}

// statusOf is the status that a pass has come to. failure is what the pass could not do.
func statusOf(scope *accountScope, failure error) v1alpha1.BusinessAccountStatus {
	status := *scope.account.Status.DeepCopy()
	showGateway(scope, &status)
	showUsage(scope, &status)
	showChannels(scope, &status)
	showQueue(scope, &status)
	status.PricedRevisions = scope.pricedRevisions()
	status.HeldChannels = scope.held()
	status.IngressHost = scope.heldHost()
	if scope.compilation.planName != "" {
		status.PlanName = scope.compilation.planName
	}

	j := judgement{conditions: &status.Conditions, generation: scope.account.Generation, now: scope.now}
	j.set(v1alpha1.ConditionPlanResolved, planVerdict(scope))
	j.set(v1alpha1.ConditionPlanPublished, publishedVerdict(scope))
	j.set(v1alpha1.ConditionCredentialsValid, credentialsVerdict(scope))
	j.set(v1alpha1.ConditionClaimsGranted, partVerdict(scope, scope.compilation.claims, v1alpha1.ReasonClaimsGranted))
	j.set(v1alpha1.ConditionChannelsHeld, channelsHeldVerdict(scope))
	j.set(v1alpha1.ConditionHostHeld, hostVerdict(scope))
	j.set(
		v1alpha1.ConditionTemplatesServed,
		partVerdict(scope, scope.compilation.templates, v1alpha1.ReasonTemplatesServed),
	)
	j.set(v1alpha1.ConditionGatewayAvailable, gatewayVerdict(scope, failure))
	j.set(v1alpha1.ConditionStoreWritable, storeVerdict(scope))
	if tenant.Shared(scope.account) {
		apimeta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionStorageSufficient)
	} else {
		j.set(v1alpha1.ConditionStorageSufficient, roomVerdict(scope))
	}
	j.set(v1alpha1.ConditionConfigSynced, configVerdict(scope))
	j.set(v1alpha1.ConditionUpstreamAccepts, channelsVerdict(status.Channels))
	j.set(v1alpha1.ConditionUsageCurrent, usageVerdict(scope))
	j.set(v1alpha1.ConditionWithinBudget, budgetVerdict(scope))
	if scope.account.Spec.Callback == nil {
		apimeta.RemoveStatusCondition(&status.Conditions, v1alpha1.ConditionCallbacksTaken)
	} else {
		j.set(v1alpha1.ConditionCallbacksTaken, callbacksVerdict(scope.memory.report))
	}
	if scope.paused() {
		j.set(v1alpha1.ConditionReady, pausedVerdict())
	} else {
		j.summarise(accountSummary()...)
	}
	if failure == nil || terminal(failure) {
		status.ObservedGeneration = scope.account.Generation
	}
	return status
}

// pausedVerdict says that the operator makes nothing of what the spec asks for.
func pausedVerdict() verdict {
	return unknown(v1alpha1.ReasonPaused, "The operator leaves the gateway's objects alone until spec.operation is "+
		"'Active'; prices, budgets, tokens and templates still reach the gateway")
}

// terminal tells whether trying again does not help until somebody acts. Of several failures, all
// must be of that kind.
func terminal(err error) bool {
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		return !slices.ContainsFunc(several.Unwrap(), func(one error) bool { return !terminal(one) })
	}
	var foreign *foreignError
	var refused *refusedError
	return errors.As(err, &foreign) || errors.As(err, &refused)
}

func showGateway(scope *accountScope, status *v1alpha1.BusinessAccountStatus) {
	gateway := &v1alpha1.GatewayStatus{
		URL:                 tenant.URL(scope.account),
		WebhookURL:          tenant.WebhookURL(scope.account, scope.hostHolder != nil),
		APITokensSecretName: tenant.APITokensSecretName(scope.account),
		ConfigDigest:        scope.compilation.digest,
	}
	before := status.Gateway
	switch {
	case before != nil && (gateway.ConfigDigest == "" || gateway.ConfigDigest == before.ConfigDigest):
		gateway.ConfigDigest, gateway.ConfigTime = before.ConfigDigest, before.ConfigTime
	case gateway.ConfigDigest != "":
		gateway.ConfigTime = metav1.NewTime(scope.now.UTC().Truncate(time.Second))
	}
	gateway.Replicas, _ = tenant.Replicas(scope.account)
	if deployment := scope.deployment(); deployment != nil {
		gateway.ReadyReplicas = deployment.Status.ReadyReplicas
		for _, container := range deployment.Spec.Template.Spec.Containers {
			if container.Name == tenant.ContainerName {
				gateway.Image = container.Image
			}
		}
	}
	status.Gateway = gateway
}

// showUsage shows the newest figures. Their time moves only with them, or once when they have
// become stale.
func showUsage(scope *accountScope, status *v1alpha1.BusinessAccountStatus) {
	known := scope.memory.report
	if known == nil || scope.ledgerRegressed() {
		return
	}
	usage := Usage(known, scope.budget(), scope.compilation.currency)
	if before := status.Usage; before != nil {
		asOf := usage.AsOfTime
		usage.AsOfTime = before.AsOfTime
		if !sameStatus(before, usage) {
			usage.AsOfTime = asOf
		}
	}
	if scope.stale() && usage.AsOfTime.Time.Before(scope.memory.confirmed) {
		usage.AsOfTime = metav1.NewTime(scope.memory.confirmed.UTC().Truncate(time.Second))
	}
	status.Usage = usage
	status.History = History(known, scope.compilation.currency)
}

// ledgerRegressed tells whether the gateway's ledger is not the continuation of the one that was
// published: its figures must not take the place of those as if nothing had happened (P5). The
// gateway says what it has at the published sequence, so that a ledger which was rolled back is
// noticed although it has grown since. A gateway that is too old to say so is judged by its last
// record alone.
func (s *accountScope) ledgerRegressed() bool {
	known, published := s.memory.report, publishedRecord(s.account)
	if known == nil || published.Sequence == 0 {
		return false
	}
	if found := known.Ledger.Published; found != nil && found.Sequence == published.Sequence {
		return *found != published
	}
	return known.Ledger.Sequence < published.Sequence ||
		known.Ledger.Sequence == published.Sequence && known.Ledger.Hash != published.Hash
}

// stale tells whether the figures could not be confirmed for longer than one misses a reading.
func (s *accountScope) stale() bool {
	return s.latest() == nil && (s.memory.report == nil || s.now.Sub(s.memory.confirmed) > staleAfter)
}

// progressing tells whether the gateway is on its way, so that it is worth looking again soon.
func (s *accountScope) progressing() bool {
	if s.compilation.digest == "" {
		return false
	}
	if s.latest() == nil {
		return s.readySince(firstReport) // else nobody may be able to read it for long
	}
	return configVerdict(s).reason == v1alpha1.ReasonConfigPropagating || s.upstreamUnchecked()
}

// upstreamUnchecked tells whether a replica has not asked the upstream yet, which it does within
// seconds.
func (s *accountScope) upstreamUnchecked() bool {
	for i := range s.reports {
		if s.reports[i].err != nil {
			continue
		}
		for _, c := range s.reports[i].report.Channels {
			if !c.Checked {
				return true
			}
		}
	}
	return false
}

// firstReport is for how long after its start a gateway's first report is asked for often.
const firstReport = 30 * time.Second

// readySince tells whether a pod has become ready within a duration before now.
func (s *accountScope) readySince(duration time.Duration) bool {
	for _, pod := range s.readyPods() {
		for _, condition := range pod.Status.Conditions {
			if condition.Type == corev1.PodReady && s.now.Sub(condition.LastTransitionTime.Time) < duration {
				return true
			}
		}
	}
	return false
}

func planVerdict(scope *accountScope) verdict {
	switch {
	case scope.compilation.fingerprint == "":
		return unknown(v1alpha1.ReasonPending, "The plan was not looked at yet")
	case scope.compilation.plan != nil:
		return isFalse(scope.compilation.plan.Reason, scope.compilation.plan.Message)
	case len(scope.compilation.history) > 0:
		sentences := make([]string, 0, len(scope.compilation.history))
		for _, finding := range scope.compilation.history {
			sentences = append(sentences, finding.String())
		}
		return isTrue(
			v1alpha1.ReasonHistoryChanged,
			fmt.Sprintf("PricingPlan %q: %s", scope.account.Spec.PlanName, strings.Join(sentences, "; ")),
		)
	}
	return isTrue(
		v1alpha1.ReasonPlanResolved,
		fmt.Sprintf("PricingPlan %q prices the account's messages", scope.account.Spec.PlanName),
	)
}

// publishedVerdict says whether the business can read its plan.
func publishedVerdict(scope *accountScope) verdict {
	name := tenant.PlanViewName(scope.account.Name)
	switch {
	case scope.compilation.view != nil:
		return isFalse(scope.compilation.view.Reason, scope.compilation.view.Message)
	case scope.compilation.digest == "":
		return unknown(v1alpha1.ReasonPending, fmt.Sprintf("ConfigMap %q was not written yet: it needs the plan", name))
	}
	return isTrue(v1alpha1.ReasonPlanPublished, fmt.Sprintf("ConfigMap %q shows what the account pays", name))
}

func credentialsVerdict(scope *accountScope) verdict {
	switch {
	case scope.compilation.fingerprint == "":
		return unknown(v1alpha1.ReasonPending, "The Secrets were not looked at yet")
	case scope.compilation.credentials != nil:
		return isFalse(scope.compilation.credentials.Reason, scope.compilation.credentials.Message)
	}
	return isTrue(v1alpha1.ReasonCredentialsValid, "Every Secret and key that the spec names is there")
}

// partVerdict is what a condition says of a part of the configuration.
func partVerdict(scope *accountScope, found *tenant.Problem, well string) verdict {
	switch {
	case found != nil:
		return isFalse(found.Reason, found.Message)
	case scope.compilation.planName == "":
		return unknown(v1alpha1.ReasonPending, "The configuration was not compiled yet: it needs the plan")
	}
	return isTrue(well, "Everything that the spec asks for is applied")
}

func gatewayVerdict(scope *accountScope, failure error) verdict {
	var foreign *foreignError
	var refused *refusedError
	switch {
	case scope.unsupported != nil:
		return isFalse(scope.unsupported.Reason, scope.unsupported.Message)
	case scope.keysProblem != nil:
		return isFalse(scope.keysProblem.Reason, scope.keysProblem.Message)
	case errors.As(failure, &foreign):
		return isFalse(v1alpha1.ReasonForeignObject, foreign.Error())
	case errors.As(failure, &refused):
		return isFalse(v1alpha1.ReasonApplyRefused, refused.Error())
	}
	deployment := scope.deployment()
	if deployment == nil {
		return unknown(v1alpha1.ReasonPending, "The gateway was not made yet: it needs the plan and the credentials")
	}
	return deploymentVerdict(scope, deployment)
}

func deploymentVerdict(scope *accountScope, deployment *appsv1.Deployment) verdict {
	if wanted, ours := tenant.Replicas(scope.account); ours && wanted == 0 {
		return isFalse(v1alpha1.ReasonGatewayUnavailable, "The gateway is stopped: spec.gateway.replicas is 0")
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
	if store := storeVerdict(scope); store.status == metav1.ConditionFalse {
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

func configVerdict(scope *accountScope) verdict {
	if found := scope.compilation.config; found != nil {
		return isFalse(found.Reason, found.Message)
	}
	digest := scope.compilation.digest
	if digest == "" {
		return heldVerdict(scope)
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

// heldVerdict speaks for an account of which no configuration can be made now: its gateway goes on
// with the last one.
func heldVerdict(scope *accountScope) verdict {
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
	return isFalse(v1alpha1.ReasonConfigHeld, fmt.Sprintf("No new configuration can be made: it needs the plan and the credentials. "+
		"The gateway goes on with configuration %s of %s", gateway.ConfigDigest, since))
}

func usageVerdict(scope *accountScope) verdict {
	switch {
	case scope.ledgerRegressed():
		return isFalse(v1alpha1.ReasonLedgerRegressed, fmt.Sprintf("The gateway's ledger lacks record %d, which status.usage has published: its store was lost, or restored from before. "+
			"status.usage stays as it was: restore the store, or remove status.usage to go on with what the store has", *scope.account.Status.Usage.Ledger.Sequence))
	case scope.latest() != nil:
		return isTrue(v1alpha1.ReasonUsageCurrent, "status.usage is what the gateway reports")
	case scope.memory.report != nil && !scope.stale():
		return isTrue(v1alpha1.ReasonUsageCurrent, "status.usage is what the gateway reports")
	case scope.memory.report == nil && scope.account.Status.Usage == nil &&
		(len(scope.readyPods()) == 0 || scope.readySince(staleAfter)):
		return unknown(v1alpha1.ReasonReportUnavailable, "The gateway has not reported yet")
	}
	return isFalse(
		v1alpha1.ReasonReportUnavailable, "status.usage is what it was at its asOfTime: "+scope.whyNoReport(),
	)
}

// whyNoReport says in stable words why there are no newer figures.
func (s *accountScope) whyNoReport() string {
	for i := range s.reports {
		if s.reports[i].err != nil {
			return reportFailure(s.reports[i].err)
		}
	}
	if len(s.reports) > 0 {
		return "the gateway has no figures while its store is away"
	}
	return "no replica of the gateway runs"
}

// callbacksVerdict says whether the business's endpoint takes what it is told. Its message holds no
// count, which would change with each callback.
func callbacksVerdict(known *report.Report) verdict {
	switch {
	case known == nil:
		return unknown(v1alpha1.ReasonReportUnavailable, "The gateway has not reported which callbacks are set aside")
	case known.RefusedCallbacks == nil:
		return isTrue(v1alpha1.ReasonCallbacksTaken, "No callback is set aside")
	default:
		return isFalse(v1alpha1.ReasonCallbacksRefused, fmt.Sprintf(
			"The endpoint of spec.callback refuses callbacks, the last one with %d: they are set aside for 30 days; "+
				"list, replay or drop them with 'guichet callbacks'",
			known.RefusedCallbacks.Status,
		))
	}
}

func budgetVerdict(scope *accountScope) verdict {
	budget := scope.budget()
	if budget == nil {
		return isTrue(v1alpha1.ReasonNoBudget, "The account has no budget")
	}
	known := scope.memory.report
	limit, err := tenant.Money(budget.Limit)
	if known == nil || err != nil {
		return unknown(v1alpha1.ReasonReportUnavailable, "The gateway has not reported what was spent")
	}
	spent, err := spentOf(known, limit.Currency)
	if err != nil {
		return unknown(v1alpha1.ReasonCurrencyMismatch, "The budget and the charges are in two currencies")
	}
	if reached(spent, limit, 100) {
		return isFalse(v1alpha1.ReasonBudgetExhausted, fmt.Sprintf(
			"The budget of %s is spent in period %s: raise spec.budget.limit, or wait for the next period", limit,
			known.Period.Name,
		))
	}
	if refused := scope.budgetRefused(); refused != nil && budget.Action != v1alpha1.BudgetWarn && tooLow(
		limit, spent, *refused,
	) {
		return isFalse(v1alpha1.ReasonBudgetTooLow, fmt.Sprintf("Less is left of the budget of %s in period %s than a message can cost: "+
			"those that can cost %s or more are refused with error 131042; raise spec.budget.limit, or wait for the "+
			"next period",
			limit, known.Period.Name, refused))
	}
	if level := warned(budget, spent, limit); level > 0 {
		return isTrue(
			v1alpha1.ReasonBudgetWarning,
			fmt.Sprintf("%d %% of the budget of %s is spent in period %s", level, limit, known.Period.Name),
		)
	}
	return isTrue(v1alpha1.ReasonWithinBudget, "Charges and reservations are within the budget")
}

// budgetRefused is the least amount that a replica has refused a message for; nil if none.
func (s *accountScope) budgetRefused() *money.Money {
	var least *money.Money
	for _, read := range s.reports {
		answer, known := s.answer(read)
		if !known || answer.BudgetRefused == nil {
			continue
		}
		if least == nil || answer.BudgetRefused.Amount.Cmp(least.Amount) < 0 {
			least = answer.BudgetRefused
		}
	}
	return least
}

// tooLow tells whether less is left of a limit than an amount.
func tooLow(limit, spent, amount money.Money) bool {
	left, err := limit.Sub(spent)
	return err == nil && left.Currency == amount.Currency && left.Amount.Cmp(amount.Amount) < 0
}

// budget is the one that is applied: the account's own, within what its plan grants.
func (s *accountScope) budget() *v1alpha1.Budget {
	applied := s.compilation.budget
	switch {
	case s.compilation.planName == "":
		return s.account.Spec.Budget
	case applied == nil:
		return nil
	}
	return &v1alpha1.Budget{
		Limit:         v1alpha1.Money{Amount: applied.Limit.Amount.String(), Currency: string(applied.Limit.Currency)},
		Action:        v1alpha1.BudgetAction(applied.Action),
		WarnAtPercent: applied.WarnAtPercent,
	}
}

// spentOf is what a period's charges and reservations come to.
func spentOf(r *report.Report, currency money.Currency) (money.Money, error) {
	spent := money.Money{Currency: currency}
	var err error
	for _, part := range []money.Money{r.Period.Billed, r.Period.Reserved} {
		if part.Amount.IsZero() {
			continue
		}
		if spent, err = spent.Add(part); err != nil {
			return money.Money{}, err
		}
	}
	return spent, nil
}

// warned is the highest of the budget's levels that is spent as it stands now. What the gateway
// remembers of the period says nothing here: it is about the limit of that moment, and a budget
// that was raised since is not spent to that level.
func warned(budget *v1alpha1.Budget, spent, limit money.Money) int32 {
	level := int32(0)
	for _, percent := range budget.WarnAtPercent {
		if reached(spent, limit, percent) {
			level = max(level, percent)
		}
	}
	return level
}

// newTemplateEvents are the templates of which the upstream has said something since the last pass,
// and marks them as told.
func newTemplateEvents(scope *accountScope) []string {
	if scope.memory.report == nil {
		return nil
	}
	var names []string
	for _, news := range scope.memory.report.TemplateEvents {
		if !news.Time.After(scope.memory.templateEvents[news.UpstreamID]) {
			continue
		}
		scope.memory.templateEvents[news.UpstreamID] = news.Time
		for i := range scope.templates {
			if scope.templates[i].Status.UpstreamID == news.UpstreamID {
				names = append(names, scope.templates[i].Name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
