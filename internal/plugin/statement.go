package plugin

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/guichet-dev/guichet/api/v1alpha1"
	"github.com/guichet-dev/guichet/internal/plugin/cluster"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
	"github.com/guichet-dev/guichet/internal/statement"
	"github.com/guichet-dev/guichet/internal/tenant/kube"
)

func (p *plugin) newStatement() *cobra.Command {
	command := &cobra.Command{
		Use:   "statement",
		Short: "List, verify and export the months' statements",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(p.newStatementList(), p.newStatementVerify(), p.newStatementExport())
	return command
}

// statementView is what list shows of a UsageStatement.
type statementView struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Account   string `json:"account"`
	Period    string `json:"period"`
	State     string `json:"state"`
	Due       string `json:"due,omitempty"`
	Currency  string `json:"currency,omitempty"`
	Messages  *int64 `json:"messages,omitempty"`
	Signed    bool   `json:"signed"`
}

func (p *plugin) newStatementList() *cobra.Command {
	var as format
	var everywhere bool
	command := &cobra.Command{
		Use: "list [ACCOUNT]", Short: "List the statements of an account, or of the namespace",
		Args: cobra.MaximumNArgs(1), ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := as.check(); err != nil {
				return err
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			within := client.InNamespace(c.Namespace)
			if everywhere {
				within = ""
			}
			list := &v1alpha1.UsageStatementList{}
			if err := c.List(cmd.Context(), list, within); err != nil {
				return err
			}
			views := []statementView{}
			for i := range list.Items {
				if spec := &list.Items[i].Spec; len(arguments) == 0 || spec.AccountName == arguments[0] {
					views = append(views, viewStatement(&list.Items[i]))
				}
			}
			return p.show(cmd, as, views, func(s *screen.Screen) { layOutStatements(s, views) })
		},
	}
	as.register(command)
	command.Flags().BoolVarP(&everywhere, "all-namespaces", "A", false, "the statements of all namespaces")
	return command
}

func viewStatement(object *v1alpha1.UsageStatement) statementView {
	spec := &object.Spec
	view := statementView{
		Namespace: object.Namespace, Name: object.Name, Account: spec.AccountName, Period: spec.Period,
		State: string(spec.State), Signed: spec.Signature != nil,
	}
	if len(spec.Totals) == 1 {
		total := spec.Totals[0]
		view.Due, view.Currency, view.Messages = string(total.Due), total.Currency, total.Messages
	}
	return view
}

func layOutStatements(s *screen.Screen, views []statementView) {
	if len(views) == 0 {
		s.Line("There is no such UsageStatement.")
		return
	}
	rows := make([][]screen.Cell, 0, len(views))
	for i := range views {
		view := &views[i]
		rows = append(rows, []screen.Cell{
			screen.Text(
				view.Namespace,
			), screen.Text(view.Name), screen.Text(view.State), screen.Number(number(view.Messages)),
			screen.Number(
				view.Due + " " + view.Currency,
			), screen.Text(map[bool]string{true: "yes", false: "no"}[view.Signed]),
		})
	}
	s.Table(0, []string{"NAMESPACE", "NAME", "STATE", "MESSAGES", "DUE", "SIGNED"}, rows)
}

func (p *plugin) newStatementVerify() *cobra.Command {
	operatorNamespace := defaultOperatorNamespace
	command := &cobra.Command{
		Use:   "verify STATEMENT",
		Short: "Check the platform's signature under a closed statement",
		Long: `Check the platform's signature under a closed statement, with the public keys of ConfigMap
guichet-statement-keys in the operator's namespace. guichet statement verify does it without the
cluster, with keys that you got from the platform.`,
		Args: cobra.ExactArgs(1), ValidArgsFunction: p.completeStatements,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			c, err := p.open()
			if err != nil {
				return err
			}
			spec, document, err := readStatement(cmd, c, arguments[0])
			if err != nil {
				return err
			}
			keys := &corev1.ConfigMap{}
			key := types.NamespacedName{Namespace: operatorNamespace, Name: kube.StatementKeysConfigMap}
			if err := c.Get(cmd.Context(), key, keys); err != nil {
				return fmt.Errorf("read the platform's public keys: %w", err)
			}
			if err := statement.VerifyWith(spec, keys.Data); err != nil {
				return fmt.Errorf("UsageStatement %s: %w", arguments[0], err)
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "The statement is good: %s of account %s is signed with key %s.\n",
				document.Period, document.AccountName, document.Signature.KeyID)
			return err
		},
	}
	command.Flags().StringVar(&operatorNamespace, "operator-namespace", operatorNamespace, "namespace of the operator")
	return command
}

func (p *plugin) newStatementExport() *cobra.Command {
	var as, output, provider string
	command := &cobra.Command{
		Use:   "export STATEMENT --format {csv|focus|html}",
		Short: "Write a statement as CSV, as FOCUS 1.2, or as a page that prints as one sheet",
		Args:  cobra.ExactArgs(1), ValidArgsFunction: p.completeStatements,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if formats := []string{"csv", "focus", "html"}; !slices.Contains(formats, as) {
				return fmt.Errorf("--format %.40q must be one of %s", as, strings.Join(formats, ", "))
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			_, document, err := readStatement(cmd, c, arguments[0])
			if err != nil {
				return err
			}
			write := func(out io.Writer) error {
				switch as {
				case "csv":
					return document.WriteCSV(out)
				case "focus":
					return document.WriteFOCUS(out, provider)
				}
				return document.WritePage(out, provider)
			}
			if output == "-" {
				return write(cmd.OutOrStdout())
			}
			return writeFile(output, write)
		},
	}
	flags := command.Flags()
	flags.StringVar(&as, "format", "", "csv, focus or html")
	flags.StringVarP(&output, "output", "o", "-", `file to write, "-" for the standard output`)
	flags.StringVar(&provider, "provider", "Guichet", "who sells the messages and sends the invoice")
	if err := command.MarkFlagRequired("format"); err != nil { // only if there is no such flag
		panic(err)
	}
	return command
}

// readStatement reads a UsageStatement: its spec as it was signed, and read.
func readStatement(cmd *cobra.Command, c *cluster.Cluster, name string) (json.RawMessage, *statement.Document, error) {
	object := &unstructured.Unstructured{} // every field is signed, known to this release or not
	object.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("UsageStatement"))
	key := types.NamespacedName{Namespace: c.Namespace, Name: name}
	if err := c.Get(cmd.Context(), key, object); err != nil {
		return nil, nil, err
	}
	spec, err := json.Marshal(object.Object["spec"])
	if err != nil {
		return nil, nil, err
	}
	document := &statement.Document{}
	if err := json.Unmarshal(spec, document); err != nil {
		return nil, nil, fmt.Errorf("UsageStatement %s: %w", name, err)
	}
	return spec, document, nil
}

// writeFile writes a file that only its owner reads. One that is not complete does not stay.
func writeFile(path string, write func(io.Writer) error) (err error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	if err = write(file); err == nil {
		return file.Close()
	}
	_ = file.Close()
	_ = os.Remove(path)
	return err
}
