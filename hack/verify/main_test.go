package main

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/guichet-dev/guichet/internal/cli"
	"github.com/guichet-dev/guichet/internal/ledger"
	"github.com/guichet-dev/guichet/internal/money"
	"github.com/guichet-dev/guichet/internal/statement"
)

// guichet runs the command line.
func guichet(arguments ...string) (string, error) {
	var out strings.Builder
	command := cli.New()
	command.SetArgs(arguments)
	command.SetOut(&out)
	command.SetErr(&out)
	err := command.Execute()
	return out.String(), err
}

// month writes a ledger of so many messages and one later correction, its closed statement and the
// platform's key into a folder.
func month(t *testing.T, messages int) (folder string) {
	t.Helper()
	folder = t.TempDir()
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	head := ledger.Head{Hash: ledger.Genesis("ledger")}
	builder := statement.NewBuilder("2026-11", head, new(int64(0)), time.UTC)
	var lines strings.Builder
	for i := range messages + 1 {
		r := ledger.Record{
			Kind: ledger.Settlement, MessageID: fmt.Sprintf("m%d", i), SettledAt: at, DeliveredAt: at,
			AcceptedAt: at, Period: "2026-11", Plan: "whatsapp", Revision: "2026-10", Channel: "1065",
			Customer: ledger.Customer{1}, MessageKind: "template", Market: "France", Category: "utility",
			Currency: "USD", Cost: money.MustParse("0.02"), Charge: money.MustParse("0.03"),
		}
		switch i {
		case 0:
			r.FailedAt, r.DeliveredAt, r.FreeReason = at, time.Time{}, "undelivered"
			r.Cost, r.Charge = money.Decimal{}, money.Decimal{}
		case messages:
			r.Kind, r.MessageID, r.Corrects, r.CorrectedFreeReason = ledger.Correction, "m0", 1, "undelivered"
			r.Note = ledger.NoteDeliveredAfterAll
		}
		var entry ledger.Entry
		entry, head = head.Append(&r)
		if err := builder.Add(entry); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&lines, "{\"account\":\"ledger\",\"hash\":%q,\"record\":%s}\n", entry.Hash, entry.Canonical)
	}
	content, err := builder.Content(func(string) string { return "WhatsApp" })
	if err != nil {
		t.Fatal(err)
	}
	content.Ledger.ID = "ledger"
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	document := statement.Document{
		AccountName: "acme", DisplayName: "Café <Acme> & Söhne\u2028", TimeZone: "Europe/Paris", State: "Closed",
		AsOfTime: at, ClosedTime: &at, Content: content,
	}
	spec, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := statement.Sign(spec, private)
	if err != nil {
		t.Fatal(err)
	}
	document.Signature = &signature
	object, err := json.Marshal(map[string]any{"kind": "UsageStatement", "spec": document})
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{
		"ledger.jsonl": []byte(lines.String()), "statement.json": object,
		"key.pem": pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: encoded}),
	} {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

// receiptOf are the receipts of a message.
func receiptOf(t *testing.T, folder, message string) []byte {
	t.Helper()
	receipt, err := guichet("ledger", "receipt", message, "--jsonl", filepath.Join(folder, "ledger.jsonl"),
		"--statement", filepath.Join(folder, "statement.json"))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(receipt)
}

// both are the verdicts of the two programs.
func both(t interface{ Fatal(...any) }, folder string, receipt []byte) (independent, own error) {
	path := filepath.Join(folder, "receipt.jsonl")
	key, err := os.ReadFile(filepath.Join(folder, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, receipt, 0o600); err != nil {
		t.Fatal(err)
	}
	_, own = guichet("statement", "verify", path, "--keys", filepath.Join(folder, "key.pem"))
	return verify(receipt, key), own
}

func TestP5TwoProgramsTakeEveryReceipt(t *testing.T) {
	t.Parallel()
	for _, messages := range []int{1, 2, 3, 7, 8, 12} {
		folder := month(t, messages)
		for i := range messages {
			receipt := receiptOf(t, folder, fmt.Sprintf("m%d", i))
			if want := map[bool]int{true: 2, false: 1}[i == 0]; strings.Count(string(receipt), "\n") != want {
				t.Fatalf("message %d of %d has the receipts\n%swant %d", i, messages, receipt, want)
			}
			if independent, own := both(t, folder, receipt); independent != nil || own != nil {
				t.Fatalf("message %d of %d: %v; %v", i, messages, independent, own)
			}
		}
	}
}

// Whatever byte is another one: neither program takes the receipt, nor with another platform's key.
func TestP5TwoProgramsRefuseEveryTamperedReceipt(t *testing.T) {
	t.Parallel()
	folder := month(t, 7)
	receipt := receiptOf(t, folder, "m3")
	refused := func(t interface{ Fatal(...any) }, changed []byte) {
		if independent, own := both(t, folder, changed); independent == nil || own == nil {
			t.Fatal(fmt.Sprintf("it passes (%v; %v):\n%s", independent, own, changed))
		}
	}
	for at := range receipt {
		changed := slices.Clone(receipt)
		changed[at] ^= 0x20 // the other case of a letter
		refused(t, changed)
	}
	rapid.Check(t, func(t *rapid.T) {
		changed := slices.Clone(receipt)
		changed[rapid.IntRange(0, len(receipt)-1).Draw(t, "at")] ^= rapid.ByteRange(1, 255).Draw(t, "by")
		refused(t, changed)
	})
	refused(t, nil)
	refused(t, receipt[:len(receipt)-1])
	other := month(t, 7)
	refused(t, receiptOf(t, other, "m3"))
}
