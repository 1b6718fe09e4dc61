package plugin

import (
	"fmt"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/plugin/doctor"
	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

func (p *plugin) newDoctor() *cobra.Command {
	var as format
	var offline bool
	operatorNamespace := defaultOperatorNamespace
	command := &cobra.Command{
		Use:   "doctor [ACCOUNT]",
		Short: "Examine an account from end to end, and say what is wrong and what to do",
		Long: `Examine an account from end to end: the operator, the plan, Secrets, quotas, the volume, the
gateway's pods, its NetworkPolicy, certificates, the webhook URL, the upstream, clocks, money,
callbacks and templates. The cause comes first: the failure that the others may follow from.
Nothing is changed.

The exit code is 1 if something has failed. What your role does not let you read is named as not
checked.`,
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
			account, err := c.Account(cmd.Context(), oneName(arguments))
			if err != nil {
				return err
			}
			observer := doctor.Observer{Reader: c, OperatorNamespace: operatorNamespace, Web: p.web()}
			if offline {
				observer.Web = nil
			}
			observed := observer.Observe(cmd.Context(), account)
			observed.Now = p.now(c)
			if !p.still {
				observed.Behind, observed.ClockKnown = c.Skew()
			}
			result := doctor.Examine(observed)
			if err := p.show(cmd, as, &result, func(s *screen.Screen) { layOutExamination(s, &result) }); err != nil {
				return err
			}
			if result.Failed() {
				return ErrFound
			}
			return nil
		},
	}
	as.register(command)
	command.Flags().StringVar(&operatorNamespace, "operator-namespace", operatorNamespace, "namespace of the operator")
	command.Flags().BoolVar(&offline, "offline", false, "make no request to the webhook URL")
	return command
}

// defaultOperatorNamespace is where the shipped manifests put the operator.
const defaultOperatorNamespace = "guichet-system"

// web is what makes requests to the internet.
func (p *plugin) web() http.RoundTripper {
	if p.Web != nil {
		return p.Web
	}
	return http.DefaultTransport
}

// layOutExamination writes the cause, then what else was found, then what was well.
func layOutExamination(s *screen.Screen, e *doctor.Examination) {
	title := screen.Clean(e.Namespace + "/" + e.Account)
	outcome := fmt.Sprintf("%s, %s, %d not checked", counted(int64(e.Count(doctor.Failure)), "failure"),
		counted(int64(e.Count(doctor.Warning)), "warning"), e.Count(doctor.Unknown))
	s.Line(s.Paint(screen.Bold, title) + "   " + outcome)
	if e.Cause != nil {
		s.Title("CAUSE")
		layOutFinding(s, e.Cause)
	}
	heading := "ALSO"
	for _, level := range []doctor.Level{doctor.Failure, doctor.Warning} {
		for i := range e.Findings {
			finding := &e.Findings[i]
			if finding == e.Cause || finding.Level != level {
				continue
			}
			if heading != "" {
				s.Title(heading)
				heading = ""
			}
			layOutFinding(s, finding)
		}
	}
	if e.Count(doctor.Unknown) > 0 {
		s.Title("NOT CHECKED")
	}
	for i := range e.Findings {
		if finding := &e.Findings[i]; finding.Level == doctor.Unknown {
			text := finding.Where + ": " + finding.What
			s.Paragraph("  ? "+screen.Pad(finding.Check, checkColumns), screen.Dim, text)
		}
	}
	s.Title("WELL")
	for i := range e.Findings {
		if finding := &e.Findings[i]; finding.Level == doctor.OK {
			s.Line("  " + s.Paint(screen.Good, "✓") + " " + screen.Pad(finding.Check, checkColumns) + finding.What)
		}
	}
}

// checkColumns is the width of a check's name.
const checkColumns = 16

func layOutFinding(s *screen.Screen, finding *doctor.Finding) {
	sign, style := "✗", screen.Bad
	if finding.Level == doctor.Warning {
		sign, style = "!", screen.Warn
	}
	s.Line("  " + s.Paint(style, sign) + " " + screen.Pad(finding.Check, checkColumns) +
		screen.Fit(screen.Clean(finding.Where), screen.Columns-checkColumns-4))
	s.Paragraph("      ", screen.Plain, finding.What)
	if finding.Do != "" {
		s.Paragraph("      → ", screen.Accent, finding.Do)
	}
}
