package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/ledger"
)

func TestExportFormats(t *testing.T) {
	path := ledgerFile(t, sample()...)
	tests := map[string]struct {
		arguments []string
		want      []string // what each line begins with
	}{
		"jsonl": {
			[]string{"jsonl"},
			[]string{`{"account":"` + ledgerAccount + `","hash":"` + sampleHash1, `{"account":`, `{"account":`},
		},
		"csv": {[]string{"csv", "--period", "2026-12"}, []string{"sequence,kind,", "3,settlement,m3,"}},
		"cloudevents": {
			[]string{"cloudevents", "--from", "2026-11-20T12:00:00Z", "--to", "2026-12-01T13:00:00+01:00"},
			[]string{`{"specversion":"1.0","id":"2","source":"urn:guichet:ledger:` + ledgerAccount + `"`},
		},
		"focus": {
			[]string{
				"focus", "--time-zone", "Europe/Paris", "--account-name", "Acme", "--provider", "Example", "--period",
				"2026-12",
			},
			[]string{
				"BilledCost,BillingAccountId,",
				"0.03," + ledgerAccount + ",Acme,USD,2026-12-31T23:00:00Z,2026-11-30T23:00:00Z,Usage,," +
					"utility template to France,",
			},
		},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			arguments := append([]string{"ledger", "export", "--store", path, "--format"}, tc.arguments...)
			printed, err := run(t, arguments...)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
			if len(lines) != len(tc.want) {
				t.Fatalf("%d lines; want %d:\n%s", len(lines), len(tc.want), printed)
			}
			for i, want := range tc.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d is\n%s\nwant\n%s…", i+1, lines[i], want)
				}
			}
			file := filepath.Join(t.TempDir(), "export")
			if out, err := run(t, append(arguments, "-o", file)...); err != nil || out != "" {
				t.Fatalf("got %v, %s", err, out)
			}
			if got := read(t, file); got != printed {
				t.Errorf("the file holds\n%s\nwant\n%s", got, printed)
			}
		})
	}
}

func TestAnExportIsASourceToo(t *testing.T) {
	path := ledgerFile(t, sample()...)
	export, err := run(t, "ledger", "export", "--format", "jsonl", "--store", path)
	if err != nil {
		t.Fatal(err)
	}
	fromStore, err := run(t, "ledger", "export", "--format", "cloudevents", "--store", path)
	if err != nil {
		t.Fatal(err)
	}
	var fromExport strings.Builder
	command := New()
	command.SetIn(strings.NewReader(export))
	command.SetOut(&fromExport)
	command.SetArgs([]string{"ledger", "export", "--format", "cloudevents", "--jsonl", "-"})
	if err := command.Execute(); err != nil || fromExport.String() != fromStore {
		t.Errorf("got %v\n%s\nwant\n%s", err, fromExport.String(), fromStore)
	}
}

func TestAFailedExportLeavesNoFile(t *testing.T) {
	path := ledgerFile(t, sample()...)
	tamper(t, path, `UPDATE ledger SET record = '{}' WHERE sequence = 3`)
	directory := t.TempDir()
	_, err := run(
		t, "ledger", "export", "--format", "csv", "--store", path, "-o", filepath.Join(directory, "export.csv"),
	)
	if err == nil || !strings.Contains(err.Error(), "record 3: ") {
		t.Errorf("got %v; want record 3 to be named", err)
	}
	if left, err := os.ReadDir(directory); err != nil || len(left) != 0 {
		t.Errorf("left %v, %v", left, err)
	}
}

// names returns the files beside a store.
func names(t *testing.T, path string) string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return strings.Join(names, " ")
}

// counted is a writer that remembers only how much it was given, and the most memory that was in
// use meanwhile.
type counted struct {
	bytes int64
	heap  uint64
}

func (c *counted) Write(p []byte) (int, error) {
	before := c.bytes >> 20
	if c.bytes += int64(len(p)); c.bytes>>20 != before {
		var memory runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&memory)
		c.heap = max(c.heap, memory.HeapAlloc)
	}
	return len(p), nil
}

// many returns as many charges.
func many(records int) []ledger.Record {
	list := make([]ledger.Record, records)
	for i := range list {
		list[i] = sample()[0]
		list[i].MessageID = "m" + strconv.Itoa(i)
	}
	return list
}

func TestExportTakesConstantMemory(t *testing.T) {
	path := ledgerFile(t, many(20_000)...)
	out := &counted{}
	command := New()
	command.SetOut(out)
	command.SetArgs([]string{"ledger", "export", "--format", "cloudevents", "--store", path})
	var before runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	if err := command.Execute(); err != nil {
		t.Fatal(err)
	}
	if out.bytes < 10<<20 {
		t.Fatalf("only %d bytes were exported", out.bytes)
	}
	if grown := int64(out.heap) - int64(before.HeapAlloc); grown > 4<<20 {
		t.Errorf("exporting %d MiB took %d KiB of heap; want 4 MiB at most", out.bytes>>20, grown>>10)
	}
}
