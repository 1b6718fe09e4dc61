package controllers

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/statement"
)

const (
	// reportTimeout bounds the reading of one report.
	reportTimeout = 3 * time.Second
	// maxReport bounds a report's size in bytes.
	maxReport = 1 << 20
)

// PodReports reads the reports of gateways.
type PodReports interface {
	// Read returns the report of one gateway pod: the newest, or the one before if the gateway says
	// that nothing has changed.
	Read(ctx context.Context, pod ReportingPod) (report.Report, error)
	// Statement returns the statement of a month, as one gateway pod has added it up. It returns
	// ErrStatementBehind or ErrNoStatements if the gateway has none now.
	Statement(ctx context.Context, pod ReportingPod, query report.StatementQuery) (statement.Content, error)
	// Forget drops what is known of the pods of an account that is gone.
	Forget(account types.NamespacedName)
}

// ReportingPod is a gateway pod, where its report is served and what it takes to read it.
type ReportingPod struct {
	Account types.NamespacedName
	Name    string
	UID     types.UID
	// Address is the host and port of the report.
	Address string
	Access  ReportAccess
	// Published is the record of the account's ledger that was published last. Its Sequence is 0 if
	// none was.
	Published report.LedgerRecord
}

// ReportAccess is what it takes to read the reports of an account's gateway.
type ReportAccess struct {
	// Version names the version of the keys Secret that the rest was read from.
	Version string
	// ServerName is the name that the certificate is made out to, Certificate the only certificate
	// that is trusted, in PEM.
	ServerName  string
	Certificate []byte
	// Token is the bearer token of the report.
	Token string
}

// HTTPReports reads reports over TLS. It keeps the newest report of each pod, so that an unchanged
// one costs a 304. It is safe for concurrent use.
type HTTPReports struct {
	mutex    sync.Mutex
	accounts map[types.NamespacedName]*accountReports
}

// accountReports is what HTTPReports knows of one account.
type accountReports struct {
	version string
	client  *http.Client
	pods    map[types.UID]knownReport
}

type knownReport struct {
	etag   string
	report report.Report
}

// NewHTTPReports returns a reader that knows no report yet.
func NewHTTPReports() *HTTPReports {
	return &HTTPReports{accounts: map[types.NamespacedName]*accountReports{}}
}

var _ PodReports = (*HTTPReports)(nil)

// Read implements PodReports.
func (h *HTTPReports) Read(ctx context.Context, pod ReportingPod) (report.Report, error) {
	client, known, err := h.recall(pod)
	if err != nil {
		return report.Report{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, pod.url(), nil)
	if err != nil {
		return report.Report{}, fmt.Errorf("read the report of pod %q: %w", pod.Name, err)
	}
	request.Header.Set("Authorization", "Bearer "+pod.Access.Token)
	asked := pod.Published.Sequence > 0
	// whether the gateway looks at all, only a whole answer tells
	if known.etag != "" && (!asked || known.report.Ledger.Published != nil) {
		request.Header.Set("If-None-Match", known.etag)
	}
	answer, err := client.Do(request)
	if err != nil {
		return report.Report{}, fmt.Errorf("read the report of pod %q: %w", pod.Name, err)
	}
	defer func() { _ = answer.Body.Close() }()
	switch answer.StatusCode {
	case http.StatusNotModified:
		if asked {
			known.report.Ledger.Published = &pod.Published // it is there, as it was published
		}
		return known.report, nil
	case http.StatusOK:
	default:
		return report.Report{}, fmt.Errorf(
			"read the report of pod %q: %w", pod.Name, &reportStatusError{answer.StatusCode},
		)
	}
	var newest report.Report
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxReport)).Decode(&newest); err != nil {
		return report.Report{}, fmt.Errorf("read the report of pod %q: %w", pod.Name, err)
	}
	h.remember(pod, knownReport{etag: answer.Header.Get("ETag"), report: newest})
	return newest, nil
}

// Statement implements PodReports.
func (h *HTTPReports) Statement(
	ctx context.Context, pod ReportingPod, query report.StatementQuery,
) (content statement.Content, err error) {
	client, _, err := h.recall(pod)
	if err != nil {
		return content, err
	}
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	at := url.URL{Scheme: "https", Host: pod.Address, Path: report.StatementPath, RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return content, fmt.Errorf("read the statement of pod %q: %w", pod.Name, err)
	}
	request.Header.Set("Authorization", "Bearer "+pod.Access.Token)
	answer, err := client.Do(request)
	if err != nil {
		return content, fmt.Errorf("read the statement of pod %q: %w", pod.Name, err)
	}
	defer func() { _ = answer.Body.Close() }()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusAccepted:
		return content, ErrStatementBehind
	case http.StatusNotFound:
		return content, ErrNoStatements
	default:
		return content, fmt.Errorf(
			"read the statement of pod %q: %w", pod.Name, &reportStatusError{answer.StatusCode},
		)
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, maxReport)).Decode(&content); err != nil {
		return content, fmt.Errorf("read the statement of pod %q: %w", pod.Name, err)
	}
	return content, nil
}

// url is where the pod's report is, with the question whether what was published is still on the
// ledger's chain.
func (p *ReportingPod) url() string {
	at := url.URL{Scheme: "https", Host: p.Address, Path: report.Path}
	if p.Published.Sequence > 0 {
		at.RawQuery = url.Values{
			report.QueryPublishedSequence: {strconv.FormatInt(p.Published.Sequence, 10)},
			report.QueryPublishedHash:     {p.Published.Hash},
		}.Encode()
	}
	return at.String()
}

// Forget implements PodReports.
func (h *HTTPReports) Forget(account types.NamespacedName) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if known := h.accounts[account]; known != nil {
		known.client.CloseIdleConnections()
		delete(h.accounts, account)
	}
}

// recall returns the client for a pod's account, made anew if its keys are other ones, and the
// report known of the pod.
func (h *HTTPReports) recall(pod ReportingPod) (*http.Client, knownReport, error) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	known := h.accounts[pod.Account]
	if known == nil || known.version != pod.Access.Version {
		client, err := pinnedClient(pod.Access)
		if err != nil {
			return nil, knownReport{}, err
		}
		known = &accountReports{version: pod.Access.Version, client: client, pods: map[types.UID]knownReport{}}
		h.accounts[pod.Account] = known
	}
	return known.client, known.pods[pod.UID], nil
}

func (h *HTTPReports) remember(pod ReportingPod, newest knownReport) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if known := h.accounts[pod.Account]; known != nil {
		if len(known.pods) > 100 { // pods come and go; a gateway has at most 50
			clear(known.pods)
		}
		known.pods[pod.UID] = newest
	}
}

// pinnedClient trusts one certificate and follows no redirect, so that the token goes nowhere else.
func pinnedClient(access ReportAccess) (*http.Client, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(access.Certificate) {
		return nil, errors.New("the keys Secret holds no certificate in PEM")
	}
	return &http.Client{
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{
				RootCAs: roots, ServerName: access.ServerName, MinVersion: tls.VersionTLS13,
			},
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     time.Minute,
			TLSHandshakeTimeout: reportTimeout,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, nil
}

// reportStatusError is an answer to a request for a report that is none.
type reportStatusError struct{ status int }

func (e *reportStatusError) Error() string {
	return fmt.Sprintf("the gateway answered %d %s", e.status, http.StatusText(e.status))
}

// reportFailure says in stable words why a report cannot be read, and what to do.
func reportFailure(err error) string {
	var answered *reportStatusError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &answered) && answered.status == http.StatusUnauthorized:
		return "the gateway refuses the operator's token: both must have the same 'report.token' of the keys " +
			"Secret; restart the pod if it was changed"
	case errors.As(err, &answered):
		return fmt.Sprintf("the gateway answers %d: its log says why", answered.status)
	case errors.As(err, &certificate):
		return "the gateway presents another certificate than 'tls.crt' of the keys Secret: restart the pod if it " +
			"was changed"
	}
	return fmt.Sprintf(
		"the operator cannot reach port %d of the gateway's pod: see the NetworkPolicies of both namespaces",
		config.ReportPort,
	)
}
