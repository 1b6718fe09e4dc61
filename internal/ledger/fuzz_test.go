package ledger_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/guichet-dev/guichet/internal/ledger"
)

// Whatever is accepted as canonical must be exactly what the record that was read encodes to.
func FuzzParseCanonical(f *testing.F) {
	for _, entry := range chain(utility("wamid.A"), service("wamid.B"), undelivered("wamid.C")) {
		f.Add(entry.Canonical)
	}
	f.Add([]byte(`{"charge":"0","cost":"0","customer":"ab"}`))
	f.Add([]byte(`{"Charge":"0","cost":"0"}`))
	f.Add([]byte(`{"charge":"0","cost":"0","settledAt":"2026-11-20T12:00:03.500+01:00"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		record, err := ledger.ParseCanonical(text)
		if err != nil {
			return
		}
		if again := record.AppendCanonical(nil); !bytes.Equal(again, text) {
			t.Errorf("%q was accepted and encodes to %q", text, again)
		}
	})
}

// An export of any content is read to its end or refused with the number of a line.
func FuzzReadJSONLines(f *testing.F) {
	var export bytes.Buffer
	if err := ledger.WriteJSONLines(&export, accountUID, sequence(chain(utility("wamid.A")))); err != nil {
		f.Fatal(err)
	}
	f.Add(export.Bytes())
	f.Add([]byte(`{"account":"` + accountUID + `","hash":"sha256:é","record":{}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, err := range ledger.ReadJSONLines(bytes.NewReader(text), accountUID) {
			if err != nil && !strings.HasPrefix(err.Error(), "line ") {
				t.Errorf("error %v does not name its line", err)
			}
		}
	})
}
