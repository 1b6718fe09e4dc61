package plugin

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/plugin/screen"
)

// booksView is what a gateway shows a business of its ledger.
type booksView struct {
	AsOf     time.Time     `json:"as_of"`
	Sequence int64         `json:"sequence"`
	Hash     string        `json:"hash,omitempty"`
	Records  []booksRecord `json:"records"`
}

type booksRecord struct {
	Sequence   int64     `json:"sequence"`
	Kind       string    `json:"kind"`
	MessageID  string    `json:"message_id,omitempty"`
	SettledAt  time.Time `json:"settled_at"`
	Market     string    `json:"market,omitempty"`
	Category   string    `json:"category,omitempty"`
	Currency   string    `json:"currency,omitempty"`
	Charge     string    `json:"charge"`
	FreeReason string    `json:"free_reason,omitempty"`
	Corrects   int64     `json:"corrects,omitempty"`
	Hash       string    `json:"hash"`
}

// maxRecords is as many records as a gateway shows.
const maxRecords = 100

func (p *plugin) newLedger() *cobra.Command {
	var as format
	records := 20
	command := &cobra.Command{
		Use:   "ledger [ACCOUNT]",
		Short: "Show the latest records of an account's ledger",
		Long: `Show the head of an account's ledger and its latest records, as its gateway shows them to the
business. guichet ledger verifies, sums and exports a whole one (docs/ledger.md).`,
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: p.completeAccounts,
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if err := as.check(); err != nil {
				return err
			}
			if records < 0 || records > maxRecords {
				return fmt.Errorf("--records must be a number from 0 to %d", maxRecords)
			}
			c, err := p.open()
			if err != nil {
				return err
			}
			desk, err := p.desk(cmd.Context(), c, oneName(arguments), "")
			if err != nil {
				return err
			}
			var view booksView
			path := fmt.Sprintf("books?records=%d", records)
			if err := desk.Call(cmd.Context(), http.MethodGet, desk.id(), path, nil, &view); err != nil {
				return err
			}
			return p.show(cmd, as, view, view.layOut)
		},
	}
	as.register(command)
	command.Flags().IntVar(&records, "records", records, "how many records, 100 at most")
	return command
}

func (v *booksView) layOut(s *screen.Screen) {
	s.Line(fmt.Sprintf("%s, head %s", counted(v.Sequence, "record"), screen.Clean(v.Hash)))
	if len(v.Records) == 0 {
		return
	}
	rows := make([][]screen.Cell, 0, len(v.Records))
	for i := range v.Records {
		record := &v.Records[i]
		what := record.FreeReason
		if record.Corrects > 0 {
			what = fmt.Sprintf("corrects %d", record.Corrects)
		}
		rows = append(rows, []screen.Cell{
			screen.Number(fmt.Sprint(record.Sequence)), screen.Text(record.SettledAt.UTC().Format(time.DateTime)),
			screen.Text(record.Kind), screen.Text(record.Category), screen.Text(record.Market),
			screen.Number(record.Charge + " " + record.Currency), screen.Text(what),
		})
	}
	s.Line("")
	s.Table(0, []string{"NUMBER", "SETTLED (UTC)", "KIND", "CATEGORY", "MARKET", "CHARGE", "FREE BECAUSE"}, rows)
}
