package plugin

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/bundle"
	"github.com/guichet-dev/guichet/internal/plugin/cluster"
	"github.com/guichet-dev/guichet/internal/plugin/doctor"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
	"github.com/guichet-dev/guichet/internal/version"
)

func (p *plugin) newReport() *cobra.Command {
	operatorNamespace, output := defaultOperatorNamespace, ""
	command := &cobra.Command{
		Use:   "report [ACCOUNT]",
		Short: "Write an archive for a bug report, without secrets, numbers or texts",
		Long: `Write an archive for a bug report: what status and doctor say, the account, its plan's name, its
templates by name and condition, its gateway's objects, events, and the last lines of the logs.

No Secret's value, telephone number, message id or text of a message or template is in it. Look
through it all the same before you send it.`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			c, err := p.open()
			if err != nil {
				return err
			}
			account, err := c.Account(cmd.Context(), oneName(arguments))
			if err != nil {
				return err
			}
			observer := doctor.Observer{Reader: c, OperatorNamespace: operatorNamespace}
			observed := observer.Observe(cmd.Context(), account)
			observed.Now = p.now(c)
			folder := "guichet-report-" + account.Namespace + "-" + account.Name
			if output == "" {
				output = folder + ".tar.gz"
			}
			files := p.reportFiles(cmd.Context(), c, observed)
			redactor := bundle.NewRedactor(secretsOf(observed), idsOf(account))
			err = writeFile(output, func(out io.Writer) error {
				return bundle.Write(out, folder, files, redactor, p.now(c))
			})
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(
				cmd.OutOrStdout(), "%s has %d files. Look through it before you send it.\n", output, len(files),
			)
			return err
		},
	}
	command.Flags().StringVar(&operatorNamespace, "operator-namespace", operatorNamespace, "namespace of the operator")
	command.Flags().StringVarP(
		&output, "output", "o", "", "file to write (default guichet-report-NAMESPACE-ACCOUNT.tar.gz)",
	)
	return command
}

// secretsOf are the values of the account's Secrets, as far as they could be read.
func secretsOf(observed *doctor.Observation) (values [][]byte) {
	for _, secret := range observed.Secrets {
		if secret.Found {
			values = slices.AppendSeq(values, maps.Values(secret.Object.Data))
		}
	}
	return values
}

// idsOf are the Graph API's ids of the business itself, which a report may show.
func idsOf(account *v1alpha1.BusinessAccount) []string {
	ids := []string{account.Spec.WhatsAppBusinessAccountID, account.Spec.PortfolioID}
	for i := range account.Spec.Channels {
		ids = append(ids, account.Spec.Channels[i].Identity().ID, account.Spec.Channels[i].AdAccountID)
	}
	return ids
}

// reportFiles are the archive's files. What could not be read says so in its place.
func (p *plugin) reportFiles(ctx context.Context, c *cluster.Cluster, observed *doctor.Observation) []bundle.File {
	account := observed.Account
	status, examination := &bytes.Buffer{}, &bytes.Buffer{}
	view := viewStatus(account, observed.Now)
	view.DisplayName = ""
	view.layOut(screen.New(status, false), observed.Now)
	found := doctor.Examine(observed)
	for i := range found.Findings { // what is said of a template may quote its text
		if finding := &found.Findings[i]; finding.Check == doctor.CheckTemplates {
			finding.What, _, _ = strings.Cut(finding.What, ": ")
		}
	}
	layOutExamination(screen.New(examination, false), &found)
	files := []bundle.File{
		{Name: "version.txt", Text: version.Line("kubectl-guichet") + "\n"},
		{Name: "status.txt", Text: status.String()},
		{Name: "doctor.txt", Text: examination.String()},
		{Name: "account.yaml", Text: inYAML(shownAccount(account))},
		{Name: "templates.yaml", Text: inYAML(shownTemplates(observed.Templates.Object))},
		{Name: "secrets.yaml", Text: inYAML(shownSecrets(observed))},
		{Name: "events.yaml", Text: readEvents(ctx, c, account)},
	}
	files = append(files,
		bundle.File{Name: "deployment.yaml", Text: inYAML(shownObject(observed.Deployment))},
		bundle.File{Name: "claim.yaml", Text: inYAML(shownObject(observed.Claim))},
		bundle.File{Name: "networkpolicy.yaml", Text: inYAML(shownObject(observed.NetworkPolicy))},
	)
	for i := range observed.Pods.Object {
		pod := &observed.Pods.Object[i]
		files = append(files,
			bundle.File{Name: "pod-" + pod.Name + ".yaml", Text: inYAML(bare(pod))},
			bundle.File{Name: "log-" + pod.Name + ".txt", Text: readLog(ctx, c, *pod, kube.ContainerName)},
		)
	}
	files = append(files, operatorFiles(ctx, c, observed.OperatorNamespace)...)
	slices.SortFunc(files, func(a, b bundle.File) int { return strings.Compare(a.Name, b.Name) })
	return files
}

// operatorFiles are the logs of the operator's pods, if they may be read.
func operatorFiles(ctx context.Context, c *cluster.Cluster, namespace string) (files []bundle.File) {
	pods := &corev1.PodList{}
	labels := client.MatchingLabels{"app.kubernetes.io/name": "guichet-operator"}
	if err := c.List(ctx, pods, client.InNamespace(namespace), labels); err != nil {
		return []bundle.File{{Name: "log-operator.txt", Text: err.Error() + "\n"}}
	}
	for i := range pods.Items {
		files = append(files, bundle.File{
			Name: "log-" + pods.Items[i].Name + ".txt", Text: readLog(ctx, c, pods.Items[i], ""),
		})
	}
	return files
}

// readLog returns the end of a pod's log.
func readLog(ctx context.Context, c *cluster.Cluster, pod corev1.Pod, container string) string {
	const lines, size = int64(2000), int64(1 << 20)
	tail, limit := lines, size
	var log bytes.Buffer
	options := &corev1.PodLogOptions{Container: container, TailLines: &tail, LimitBytes: &limit}
	if err := printLogs(ctx, c, []corev1.Pod{pod}, options, &log); err != nil {
		fmt.Fprintf(&log, "The log could not be read: %v\n", err)
	}
	return log.String()
}

// shownAccount is an account without what people see: what it is called, and a page's profile.
func shownAccount(account *v1alpha1.BusinessAccount) any {
	shown := account.DeepCopy()
	shown.ManagedFields, shown.Annotations = nil, nil
	shown.Spec.DisplayName, shown.Status.TemplateRequests = "", nil
	for i := range shown.Spec.Channels {
		shown.Spec.Channels[i].Profile = nil
		shown.Spec.Channels[i].BaseURL = withoutQuery(shown.Spec.Channels[i].BaseURL)
	}
	if shown.Spec.Callback != nil {
		shown.Spec.Callback.URL = withoutQuery(shown.Spec.Callback.URL)
	}
	return shown
}

// withoutQuery drops what may hold a token: the user and the query of a URL.
func withoutQuery(address string) string {
	address, _, _ = strings.Cut(address, "?")
	scheme, rest, found := strings.Cut(address, "://")
	if !found {
		return address
	}
	if _, host, found := strings.Cut(rest, "@"); found {
		rest = host
	}
	return scheme + "://" + rest
}

// shownTemplates are templates without their texts, which conditions and findings may quote.
func shownTemplates(templates []v1alpha1.MessageTemplate) any {
	shown := make([]map[string]any, 0, len(templates))
	for i := range templates {
		conditions := map[string]string{}
		for _, condition := range templates[i].Status.Conditions {
			conditions[condition.Type] = string(condition.Status) + " " + condition.Reason
		}
		rules := []string{}
		for _, finding := range templates[i].Status.Findings {
			rules = append(rules, string(finding.Severity)+" "+finding.Rule)
		}
		shown = append(shown, map[string]any{
			"name": templates[i].Name, "language": templates[i].Spec.Language, "category": templates[i].Spec.Category,
			"conditions": conditions, "findings": rules, "upstreamStatus": templates[i].Status.UpstreamStatus,
		})
	}
	return shown
}

// shownSecrets are the names and the sizes of what the account's Secrets have.
func shownSecrets(observed *doctor.Observation) any {
	shown := map[string]any{}
	for name, secret := range observed.Secrets {
		switch {
		case secret.Err != nil:
			shown[name] = secret.Err.Error()
		case secret.Absent():
			shown[name] = "not there"
		default:
			sizes := map[string]int{}
			for key, value := range secret.Object.Data {
				sizes[key] = len(value)
			}
			shown[name] = sizes
		}
	}
	return shown
}

// shownObject is an object as far as it was found.
func shownObject[T client.Object](seen doctor.Seen[T]) any {
	switch {
	case seen.Err != nil:
		return seen.Err.Error()
	case !seen.Found:
		return "not there"
	}
	return bare(seen.Object)
}

// bare is an object without who wrote what of it, without notes of whoever applied it, and without
// the environment of its containers, where somebody may have put a secret.
func bare(object client.Object) client.Object {
	object.SetManagedFields(nil)
	object.SetAnnotations(nil)
	switch object := object.(type) {
	case *corev1.Pod:
		hideEnvironment(&object.Spec)
	case *appsv1.Deployment:
		object.Spec.Template.Annotations = nil
		hideEnvironment(&object.Spec.Template.Spec)
	}
	return object
}

func hideEnvironment(spec *corev1.PodSpec) {
	for _, containers := range [][]corev1.Container{spec.InitContainers, spec.Containers} {
		for i := range containers {
			for k := range containers[i].Env {
				containers[i].Env[k].Value = ""
			}
		}
	}
}

// readEvents lists the events about the account and its gateway.
func readEvents(ctx context.Context, c *cluster.Cluster, account *v1alpha1.BusinessAccount) string {
	list := &eventsv1.EventList{}
	if err := c.List(ctx, list, client.InNamespace(account.Namespace)); err != nil {
		return err.Error() + "\n"
	}
	shown := []string{}
	for i := range list.Items {
		event := &list.Items[i]
		if event.Regarding.Kind == "MessageTemplate" || !strings.HasPrefix(event.Regarding.Name, account.Name) {
			continue // what is said of a template may quote its text
		}
		shown = append(shown, fmt.Sprintf("%s %s %s/%s %s: %s", event.EventTime.UTC().Format("2006-01-02T15:04:05Z"),
			event.Type, event.Regarding.Kind, event.Regarding.Name, event.Reason, event.Note))
	}
	slices.Sort(shown)
	return inYAML(shown)
}

func inYAML(object any) string {
	text, err := yaml.Marshal(object)
	if err != nil {
		return err.Error() + "\n"
	}
	return string(text)
}
