package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/civil"
	"github.com/guichet-dev/guichet/internal/pricing"
)

func newPlan() *cobra.Command {
	plan := &cobra.Command{Use: "plan", Short: "Work on PricingPlans"}
	plan.AddCommand(newPlanCheck(), newPlanImport())
	return plan
}

// planObject is a PricingPlan as a file has it.
type planObject struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   map[string]any `json:"metadata"`
	Spec       pricing.Plan   `json:"spec"`
	Status     map[string]any `json:"status,omitempty"`
}

// maxPlan bounds a plan's file, in bytes.
const maxPlan = 4 << 20

// readPlan reads a file with one PricingPlan, in YAML or JSON. An unknown field is an error.
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
		return pricing.Plan{}, fmt.Errorf(
			"%s: must hold one PricingPlan of guichet.dev, but holds kind %.40q of %.40q", path, object.Kind,
			object.APIVersion,
		)
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
	var since string
	command := &cobra.Command{
		Use:   "check FILE [--since YYYY-MM-DD]",
		Short: "Check a PricingPlan and list the markets without a rate",
		Long: `Check a PricingPlan and list the markets without a rate.

A market without a rate is an error, because its messages would be unpriced. Gaps in revisions that
ended before --since are history: they are listed as notes on the standard error.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := sinceDay(since, time.Now())
			if err != nil {
				return err
			}
			book, err := readBook(args[0])
			if err != nil {
				return err
			}
			return printGaps(cmd, book, day)
		},
	}
	command.Flags().StringVar(
		&since, "since", "", "first day whose gaps are errors, YYYY-MM-DD (default today, in UTC)",
	)
	return command
}

// sinceDay parses --since, which is today by default.
func sinceDay(since string, now time.Time) (civil.Date, error) {
	if since == "" {
		return civil.DateAt(now.Unix(), time.UTC), nil
	}
	day, err := civil.ParseDate(since)
	if err != nil {
		return 0, fmt.Errorf("--since: %w", err)
	}
	return day, nil
}

// printGaps prints the plan's gaps: as errors from a day on, before it as notes.
func printGaps(cmd *cobra.Command, book *pricing.Book, since civil.Date) error {
	gaps, earlier := book.Check(since)
	for _, gap := range earlier {
		if _, err := fmt.Fprintln(cmd.ErrOrStderr(), "note:", gap); err != nil {
			return err
		}
	}
	for _, gap := range gaps {
		if _, err := fmt.Fprintln(cmd.OutOrStdout(), gap); err != nil {
			return err
		}
	}
	if len(gaps) > 0 {
		return errGaps
	}
	complete := "The plan can be used, and every market has its rates"
	if len(earlier) > 0 {
		complete += fmt.Sprintf(" on %s and later", since)
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), complete)
	return err
}
