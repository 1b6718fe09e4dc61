// Command verify checks receipts of Guichet's ledger without a line of Guichet's code, from what
// docs/ledger.md says alone:
//
//	go run ./hack/verify receipt.jsonl key.pem
//
// It ends with code 0 only if every line is a receipt whose record is in a statement that the key
// has signed.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "verify:", err)
		os.Exit(1)
	}
	fmt.Println("The receipts are good.")
}

func run(arguments []string) error {
	if len(arguments) != 2 {
		return errors.New("usage: verify RECEIPTS KEY.pem")
	}
	receipts, err := os.ReadFile(arguments[0])
	if err != nil {
		return err
	}
	key, err := os.ReadFile(arguments[1])
	if err != nil {
		return err
	}
	return verify(receipts, key)
}

// verify checks receipts, one a line.
func verify(receipts, keyPEM []byte) error {
	block, _ := pem.Decode(keyPEM)
	if block == nil {
		return errors.New("the key is not in PEM")
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return err
	}
	key, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return errors.New("the key is none of Ed25519")
	}
	lines := bytes.SplitAfter(receipts, []byte("\n"))
	if len(lines) < 2 || len(lines[len(lines)-1]) != 0 {
		return errors.New("there are no receipts, or the last one is cut off")
	}
	for i, line := range lines[:len(lines)-1] {
		if err := verifyReceipt(line, key); err != nil {
			return fmt.Errorf("receipt %d: %w", i+1, err)
		}
	}
	return nil
}

func verifyReceipt(line []byte, key ed25519.PublicKey) error {
	var receipt map[string]any
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.UseNumber()
	if err := decoder.Decode(&receipt); err != nil {
		return err
	}
	if canonical(receipt)+"\n" != string(line) || len(receipt) != 4 {
		return errors.New("it is not in its canonical form")
	}
	statement, _ := receipt["statement"].(map[string]any)
	if err := verifySignature(statement, key); err != nil {
		return err
	}
	ledger, _ := statement["ledger"].(map[string]any)
	record, _ := receipt["record"].(string)
	path, _ := receipt["path"].([]any)
	leaf := sha256.Sum256(append([]byte{0}, record...))
	root, err := walk(leaf, number(receipt["index"]), number(ledger["records"]), path)
	if err != nil {
		return err
	}
	if "sha256:"+hex.EncodeToString(root[:]) != ledger["root"] {
		return errors.New("the record does not lead to the signed root")
	}
	return nil
}

// verifySignature checks the signature over the statement without its member "signature".
func verifySignature(statement map[string]any, key ed25519.PublicKey) error {
	signature, _ := statement["signature"].(map[string]any)
	id := sha256.Sum256(key)
	if signature["algorithm"] != "Ed25519" || signature["keyID"] != hex.EncodeToString(id[:8]) {
		return errors.New("the statement is not signed with this key")
	}
	text, _ := signature["value"].(string)
	value, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return err
	}
	unsigned := maps.Clone(statement)
	delete(unsigned, "signature")
	if !ed25519.Verify(key, []byte("guichet statement 1\n"+canonical(unsigned)), value) {
		return errors.New("the signature is not that of the statement")
	}
	return nil
}

// walk follows the path from a leaf to the root: RFC 9162, section 2.1.3.2.
func walk(hash [32]byte, index, leaves int64, path []any) ([32]byte, error) {
	bad := errors.New("the path is none of such a tree")
	if index < 0 || index >= leaves {
		return hash, bad
	}
	last := leaves - 1
	for _, step := range path {
		text, _ := step.(string)
		digits, found := strings.CutPrefix(text, "sha256:")
		beside, err := hex.DecodeString(digits)
		if !found || err != nil || len(beside) != 32 || hex.EncodeToString(beside) != digits || last == 0 {
			return hash, bad
		}
		if index%2 == 1 || index == last {
			hash = sha256.Sum256(slices.Concat([]byte{1}, beside, hash[:]))
			for index%2 == 0 && index != 0 {
				index, last = index/2, last/2
			}
		} else {
			hash = sha256.Sum256(slices.Concat([]byte{1}, hash[:], beside))
		}
		index, last = index/2, last/2
	}
	if last != 0 {
		return hash, bad
	}
	return hash, nil
}

func number(value any) int64 {
	text, _ := value.(json.Number)
	n, err := strconv.ParseInt(string(text), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// canonical writes JSON in the scheme of RFC 8785, for whole numbers.
func canonical(value any) string {
	var parts []string
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			parts = append(parts, canonical(name)+":"+canonical(member))
		}
		slices.Sort(parts)
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		for _, item := range v {
			parts = append(parts, canonical(item))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case string:
		return quoted(v)
	}
	return fmt.Sprint(value)
}

func quoted(text string) string {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\t': `\t`, '\n': `\n`, '\f': `\f`, '\r': `\r`}
	b := []byte{'"'}
	for _, c := range text {
		switch escape, has := short[c]; {
		case has:
			b = append(b, escape...)
		case c < ' ':
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = utf8.AppendRune(b, c)
		}
	}
	return string(append(b, '"'))
}
