package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/internal/ledger"
)

// sharedName stands for a shared store in errors, because its URL is a credential.
const sharedName = "the shared store"

// isShared reports whether a store is given by the URL of a PostgreSQL database.
func isShared(store string) bool {
	return strings.HasPrefix(store, "postgres://") || strings.HasPrefix(store, "postgresql://")
}

// sharedSchema returns the schema of a ledger's tables, as docs/ledger.md publishes it.
func sharedSchema(id string) string {
	return "guichet_" + strings.ToLower(strings.ReplaceAll(id, "-", "_"))
}

// openShared opens a ledger in a PostgreSQL database for reading, in one snapshot. It
// does not hold up replicas that write.
func openShared(ctx context.Context, address, id string) (*ledgerSource, error) {
	if id == "" {
		return nil, errors.New(
			"a shared store holds the ledgers of several accounts: give --ledger, the BusinessAccount's " +
				"status.ledgerID",
		)
	}
	config, err := pgconn.ParseConfig(address)
	if err != nil { // its text may hold the password
		return nil, errors.New(
			"--store must be a file, or a URL such as postgres://user@host:5432/database?sslmode=verify-full",
		)
	}
	config.RuntimeParams["application_name"] = "guichet ledger"
	config.RuntimeParams["client_encoding"] = "UTF8"
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sharedName, err)
	}
	source := &ledgerSource{
		name:         sharedName,
		entries:      sharedEntries(ctx, conn),
		storedTotals: func() (ledger.Totals, error) { return sharedTotals(ctx, conn) },
		end:          sync.OnceValue(func() error { return conn.Close(context.WithoutCancel(ctx)) }),
	}
	if source.id, err = readLedgerID(ctx, conn, id); err != nil {
		return nil, errors.Join(
			fmt.Errorf("%s: it holds no readable ledger %.64q: %w", sharedName, id, err),
			source.Close(),
		)
	}
	return source, nil
}

// selectSharedLedger is selectLedger for the tables of every gateway: those of an earlier one have
// no ledger_id, and there it is the account's UID.
const selectSharedLedger = `SELECT COALESCE(to_jsonb(owner)->>'ledger_id', account_uid) FROM owner`

// readLedgerID begins the snapshot and reads which ledger the tables of a schema hold. The schema
// is chosen within the snapshot: poolers refuse it as a parameter of the connection's start.
func readLedgerID(ctx context.Context, conn *pgconn.PgConn, id string) (string, error) {
	if _, err := conn.Exec(ctx, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").ReadAll(); err != nil {
		return "", err
	}
	schema := [][]byte{[]byte(strconv.Quote(sharedSchema(id)))}
	if _, err := conn.ExecParams(
		ctx, "SELECT set_config('search_path', $1, true)", schema, nil, nil, nil,
	).Close(); err != nil {
		return "", err
	}
	result := conn.ExecParams(ctx, selectSharedLedger, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return "", result.Err
	}
	if len(result.Rows) != 1 {
		return "", errors.New("its table owner must have one row")
	}
	return string(result.Rows[0][0]), nil
}

// sharedEntries yields the records as the server sends them, with one in memory at a time.
func sharedEntries(ctx context.Context, conn *pgconn.PgConn) iter.Seq2[ledger.Entry, error] {
	const text, binary = 0, 1 // https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES
	return func(yield func(ledger.Entry, error) bool) {
		rows := conn.ExecParams(ctx, selectEntries, nil, nil, nil, []int16{text, binary, binary})
		for rows.NextRow() {
			columns := rows.Values()
			entry := ledger.Entry{Canonical: bytes.Clone(columns[1])}
			var err error
			if entry.Sequence, err = strconv.ParseInt(string(columns[0]), 10, 64); err != nil {
				yield(ledger.Entry{}, err)
				return
			}
			copy(entry.Hash[:], columns[2])
			if !yield(entry, nil) {
				return // closing the connection discards the rest
			}
		}
		if _, err := rows.Close(); err != nil {
			yield(ledger.Entry{}, err)
		}
	}
}

func sharedTotals(ctx context.Context, conn *pgconn.PgConn) (ledger.Totals, error) {
	result := conn.ExecParams(ctx, selectTotals, nil, nil, nil, nil).Read()
	if result.Err != nil {
		return nil, result.Err
	}
	totals := ledger.Totals{}
	for _, row := range result.Rows {
		t := totalRow{
			period: string(row[0]), currency: string(row[1]), category: string(row[2]),
			messages: string(row[3]), charged: string(row[4]), billed: string(row[5]), cost: string(row[6]),
		}
		if err := t.addTo(totals); err != nil {
			return nil, err
		}
	}
	return totals, nil
}
