package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

// Bounds of what a review may have; the schema has the same.
const (
	maxTemplate = 2 << 20
	maxReason   = 512
)

func newTemplateCommand() *cobra.Command {
	command := &cobra.Command{
		Use:   "template",
		Short: "Decide on a template that waits for an approver",
		Long: `Decide on a MessageTemplate that may not be submitted without an approver's decision.

Each command reads the template as JSON and prints it with the decision, for kubectl to write it.
Keep what you read in a file, and decide on that file:

  kubectl -n acme get messagetemplate thanks -o json > thanks.json
  guichet template approve --by "$(kubectl auth whoami -o jsonpath='{.status.userInfo.username}')" < thanks.json \
    | kubectl replace --subresource=status -f -

The API server refuses the decision if the template has changed since it was read.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	command.AddCommand(
		newDecision("approve", "Let the template be submitted", "Approved"),
		newDecision("reject", "Keep the template from being submitted", "Rejected"),
	)
	return command
}

func newDecision(name, short, decision string) *cobra.Command {
	var by, reason string
	command := &cobra.Command{
		Use:   name + " --by USER [--reason TEXT]",
		Short: short,
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			template, err := readTemplate(cmd.InOrStdin())
			if err != nil {
				return err
			}
			if utf8.RuneCountInString(reason) > maxReason {
				return fmt.Errorf("--reason has more than %d characters", maxReason)
			}
			if err := decide(template, decision, by, reason); err != nil {
				return err
			}
			return json.NewEncoder(cmd.OutOrStdout()).Encode(template)
		},
	}
	command.Flags().StringVar(&by, "by", "", "your user name, as the API server knows it (kubectl auth whoami)")
	command.Flags().StringVar(&reason, "reason", "", "why, for people")
	if err := command.MarkFlagRequired("by"); err != nil { // only if there is no such flag
		panic(err)
	}
	return command
}

func readTemplate(in io.Reader) (map[string]any, error) {
	object, err := readObject(in, maxTemplate)
	if err != nil {
		return nil, err
	}
	if object["kind"] != "MessageTemplate" {
		return nil, errors.New(
			"the input must be one MessageTemplate, in JSON: give this command what " +
				"`kubectl get messagetemplate NAME -o json` has printed",
		)
	}
	return object, nil
}

// decide writes a review of what the template says now.
func decide(template map[string]any, decision, by, reason string) error {
	status, _ := template["status"].(map[string]any)
	digest, _ := status["contentDigest"].(string)
	if digest == "" {
		return errors.New("the template has no status.contentDigest: nothing is to be decided on it")
	}
	review := map[string]any{"decision": decision, "digest": digest, "by": by}
	if reason != "" {
		review["reason"] = reason
	}
	status["review"] = review
	return nil
}
