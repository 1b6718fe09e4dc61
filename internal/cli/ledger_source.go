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
	store, lines, id string
}

func (f *ledgerFlags) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(
		&f.store, "store", "",
		"file of a gateway's store; or the URL of a shared one, postgres://user@host/database (its password in "+
			"$PGPASSWORD), with --ledger",
	)
	flags.StringVar(&f.lines, "jsonl", "", `file of an export in JSON Lines, "-" for the standard input`)
	flags.StringVar(
		&f.id, "ledger", "",
		"id that the ledger must have, the BusinessAccount's status.ledgerID (default: the one in the file)",
	)
	command.MarkFlagsOneRequired("store", "jsonl")
	command.MarkFlagsMutuallyExclusive("store", "jsonl")
}

// ledgerSource is a ledger that can be read once, from its first record on.
type ledgerSource struct {
	// name is the file, or what stands for it in errors.
	name string
	// id is the ledger's id.
	id      string
	entries iter.Seq2[ledger.Entry, error]
	// storedTotals returns the sums that a store keeps beside its records. It is nil for an export.
	storedTotals func() (ledger.Totals, error)
	end          func() error
}

// Close ends the source. Closing it again returns the same error. An error means that what was read
// may not have been the ledger of one instant.
func (s *ledgerSource) Close() error { return s.end() }

// open opens the ledger and finds its id. The caller must close it.
func (f *ledgerFlags) open(ctx context.Context, stdin io.Reader) (*ledgerSource, error) {
	var source *ledgerSource
	var err error
	switch {
	case isShared(f.store):
		source, err = openShared(ctx, f.store, f.id)
	case f.store != "":
		source, err = openStore(ctx, f.store)
	default:
		source, err = openLines(f.lines, stdin, f.id)
	}
	if err != nil {
		return nil, err
	}
	if f.id != "" && source.id != f.id {
		err := fmt.Errorf("%s: it is ledger %.64q, not %.64q", source.name, source.id, f.id)
		return nil, errors.Join(err, source.Close())
	}
	return source, nil
}

// openLines opens an export. Unless the ledger's id is given, the first line names it.
func openLines(path string, stdin io.Reader, id string) (*ledgerSource, error) {
	source := &ledgerSource{name: path, id: id, end: func() error { return nil }}
	from := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		from, source.end = file, sync.OnceValue(file.Close)
	}
	if id == "" {
		var err error
		if source.id, from, err = ledgerOf(from); err != nil {
			return nil, errors.Join(fmt.Errorf("%s: %w", path, err), source.Close())
		}
	}
	source.entries = ledger.ReadJSONLines(from, source.id)
	return source, nil
}

// maxFirstLine bounds the line that is read to find the ledger, in bytes. A record has a few
// hundred.
const maxFirstLine = 1 << 20

// ledgerOf returns the ledger's id in an export's first line, and a reader that starts with that
// line again.
func ledgerOf(from io.Reader) (string, io.Reader, error) {
	var read bytes.Buffer
	line, err := bufio.NewReader(io.TeeReader(io.LimitReader(from, maxFirstLine), &read)).ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", nil, err
	}
	if len(bytes.TrimSpace(line)) == 0 {
		return "", nil, errors.New("it holds no record and so names no ledger: give --ledger")
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
