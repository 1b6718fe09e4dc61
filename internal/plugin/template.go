package plugin

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/types"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/cluster"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

// templateView is what list shows of a MessageTemplate.
type templateView struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Account   string `json:"account"`
	Template  string `json:"template"`
	Language  string `json:"language"`
	Category  string `json:"category"`
	Upstream  string `json:"upstream,omitempty"`
	Quality   string `json:"quality,omitempty"`
	Ready     string `json:"ready"`
	Reason    string `json:"reason"`
	Message   string `json:"message,omitempty"`
}

func (p *plugin) newTemplate() *cobra.Command {
	command := &cobra.Command{
		Use:   "template",
		Short: "List templates, and decide on those that wait for an approver",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(
		p.newTemplateList(),
		p.newDecision("approve", "Let a template be submitted", v1alpha1.DecisionApproved),
		p.newDecision("reject", "Keep a template from being submitted", v1alpha1.DecisionRejected),
	)
	return command
}

func (p *plugin) newTemplateList() *cobra.Command {
	var as format
	var everywhere, waiting bool
	command := &cobra.Command{
		Use:               "list [ACCOUNT]",
		Short:             "List the templates of an account, or of the namespace",
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := as.check(); err != nil {
				return err
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			templates, err := c.Templates(cmd.Context(), everywhere)
			if err != nil {
				return err
			}
			views := []templateView{}
			for i := range templates {
				view := viewTemplate(&templates[i])
				ofAccount := len(arguments) == 0 || view.Account == arguments[0]
				if ofAccount && (!waiting || awaits(&templates[i])) {
					views = append(views, view)
				}
			}
			return p.show(cmd, as, views, func(s *screen.Screen) { layOutTemplates(s, views) })
		},
	}
	as.register(command)
	command.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "the templates of all namespaces")
	command.Flags().BoolVar(&waiting, "waiting", false, "those that wait for an approver alone")
	return command
}

func viewTemplate(template *v1alpha1.MessageTemplate) templateView {
	view := templateView{
		Namespace: template.Namespace, Name: template.Name, Account: template.Spec.AccountName,
		Template: template.Spec.Name, Language: template.Spec.Language, Category: template.Status.Category,
		Upstream: template.Status.UpstreamStatus, Quality: template.Status.Quality, Ready: "Unknown",
		Reason: v1alpha1.ReasonPending,
	}
	if view.Category == "" {
		view.Category = string(template.Spec.Category)
	}
	if ready := apimeta.FindStatusCondition(template.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		view.Ready, view.Reason, view.Message = string(ready.Status), ready.Reason, ready.Message
	}
	return view
}

// awaits tells whether a template waits for an approver.
func awaits(template *v1alpha1.MessageTemplate) bool {
	condition := apimeta.FindStatusCondition(template.Status.Conditions, v1alpha1.ConditionAccepted)
	return condition != nil && condition.Reason == v1alpha1.ReasonAwaitingApproval
}

func layOutTemplates(s *screen.Screen, views []templateView) {
	if len(views) == 0 {
		s.Line("There is no such MessageTemplate.")
		return
	}
	rows := make([][]screen.Cell, 0, len(views))
	for i := range views {
		view := &views[i]
		rows = append(rows, []screen.Cell{
			screen.Text(view.Namespace), screen.Text(view.Name), screen.Text(view.Account), screen.Text(view.Language),
			screen.Text(view.Category), screen.Text(view.Upstream), screen.Text(view.Ready), screen.Text(view.Reason),
		})
	}
	s.Table(0, []string{"NAMESPACE", "NAME", "ACCOUNT", "LANGUAGE", "CATEGORY", "UPSTREAM", "READY", "REASON"}, rows)
}

// maxReason is the greatest length of a reason; the schema has the same.
const maxReason = 512

func (p *plugin) newDecision(name, short string, decision v1alpha1.ReviewDecision) *cobra.Command {
	var reason, digest string
	command := &cobra.Command{
		Use:   name + " TEMPLATE [--reason TEXT]",
		Short: short,
		Long: short + `. What the template says is printed, and then decided on. The decision is refused if the
template is changed meanwhile.

To decide on what you have read before, and on nothing else, give the status.contentDigest that you
read as --digest. The ClusterRole guichet-template-approver is needed; whoever has it and decides
stands in the template's status.`,
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: p.completeTemplates,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if utf8.RuneCountInString(reason) > maxReason {
				return fmt.Errorf("--reason has more than %d characters", maxReason)
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			template := &v1alpha1.MessageTemplate{}
			key := types.NamespacedName{Namespace: c.Namespace, Name: arguments[0]}
			if err := c.Get(cmd.Context(), key, template); err != nil {
				return err
			}
			if digest != "" && template.Status.ContentDigest != digest {
				return fmt.Errorf(
					"template %q is not what you have read: its digest is %q", template.Name,
					template.Status.ContentDigest,
				)
			}
			if err := decide(cmd.Context(), c, template, decision, reason); err != nil {
				return err
			}
			s := screen.New(cmd.OutOrStdout(), p.Colour)
			s.Paragraph("", screen.Plain, template.Spec.Body.Text)
			s.Line(fmt.Sprintf(
				"%s %s/%s, as %s", decision, template.Namespace, template.Name, screen.Clean(template.Status.Review.By),
			))
			return s.Err()
		},
	}
	command.Flags().StringVar(&reason, "reason", "", "why, for people")
	command.Flags().StringVar(&digest, "digest", "", "the status.contentDigest of what you have read")
	return command
}

// decide writes a review of what the template says, in the name by which the API server knows us.
// It is an update of what was read: a template that has changed since refuses it.
func decide(
	ctx context.Context, c *cluster.Cluster, template *v1alpha1.MessageTemplate, decision v1alpha1.ReviewDecision,
	reason string,
) error {
	if template.Status.ContentDigest == "" {
		return fmt.Errorf("template %q waits for no approver", template.Name)
	}
	who := &authenticationv1.SelfSubjectReview{}
	if err := c.Create(ctx, who); err != nil {
		return fmt.Errorf("ask the API server for your user name: %w", err)
	}
	template.Status.Review = &v1alpha1.TemplateReview{
		Decision: decision, Digest: template.Status.ContentDigest, By: who.Status.UserInfo.Username, Reason: reason,
	}
	err := c.Status().Update(ctx, template)
	if apierrors.IsConflict(err) {
		return errors.New("the template was changed meanwhile: read it again")
	}
	return err
}
