package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/pricing"
)

func newPlan() *cobra.Command {
	plan := &cobra.Command{Use: "plan", Short: "Work on PricingPlans"}
	plan.AddCommand(newPlanCheck(), newPlanImport())
	return plan
}

// planObject is a PricingPlan as it stands in a file.
type planObject struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       pricing.Plan   `json:"spec"`
	Status     map[string]any `json:"status,omitempty"`
}

// maxPlan bounds a plan's file, in bytes.
const maxPlan = 4 << 20

// readPlan reads a file that holds one PricingPlan, in YAML or JSON. A field that a plan does not have is an error.
func readPlan(path string) (pricing.Plan, error) {
	file, err := os.Open(path)
	if err != nil {
		return pricing.Plan{}, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxPlan+1))
	if err != nil {
		return pricing.Plan{}, err
	}
	if len(text) > maxPlan {
		return pricing.Plan{}, fmt.Errorf("%s: must be smaller than %d bytes", path, maxPlan)
	}
	document, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		return pricing.Plan{}, fmt.Errorf("%s: %w", path, err)
	}
	var object planObject
	unknown, err := json.UnmarshalStrict(document, &object)
	switch {
	case err != nil:
		return pricing.Plan{}, fmt.Errorf("%s: %w", path, err)
	case object.Kind != "PricingPlan" || !strings.HasPrefix(object.APIVersion, "guichet.dev/"):
		return pricing.Plan{}, fmt.Errorf("%s: must hold one PricingPlan of guichet.dev, and holds kind %.40q of %.40q", path, object.Kind, object.APIVersion)
	case len(unknown) > 0:
		return pricing.Plan{}, fmt.Errorf("%s: %w", path, errors.Join(unknown...))
	}
	return object.Spec, nil
}

// readBook reads and compiles a plan.
func readBook(path string) (*pricing.Book, error) {
	plan, err := readPlan(path)
	if err != nil {
		return nil, err
	}
	book, err := pricing.Compile(plan)
	if err != nil {
		return nil, fmt.Errorf("%s: the plan cannot be used:\n%w", path, err)
	}
	return book, nil
}

// errGaps makes the program end with an error after it has listed the gaps.
var errGaps = errors.New("the plan has gaps: messages of these markets would be unpriced")

func newPlanCheck() *cobra.Command {
	return &cobra.Command{
		Use:   "check FILE",
		Short: "Check a PricingPlan and list the markets without a rate",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			book, err := readBook(args[0])
			if err != nil {
				return err
			}
			gaps := book.Check()
			for _, gap := range gaps {
				if _, err := fmt.Fprintln(cmd.OutOrStdout(), gap); err != nil {
					return err
				}
			}
			if len(gaps) > 0 {
				return errGaps
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "The plan can be used, and every market has its rates")
			return err
		},
	}
}
