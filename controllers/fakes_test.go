package controllers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/controllers"
	"github.com/guichet-dev/guichet/internal/config"
	"github.com/guichet-dev/guichet/internal/graph"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/report"
	"github.com/guichet-dev/guichet/internal/statement"
	"github.com/guichet-dev/guichet/internal/template"
	"github.com/guichet-dev/guichet/internal/tenant"
)

// callLog counts the calls that reach the API server and can make one of them fail. Reads from the
// caches are not among them.
type callLog struct {
	mutex  sync.Mutex
	made   []string
	failAt int
	// failOnce is a call to fail the next time it is made, such as "create acme-api-7".
	failOnce string
}

var errInjected = errors.New("injected failure")

// call notes a call, and fails it if it is the one to fail.
func (l *callLog) call(verb string, object any) error {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.made = append(l.made, fmt.Sprintf("%s %T", verb, object))
	named, ok := object.(client.Object)
	once := ok && l.failOnce == verb+" "+named.GetName()
	if once {
		l.failOnce = ""
	}
	if len(l.made) == l.failAt || once {
		return fmt.Errorf("%s %T: %w", verb, object, errInjected)
	}
	return nil
}

// failNextCall makes a call fail the next time it is made, and returns what had still to fail.
func (l *callLog) failNextCall(call string) (before string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	before, l.failOnce = l.failOnce, call
	return before
}

func (l *callLog) total() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.made)
}

// since are the calls after the first n.
func (l *callLog) since(n int) []string {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return append([]string(nil), l.made[n:]...)
}

// failNext makes the k-th call from now on fail; 0 none.
func (l *callLog) failNext(k int) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.failAt = 0
	if k > 0 {
		l.failAt = len(l.made) + k
	}
}

// failed tells whether the call that was to fail has been made.
func (l *callLog) failed() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.failAt > 0 && len(l.made) >= l.failAt
}

// loggedClient notes every write.
type loggedClient struct {
	client.Client
	log *callLog
}

func (c loggedClient) Create(ctx context.Context, object client.Object, options ...client.CreateOption) error {
	if err := c.log.call("create", object); err != nil {
		return err
	}
	return c.Client.Create(ctx, object, options...)
}

func (c loggedClient) Update(ctx context.Context, object client.Object, options ...client.UpdateOption) error {
	if err := c.log.call("update", object); err != nil {
		return err
	}
	return c.Client.Update(ctx, object, options...)
}

func (c loggedClient) Patch(
	ctx context.Context, object client.Object, patch client.Patch, options ...client.PatchOption,
) error {
	if err := c.log.call("patch", object); err != nil {
		return err
	}
	return c.Client.Patch(ctx, object, patch, options...)
}

func (c loggedClient) Delete(ctx context.Context, object client.Object, options ...client.DeleteOption) error {
	if err := c.log.call("delete", object); err != nil {
		return err
	}
	return c.Client.Delete(ctx, object, options...)
}

func (c loggedClient) Apply(
	ctx context.Context, object runtime.ApplyConfiguration, options ...client.ApplyOption,
) error {
	kind := ""
	if named, ok := object.(interface{ GetKind() string }); ok {
		kind = " " + named.GetKind()
	}
	if err := c.log.call("apply"+kind, object); err != nil {
		return err
	}
	return c.Client.Apply(ctx, object, options...)
}

func (c loggedClient) Status() client.SubResourceWriter {
	return loggedStatus{SubResourceWriter: c.Client.Status(), log: c.log}
}

type loggedStatus struct {
	client.SubResourceWriter
	log *callLog
}

func (s loggedStatus) Patch(
	ctx context.Context, object client.Object, patch client.Patch, options ...client.SubResourcePatchOption,
) error {
	if err := s.log.call("patch status of", object); err != nil {
		return err
	}
	return s.SubResourceWriter.Patch(ctx, object, patch, options...)
}

// loggedReader notes every read from the API server.
type loggedReader struct {
	client.Reader
	log *callLog
}

func (r loggedReader) Get(
	ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption,
) error {
	if err := r.log.call("get", object); err != nil {
		return err
	}
	return r.Reader.Get(ctx, key, object, options...)
}

// fakeGateways report what a test wants, and serve whatever configuration the Secret holds, as a
// mounted one would.
type fakeGateways struct {
	client client.Client
	mutex  sync.Mutex
	count  int
	down   bool
	silent string // is the name of a pod that does not answer
	stuck  string
	plan   string
	report report.Report
	// records are the hashes of the ledger by sequence. Gateways without them are too old to be
	// asked for one.
	records map[int64]string
	// statement answers for a statement; gateways without it are too old to make any.
	statement func(report.StatementQuery) (statement.Content, error)
}

func newFakeGateways(c client.Client) *fakeGateways {
	usd := func(amount string) money.Money { return money.Money{Amount: money.MustParse(amount), Currency: "USD"} }
	return &fakeGateways{client: c, report: report.Report{
		AsOf: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
		Period: report.Period{
			Name: "2026-11", Start: time.Date(2026, 11, 1, 3, 0, 0, 0, time.UTC),
			End:    time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC),
			Billed: usd("0"), Cost: usd("0"), Reserved: usd("0"),
		},
		Channels: []report.Channel{{Name: "main", Checked: true}},
	}}
}

var _ controllers.PodReports = (*fakeGateways)(nil)

func (f *fakeGateways) Read(ctx context.Context, pod controllers.ReportingPod) (report.Report, error) {
	secret := &corev1.Secret{}
	err := f.client.Get(
		ctx, types.NamespacedName{Namespace: pod.Account.Namespace, Name: tenant.ConfigSecretName(pod.Account.Name)},
		secret,
	)
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.count++
	if f.down || f.silent == pod.Name || err != nil {
		return report.Report{}, errors.New("connection refused")
	}
	answer := f.report
	answer.Channels = withServed(answer.Channels, secret.Data[config.FileName])
	if f.records != nil && pod.Published.Sequence > 0 {
		answer.Ledger.Published = &report.LedgerRecord{
			Sequence: pod.Published.Sequence, Hash: f.records[pod.Published.Sequence],
		}
	}
	answer.Replica, answer.ConfigDigest = pod.Name, secret.Annotations[tenant.AnnotationConfigDigest]
	if f.stuck != "" {
		answer.ConfigDigest = f.stuck
	}
	return answer, nil
}

// withServed adds the channels of a document of which a report says nothing: their upstream
// accepts.
func withServed(channels []report.Channel, document []byte) []report.Channel {
	var served config.Document
	if json.Unmarshal(document, &served) != nil {
		return channels
	}
	all := slices.Clone(channels)
	for _, c := range served.Channels {
		if !slices.ContainsFunc(all, func(known report.Channel) bool { return known.Name == c.Name }) {
			all = append(all, report.Channel{Name: c.Name, Checked: true})
		}
	}
	return all
}

func (f *fakeGateways) Statement(
	_ context.Context, _ controllers.ReportingPod, query report.StatementQuery,
) (statement.Content, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.statement == nil {
		return statement.Content{}, controllers.ErrNoStatements
	}
	return f.statement(query)
}

func (f *fakeGateways) Forget(types.NamespacedName) {}

func (f *fakeGateways) reads() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.count
}

// change alters what the gateways do.
func (f *fakeGateways) change(alter func(*fakeGateways)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	alter(f)
}

// fakeUpstream is an upstream that a test plays.
type fakeUpstream struct {
	mutex    sync.Mutex
	copies   map[string]*graph.UpstreamTemplate
	made     []string
	category string
	refuse   error
	down     bool
	next     int
	found    int
	// during is called, once, while the upstream makes a template, and asked while it is looked
	// for.
	during func()
	asked  func()
}

func newFakeUpstream() *fakeUpstream {
	return &fakeUpstream{copies: map[string]*graph.UpstreamTemplate{}, next: 5000}
}

var _ controllers.Upstream = (*fakeUpstream)(nil)

func (f *fakeUpstream) Find(
	_ context.Context, _ controllers.UpstreamAccess, name, language string,
) (*graph.UpstreamTemplate, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.found++
	happen(&f.asked)
	if f.down {
		return nil, errors.New("connection refused")
	}
	if found := f.copies[name+"/"+language]; found != nil {
		answer := *found
		return &answer, nil
	}
	return nil, nil
}

func (f *fakeUpstream) Create(
	_ context.Context, access controllers.UpstreamAccess, definition template.Definition,
) (graph.CreatedTemplate, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.made = append(f.made, "create "+definition.Name+" in "+access.BusinessAccountID)
	if f.refuse != nil {
		return graph.CreatedTemplate{}, f.refuse
	}
	f.next++
	made := &graph.UpstreamTemplate{Definition: definition, ID: strconv.Itoa(f.next), Status: graph.TemplatePending}
	if f.category != "" {
		made.Category = f.category
	}
	f.copies[definition.Name+"/"+definition.Language] = made
	happen(&f.during)
	return graph.CreatedTemplate{ID: made.ID, Status: made.Status, Category: made.Category}, nil
}

func (f *fakeUpstream) Edit(
	_ context.Context, _ controllers.UpstreamAccess, id string, edit template.Edit,
) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.made = append(f.made, "edit "+id)
	for _, known := range f.copies {
		if known.ID == id {
			known.Components, known.Status = edit.Definition.Components, graph.TemplatePending
		}
	}
	return f.refuse
}

func (f *fakeUpstream) Delete(_ context.Context, _ controllers.UpstreamAccess, name, id string) error {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.made = append(f.made, "delete "+name+" "+id)
	if f.refuse != nil {
		return f.refuse
	}
	for key, known := range f.copies {
		if known.ID == id {
			delete(f.copies, key)
		}
	}
	return nil
}

// happen makes something happen once.
func happen(once *func()) {
	if *once != nil {
		(*once)()
		*once = nil
	}
}

// change alters the upstream.
func (f *fakeUpstream) change(alter func(*fakeUpstream)) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	alter(f)
}

// looks is how often a template was looked for.
func (f *fakeUpstream) looks() int {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.found
}

// requests are the writes that the upstream has seen.
func (f *fakeUpstream) requests() []string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return append([]string(nil), f.made...)
}
