package controllers

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/pricing"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// decision is what the account's inputs come to: its objects, and what is wrong with which of its
// parts. A part that cannot be compiled keeps no other from being so: what restricts always gets
// through.
type decision struct {
	// fingerprint is that of the inputs.
	fingerprint string

	// secrets are those to be created, once, before anything else.
	secrets []*corev1.Secret
	// foreign are the account's own Secrets that somebody else has made.
	foreign []error
	// prices are stored before a gateway may price by them.
	prices prices

	// plan, credentials, claims and templates say what is wrong with a part; nil if nothing is.
	plan        *tenant.Problem
	credentials *tenant.Problem
	claims      *tenant.Problem
	templates   *tenant.Problem
	// config says what is wrong with the configuration that came of them; nil if nothing is.
	config *tenant.Problem
	// history says which revisions of plans were changed although they have priced messages of the
	// account. They were kept as they were.
	history []changedHistory
	// planName and currency are those of the plan that is served; empty if there is none.
	planName string
	currency money.Currency
	// shown says that the business can read its plan; view says why it cannot, nil if nothing is
	// known to be wrong.
	shown bool
	view  *tenant.Problem
	// due is when the same inputs must be compiled again: when the plan's next revision comes into
	// force, or to try the view again. It is zero if never.
	due time.Time
	// sendingStopped is the sentence with which every message is refused; empty if none is.
	sendingStopped string
	// budget is the one that is applied; nil if there is none.
	budget *config.Budget
	// digest is that of the configuration; empty if there is none.
	digest  string
	objects []*unstructured.Unstructured
}

// changedHistory is what was changed of a plan although it has priced messages.
type changedHistory struct {
	planName string
	findings []pricing.Finding
}

// outcome is what is kept of a decision: nothing that is large or holds credentials.
func (d decision) outcome() decision {
	d.objects, d.secrets = nil, nil
	d.prices = prices{}
	return d
}

// isSettled tells whether an earlier pass has applied what comes of the same inputs.
func (s *accountScope) isSettled() bool {
	before := &s.memory.applied
	return before.fingerprint == s.fingerprint && s.withheld == nil && (before.due.IsZero() || s.now.Before(before.due))
}

// decide finds what the account's objects must be. It reads and writes nothing.
func (r *BusinessAccountReconciler) decide(scope *accountScope) error {
	switch {
	case scope.stuck:
		scope.decision = scope.memory.stall.decision
		return nil
	case scope.settled:
		scope.decision = scope.memory.applied
		return nil
	}
	scope.decision = decision{fingerprint: scope.fingerprint}
	if err := scope.decideSecrets(); err != nil {
		return err
	}
	scope.decision.credentials = tenant.CheckSecrets(scope.account, scope.inputs.secrets)
	found, known := scope.resolvePrices()
	if !known {
		return nil
	}
	scope.decision.prices = found
	scope.decision.planName, scope.decision.currency = found.planName, found.plan.Currency
	return r.compile(scope, found)
}

// decideSecrets makes the keys and the API tokens of an account that has none. Neither is ever
// written again. A Secret of one of these names that is somebody else's is as good as none.
func (s *accountScope) decideSecrets() error {
	for _, name := range ownSecrets(s.account) {
		if foreign := s.foreign(name); foreign != nil {
			s.decision.foreign = append(s.decision.foreign, foreign)
		}
	}
	if s.paused() {
		return nil
	}
	if s.withheld == nil && s.secrets[tenant.KeysSecretName(s.account.Name)] == nil {
		keys, err := kube.KeysSecret(s.account, s.now)
		if err != nil {
			return err
		}
		s.decision.secrets = append(s.decision.secrets, keys)
	}
	name := tenant.APITokensSecretName(s.account)
	if s.account.Spec.APITokensSecretName == "" && s.secrets[name] == nil {
		tokens := kube.APITokensSecret(s.account)
		s.decision.secrets = append(s.decision.secrets, tokens)
		s.inputs.secrets[name] = tokens.Data
	}
	return nil
}

// foreign says that a Secret which the operator would make is there and not the account's; nil if
// it is not so.
func (s *accountScope) foreign(name string) error {
	found := s.secrets[name]
	if found == nil || !slices.Contains(ownSecrets(s.account), name) || metav1.IsControlledBy(found, s.account) ||
		kube.Retained(found, s.account.Name) {
		return nil
	}
	return &foreignError{kind: "Secret", name: name, gvk: corev1.SchemeGroupVersion.WithKind("Secret")}
}

// noGateway tells whether no gateway can be started for want of the account's own keys.
func (s *accountScope) noGateway() bool {
	return s.withheld != nil || s.foreign(tenant.KeysSecretName(s.account.Name)) != nil
}
