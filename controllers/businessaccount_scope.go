package controllers

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// accountScope is everything that one pass over an account knows: first what it has observed, then
// what it has decided.
type accountScope struct {
	account *v1alpha1.BusinessAccount
	now     time.Time
	memory  *accountMemory
	// operatorNamespace is where stored prices are.
	operatorNamespace string

	// unread are the parts of what follows that could not be read: what depends on them stays as it
	// was, and is not taken for missing.
	unread parts

	// plan is nil if there is no plan of the name; planAllowed says whether its namespaces include
	// the account's.
	plan        *v1alpha1.PricingPlan
	planAllowed bool
	// channelPlans are those that channels name for themselves, and those that priced channels
	// last, by name.
	channelPlans map[string]candidate
	// standingPlan is the one that prices the account while that is another; nil if there is none.
	standingPlan    *v1alpha1.PricingPlan
	namespaceLabels labels.Set
	// prices are the versions of what is stored of the account's prices.
	prices    []string
	templates []v1alpha1.MessageTemplate
	// holders are the other accounts that hold channels of this one.
	holders map[v1alpha1.ChannelIdentity]types.NamespacedName
	// hostHolder is the other account that holds the host of this one's Ingress; nil if there is
	// none.
	hostHolder *types.NamespacedName
	// secrets is the metadata of the Secrets that the account names and of its own, by name.
	secrets map[string]*metav1.PartialObjectMetadata
	// children are the account's own objects other than Secrets, by kind and name.
	children map[string]client.Object
	pods     []corev1.Pod

	// ledger is the ledger that the account goes on with, and ledgerObject the record of it; nil if
	// there is none yet.
	ledger       *tenant.LedgerRecord
	ledgerObject *corev1.ConfigMap

	// withheld says that no gateway may be started: the ledger or its keys are not there; nil if
	// they are.
	withheld *tenant.Problem
	reports  []podReport
	// fingerprint is that of all of the above which matters to the account's objects. settled says
	// that an earlier pass has applied what comes of it, stuck that it was refused.
	fingerprint    string
	settled, stuck bool
	// inputs are read unless the pass is settled or stuck.
	inputs inputs

	// inspection is the account's last inspection at the upstream, or nil.
	inspection *inspection

	decision decision
	// requests is how far this pass has come with clients' requests for templates; nil if it took
	// none.
	requests *v1alpha1.TemplateRequestsStatus
	// failure is what the pass could not do.
	failure error
}

// parts are parts of what a pass observes.
type parts uint8

const (
	// partCluster is what the caches hold: the account's plan, rivals, templates, objects and pods,
	// and which Secrets there are.
	partCluster parts = 1 << iota
	// partReports are the reports of its gateway.
	partReports
	// partInputs are the data of Secrets, and what is stored of prices.
	partInputs

	allParts = partCluster | partReports | partInputs

	// partUpstream is the inspection at the upstream, which another reconciler makes.
	partUpstream parts = 1 << 3
)

// podReport is what a ready pod said of itself.
type podReport struct {
	pod    string
	source ReportingPod
	ready  bool
	report report.Report
	err    error
}

// newScope is what is known of an account before anything is observed.
func (r *BusinessAccountReconciler) newScope(account *v1alpha1.BusinessAccount) *accountScope {
	return &accountScope{
		account:  account,
		now:      r.Clock.Now(),
		memory:   r.memory.of(client.ObjectKeyFromObject(account), account.UID),
		holders:  map[v1alpha1.ChannelIdentity]types.NamespacedName{},
		secrets:  map[string]*metav1.PartialObjectMetadata{},
		children: map[string]client.Object{},

		operatorNamespace: r.Options.OperatorNamespace,

		channelPlans: map[string]candidate{},
		inspection:   r.inspections.of(account),
	}
}

// paused tells whether the account's objects are to be left as they are.
func (s *accountScope) paused() bool { return s.account.Spec.Operation == v1alpha1.OperationPaused }

// hibernates tells whether no gateway is to run. What a paused account runs is left as it is, so of
// one it is whether none does.
func (s *accountScope) hibernates() bool {
	if s.paused() {
		deployment := s.deployment()
		return deployment != nil && deployment.Spec.Replicas != nil && *deployment.Spec.Replicas == 0
	}
	wanted, ours := tenant.Replicas(s.account)
	return ours && wanted == 0
}

func childKey(kind, name string) string { return kind + "/" + name }

// child is the account's object of a kind and name as the cache has it, or nil.
func (s *accountScope) child(kind, name string) client.Object {
	if kind != "Secret" {
		return s.children[childKey(kind, name)]
	}
	if found, there := s.secrets[name]; there {
		return found
	}
	return nil
}

func (s *accountScope) deployment() *appsv1.Deployment {
	found, _ := s.child("Deployment", tenant.GatewayName(s.account.Name)).(*appsv1.Deployment)
	return found
}

// readyPods are the pods that serve.
func (s *accountScope) readyPods() []corev1.Pod {
	var ready []corev1.Pod
	for _, pod := range s.pods {
		if podReady(&pod) && pod.Status.PodIP != "" {
			ready = append(ready, pod)
		}
	}
	return ready
}

// reportingPods are the pods whose report can be read: those that serve, and those that run and are
// not ready, which say what they wait for.
func (s *accountScope) reportingPods() []corev1.Pod {
	var reporting []corev1.Pod
	for i := range s.pods {
		pod := &s.pods[i]
		if pod.Status.PodIP != "" && (podReady(pod) || pod.DeletionTimestamp.IsZero() && podsStarted(s.pods[i:i+1])) {
			reporting = append(reporting, *pod)
		}
	}
	return reporting
}

func podReady(pod *corev1.Pod) bool {
	for _, condition := range pod.Status.Conditions {
		if condition.Type == corev1.PodReady {
			return condition.Status == corev1.ConditionTrue
		}
	}
	return false
}

// latest is the newest report of this pass, or nil. Every replica reports the whole account, so the
// one that has seen most speaks for all; one that has not opened its store yet knows no period, and
// speaks for none (P11).
func (s *accountScope) latest() *report.Report {
	var latest *report.Report
	for i := range s.reports {
		candidate := &s.reports[i].report
		if s.reports[i].err != nil || candidate.Period.Name == "" {
			continue
		}
		if latest == nil || candidate.Ledger.Sequence > latest.Ledger.Sequence ||
			candidate.Ledger.Sequence == latest.Ledger.Sequence && candidate.AsOf.After(latest.AsOf) {
			latest = candidate
		}
	}
	return latest
}

// latestPod is the pod that the latest report is of.
func (s *accountScope) latestPod() ReportingPod {
	latest := s.latest()
	for i := range s.reports {
		if &s.reports[i].report == latest {
			return s.reports[i].source
		}
	}
	return ReportingPod{}
}

// rememberAnswers keeps what the pods have said in this pass, and of those that could not be read
// what they said before.
func (s *accountScope) rememberAnswers() {
	answers := map[string]podAnswer{}
	for _, read := range s.reports {
		if read.err == nil {
			answers[read.pod] = podAnswer{report: read.report, at: s.now}
		} else if before, known := s.memory.answers[read.pod]; known {
			answers[read.pod] = before
		}
	}
	s.memory.answers = answers
}

// answer is what a pod says: now, or if it could not be read a moment ago.
func (s *accountScope) answer(read podReport) (answer report.Report, known bool) {
	if read.err == nil {
		return read.report, true
	}
	before, known := s.memory.answers[read.pod]
	return before.report, known && s.now.Sub(before.at) <= staleAfter
}
