package controllers

import (
	"context"
	"net"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/tenant"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

// observeReports reads the report of every pod that runs.
func (r *BusinessAccountReconciler) observeReports(ctx context.Context, scope *accountScope) error {
	pods := scope.reportingPods()
	keys := scope.secrets[tenant.KeysSecretName(scope.account.Name)]
	if len(pods) == 0 || keys == nil {
		return nil
	}
	access, err := r.reportAccess(ctx, scope, keys)
	if err != nil {
		return err
	}
	scope.reports = make([]podReport, len(pods))
	var reading sync.WaitGroup
	for i, pod := range pods {
		reading.Go(func() {
			source := ReportingPod{
				Account: client.ObjectKeyFromObject(scope.account),
				Name:    pod.Name,
				UID:     pod.UID,
				Address: net.JoinHostPort(pod.Status.PodIP, strconv.Itoa(config.ReportPort)),
				Access:  access,

				Published: scope.publishedRecord(),
			}
			newest, err := r.reports.Read(ctx, source)
			scope.reports[i] = podReport{
				pod: pod.Name, source: source, ready: podReady(&pod), report: newest, err: err,
			}
		})
	}
	reading.Wait()
	scope.rememberAnswers()
	if latest := scope.latest(); latest != nil {
		scope.memory.report, scope.memory.confirmed = latest, scope.now
	}
	return nil
}

// publishedRecord is the record of the ledger that the status has published last, or before the
// account was made, that of an account before it; of none the Sequence is 0.
func (s *accountScope) publishedRecord() report.LedgerRecord {
	usage := s.account.Status.Usage
	if usage == nil || usage.Ledger == nil || usage.Ledger.Sequence == nil {
		return s.expectedRecord()
	}
	return report.LedgerRecord{Sequence: *usage.Ledger.Sequence, Hash: usage.Ledger.RootHash}
}

// expectedRecord is what the store must have of the ledger because an account before this one has
// published it.
func (s *accountScope) expectedRecord() report.LedgerRecord {
	if s.ledgerObject == nil {
		return s.ledger.Expected(s.account.UID, "")
	}
	return s.ledger.Expected(s.account.UID, s.ledgerObject.Annotations[tenant.AnnotationAcceptedLoss])
}

// reportAccess reads from the keys Secret what it takes to read reports, once for each version of
// it.
func (r *BusinessAccountReconciler) reportAccess(
	ctx context.Context, scope *accountScope, keys *metav1.PartialObjectMetadata,
) (ReportAccess, error) {
	version := string(keys.UID) + "/" + keys.ResourceVersion
	if scope.memory.access.Version == version {
		return scope.memory.access, nil
	}
	secret := &corev1.Secret{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(keys), secret); err != nil {
		return ReportAccess{}, reading(err, "Secret %q", keys.Name)
	}
	scope.memory.access = ReportAccess{
		Version:     version,
		ServerName:  kube.ReportHost(secret, scope.account.Namespace, scope.account.Name),
		Certificate: secret.Data[config.TLSCertificateFile],
		Token:       string(secret.Data[config.ReportTokenFile]),
	}
	return scope.memory.access, nil
}

// ledgerRegressed tells whether the gateway's ledger is not the continuation of the one that was
// published: its figures must not take the place of those as if nothing had happened (P5). The
// gateway says what it has at the published sequence, so that a ledger which was rolled back is
// noticed although it has grown since. A gateway that is too old to say so is judged by its last
// record alone.
func (s *accountScope) ledgerRegressed() bool {
	known, published := s.memory.report, s.publishedRecord()
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
	if s.decision.digest == "" {
		return false
	}
	if s.latest() == nil {
		return s.readySince(firstReport) // else nobody may be able to read it for long
	}
	return assessConfig(s).reason == v1alpha1.ReasonConfigPropagating || s.upstreamUnchecked()
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
