package ledger_test

import (
	"bytes"
	"errors"
	"io"
	"iter"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/ledger"
)

func TestP5JSONLinesVerifyOffline(t *testing.T) {
	var export bytes.Buffer
	if err := ledger.WriteJSONLines(
		&export, accountUID, sequence(chain(utility("wamid.A"), service("wamid.B"))),
	); err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(export.String(), "\n")
	if want := `{"account":"5f0c5d8e-6c1f-4a0e-9d3a-0a4b6f1c2d3e","hash":"sha256:`; !strings.HasPrefix(first, want) {
		t.Errorf("the first line is %s; want it to begin with %s", first, want)
	}
	head, _, err := ledger.Verify(accountUID, ledger.ReadJSONLines(bytes.NewReader(export.Bytes()), accountUID))
	if err != nil || head.Sequence != 2 {
		t.Errorf("Verify of the export = sequence %d, %v; want 2 and no error", head.Sequence, err)
	}
	tampered := strings.Replace(export.String(), `"charge":"0.0335"`, `"charge":"0.0035"`, 1)
	var bad *ledger.VerifyError
	if _, _, err := ledger.Verify(
		accountUID, ledger.ReadJSONLines(strings.NewReader(tampered), accountUID),
	); !errors.As(err, &bad) || bad.Sequence != 1 {
		t.Errorf("Verify of a changed export = %v; want record 1 to be named", err)
	}
}

func TestReadJSONLinesNamesTheLine(t *testing.T) {
	var export bytes.Buffer
	if err := ledger.WriteJSONLines(&export, accountUID, sequence(chain(utility("wamid.A")))); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct{ line, want string }{
		"no JSON":         {"wamid.A;0.03\n", "line 2: it is no entry in JSON"},
		"another account": {`{"account":"b","hash":"sha256:00","record":{}}` + "\n", `line 2: it is of ledger "b"`},
		"short hash":      {`{"account":"` + accountUID + `","hash":"sha256:00","record":{}}` + "\n", "line 2: its hash must be"},
		"record no object": {
			`{"account":"` + accountUID + `","hash":"sha256:` + strings.Repeat("0", 64) + `","record":7}` + "\n",
			"line 2: its record is no JSON object",
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			_, _, err := ledger.Verify(
				accountUID, ledger.ReadJSONLines(strings.NewReader(export.String()+tc.line), accountUID),
			)
			if err == nil || !strings.HasPrefix(err.Error(), tc.want) {
				t.Errorf("error = %v; want %s…", err, tc.want)
			}
		})
	}
}

func TestCSVLiteral(t *testing.T) {
	judged := undelivered("wamid.B")
	judged.UpstreamVerdict = "free free_customer_service utility"
	entries := chain(utility("wamid.A"), judged)
	var export strings.Builder
	if err := ledger.WriteCSV(&export, sequence(entries)); err != nil {
		t.Fatal(err)
	}
	want := "sequence,kind,messageID,settledAt,acceptedAt,sentAt,deliveredAt,failedAt," +
		"period,plan,revision,channel,customer," +
		"messageKind,market,category,currency,listPrice,cost,charge,freeReason,tier,allowance,allowanceUsed," +
		"corrects,correctedFreeReason,note,hash,upstreamVerdict,owner,ownerName\n" +
		"1,settlement,wamid.A,2026-11-20T12:00:03.500Z,2026-11-20T12:00:00.000Z,2026-11-20T12:00:01.000Z,2026-11-20T12:00:02.000Z,,2026-11,whatsapp,2026-10,106540352242922," +
		"ab00000000000000000000000000000000000000000000000000000000000001,template,France,utility,USD,0.03,0.0285," +
		"0.0335,,1,,,,,," + entries[0].Hash.String() + ",,,\n" +
		"2,settlement,wamid.B,2026-11-20T12:00:04.000Z,,,,2026-11-20T12:00:03.000Z,2026-11,,,,,,,,USD,,0,0," +
		"undelivered,0,,,,,," + entries[1].Hash.String() + ",free free_customer_service utility,,\n"
	if got := export.String(); got != want {
		t.Errorf("CSV\n%s\nwant\n%s", got, want)
	}
}

// writer fails after some bytes.
type writer struct{ room int }

func (w *writer) Write(p []byte) (int, error) {
	if w.room -= len(p); w.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

var errFull = errors.New("no room")

func TestExportsReportAFullDisk(t *testing.T) {
	exports := map[string]func(io.Writer, iter.Seq2[ledger.Entry, error]) error{
		"JSON lines": func(w io.Writer, entries iter.Seq2[ledger.Entry, error]) error {
			return ledger.WriteJSONLines(w, accountUID, entries)
		},
		"CSV": ledger.WriteCSV,
		"CloudEvents": func(w io.Writer, entries iter.Seq2[ledger.Entry, error]) error {
			return ledger.WriteCloudEvents(w, accountUID, entries)
		},
	}
	for name, export := range exports {
		t.Run(name, func(t *testing.T) {
			if err := export(&writer{room: 10}, sequence(chain(utility("wamid.A")))); !errors.Is(err, errFull) {
				t.Errorf("export = %v; want the writer's error", err)
			}
		})
	}
}
