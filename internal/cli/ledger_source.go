package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/guichet-dev/guichet/internal/ledger"
)

// ledgerFlags say where a ledger is.
type ledgerFlags struct {
	store, lines, account string
}

func (f *ledgerFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(
		&f.store, "store", "",
		"file of a gateway's store; or the URL of a shared one, postgres://user@host/database (its password in "+
			"$PGPASSWORD), with --account",
	)
	flags.StringVar(&f.lines, "jsonl", "", `file of an export in JSON Lines, "-" for the standard input`)
	flags.StringVar(
		&f.account, "account", "",
		"UID of the account that the ledger must belong to, the BusinessAccount's metadata.uid (default: the one "+
			"in the file)",
	)
	command.MarkFlagsOneRequired("store", "jsonl")
	command.MarkFlagsMutuallyExclusive("store", "jsonl")
}

// ledgerSource is a ledger that can be read once, from its first record on.
type ledgerSource struct {
	// name is the file, or what stands for it in errors.
	name    string
	account string
	entries iter.Seq2[ledger.Entry, error]
	// storedTotals returns the sums that a store keeps beside its records. It is nil for an export.
	storedTotals func() (ledger.Totals, error)
	end          func() error
}

// Close ends the source. Closing it again returns the same error. An error means that what was read
// may not have been the ledger of one instant.
func (s *ledgerSource) Close() error { return s.end() }

// open opens the ledger and finds its account. The caller must close it.
func (f *ledgerFlags) open(ctx context.Context, stdin io.Reader) (*ledgerSource, error) {
	var source *ledgerSource
	var err error
	switch {
	case isShared(f.store):
		source, err = openShared(ctx, f.store, f.account)
	case f.store != "":
		source, err = openStore(ctx, f.store)
	default:
		source, err = openLines(f.lines, stdin, f.account)
	}
	if err != nil {
		return nil, err
	}
	if f.account != "" && source.account != f.account {
		err := fmt.Errorf(
			"%s: it is the ledger of the account with UID %.64q, not of %.64q", source.name, source.account, f.account,
		)
		return nil, errors.Join(err, source.Close())
	}
	return source, nil
}

// openLines opens an export. Unless the account is given, the first line names it.
func openLines(path string, stdin io.Reader, account string) (*ledgerSource, error) {
	source := &ledgerSource{name: path, account: account, end: func() error { return nil }}
	from := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		from, source.end = file, sync.OnceValue(file.Close)
	}
	if account == "" {
		var err error
		if source.account, from, err = accountOf(from); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", path, err), source.Close())
		}
	}
	source.entries = ledger.ReadJSONLines(from, source.account)
	return source, nil
}

// maxFirstLine bounds the line that is read to find the account, in bytes. A record has a few
// hundred.
const maxFirstLine = 1 << 20

// accountOf returns the account in an export's first line, and a reader that starts with that line
// again.
func accountOf(from io.Reader) (string, io.Reader, error) {
	var read bytes.Buffer
	line, err := bufio.NewReader(io.TeeReader(io.LimitReader(from, maxFirstLine), &read)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", nil, err
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return "", nil, errors.New("it holds no record and so names no account: give --account")
	}
	var first struct {
		Account string `json:"account"`
	}
	if err := json.Unmarshal(line, &first); err != nil {
		return "", nil, fmt.Errorf("line 1: it is no entry in JSON: %w", err)
	}
	if first.Account == "" {
		return "", nil, errors.New(
			`line 1: it has no "account": give an export of guichet ledger export --format jsonl`,
		)
	}
	return first.Account, io.MultiReader(&read, from), nil
}
