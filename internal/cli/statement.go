package cli

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/guichet-dev/guichet/internal/statement"
)

func newStatement() *cobra.Command {
	command := &cobra.Command{
		Use:   "statement",
		Short: "Verify and export a month's statement, offline",
		Long: `Verify and export a month's statement, offline.

A statement is read from what "kubectl get usagestatement NAME -o yaml" (or -o json) prints.`,
	}
	command.AddCommand(newStatementVerify(), newStatementExport())
	return command
}

func newStatementVerify() *cobra.Command {
	var keys string
	command := &cobra.Command{
		Use:   "verify FILE --keys FILE",
		Short: "Check the platform's signature under a closed statement, or under the statement of a receipt",
		Long: `Check the platform's signature under a closed statement. FILE is "-" for the standard input. Of receipts,
as "guichet ledger receipt" prints them, it is checked too that their records are in the statement.

The keys are a public key in PEM, or what "kubectl get configmap guichet-statement-keys -o yaml" prints in the
operator's namespace. Get them from the platform, not from whoever shows the statement.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			known, err := readKeys(keys)
			if err != nil {
				return err
			}
			text, err := readFile(arguments[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			says, err := verifyStatement(text, known)
			if err != nil {
				return fmt.Errorf("%s: %w", arguments[0], err)
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), says)
			return err
		},
	}
	command.Flags().StringVar(&keys, "keys", "", "file with the platform's public keys")
	if err := command.MarkFlagRequired("keys"); err != nil {
		panic(err)
	}
	return command
}

// verifyStatement checks a statement, or receipts, one JSON object each.
func verifyStatement(text []byte, keys map[string]string) (says string, err error) {
	if bytes.HasPrefix(text, []byte(statement.ReceiptPrefix)) {
		receipts, err := statement.ReadReceipts(text)
		if err != nil {
			return "", err
		}
		for i := range receipts {
			if err := receipts[i].Verify(keys); err != nil {
				return "", err
			}
		}
		return fmt.Sprintf("Good: %d records are in the signed statement.", len(receipts)), nil
	}
	spec, document, err := parseStatement(text)
	if err != nil {
		return "", err
	}
	if err := statement.VerifyWith(spec, keys); err != nil {
		return "", err
	}
	return fmt.Sprintf("The statement is good: %s of account %s is signed with key %s.",
		document.Period, document.AccountName, document.Signature.KeyID), nil
}

func newStatementExport() *cobra.Command {
	var format, output, provider string
	command := &cobra.Command{
		Use:   "export FILE --format {csv|focus|html}",
		Short: "Write a statement as CSV, as FOCUS 1.2, or as a page that prints as one sheet",
		Long: `Write a statement as CSV, as a FOCUS 1.2 dataset, or as an HTML page that a customer can be sent. FILE is
"-" for the standard input. The signature is not checked: see "guichet statement verify".`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, arguments []string) error {
			if formats := []string{"csv", "focus", "html"}; !slices.Contains(formats, format) {
				return fmt.Errorf("--format %.40q must be one of %s", format, strings.Join(formats, ", "))
			}
			text, err := readFile(arguments[0], cmd.InOrStdin())
			if err != nil {
				return err
			}
			_, document, err := parseStatement(text)
			if err != nil {
				return fmt.Errorf("%s: %w", arguments[0], err)
			}
			write := func(out io.Writer) error {
				switch format {
				case "csv":
					return document.WriteCSV(out)
				case "focus":
					return document.WriteFOCUS(out, provider)
				}
				return document.WritePage(out, provider)
			}
			if output == "-" {
				return write(cmd.OutOrStdout())
			}
			return writeWhole(output, write)
		},
	}
	flags := command.Flags()
	flags.StringVar(&format, "format", "", "csv, focus or html")
	flags.StringVarP(
		&output, "output", "o", "-",
		`file to write, "-" for the standard output; a file appears only once it is complete`,
	)
	flags.StringVar(&provider, "provider", "Guichet", "who sells the messages and sends the invoice")
	if err := command.MarkFlagRequired("format"); err != nil {
		panic(err)
	}
	return command
}

// maxStatement bounds a statement's file, in bytes: an object of a cluster is smaller.
const maxStatement = 4 << 20

func readFile(path string, stdin io.Reader) ([]byte, error) {
	from := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, maxStatement+1))
	if err == nil && len(text) > maxStatement {
		err = fmt.Errorf("%s: it is larger than a statement can be", path)
	}
	return text, err
}

// parseStatement reads a UsageStatement in YAML or JSON, and returns its spec in JSON too.
func parseStatement(text []byte) (json.RawMessage, *statement.Document, error) {
	var object struct {
		Kind string          `json:"kind"`
		Spec json.RawMessage `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &object); err != nil {
		return nil, nil, fmt.Errorf("it is neither YAML nor JSON: %w", err)
	}
	if object.Kind != "UsageStatement" {
		return nil, nil, errors.New(
			`it is no UsageStatement: give what "kubectl get usagestatement NAME -o yaml" prints`,
		)
	}
	document := &statement.Document{}
	if err := json.Unmarshal(object.Spec, document); err != nil {
		return nil, nil, fmt.Errorf("its spec: %w", err)
	}
	return object.Spec, document, nil
}

// readKeys reads public keys, by file name.
func readKeys(path string) (map[string]string, error) {
	text, err := readFile(path, strings.NewReader(""))
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(text); block != nil {
		key, err := statement.ParseKey(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return map[string]string{statement.KeyID(key) + statement.KeyFileSuffix: string(text)}, nil
	}
	var object struct {
		Data map[string]string `json:"data"`
	}
	if err := yaml.Unmarshal(text, &object); err != nil || len(object.Data) == 0 {
		return nil, fmt.Errorf("%s: it holds no public key: give one in PEM, or the ConfigMap of them", path)
	}
	return object.Data, nil
}
