package ledger

import (
	"bufio"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"time"
)

// WriteJSONLines writes one JSON object per entry: {"account":…,"hash":…,"record":{…}}. The record
// is in its canonical bytes, so that the export alone can be verified. An error of entries ends it.
func WriteJSONLines(w io.Writer, id string, entries iter.Seq2[Entry, error]) error {
	out := bufio.NewWriter(w)
	var line []byte
	for entry, err := range entries {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		line = AppendString(append(line[:0], `{"account":`...), id)
		line = AppendString(append(line, `,"hash":`...), entry.Hash.String())
		line = append(append(line, `,"record":`...), entry.Canonical...)
		if _, err := out.Write(append(line, "}\n"...)); err != nil {
			return err
		}
	}
	return out.Flush()
}

// maxLine bounds a line of an export. A record is a few hundred bytes.
const maxLine = 1 << 20

// ReadJSONLines reads what WriteJSONLines wrote, for Verify. For a line that is no entry, or of
// another account, it yields an error that names the line.
func ReadJSONLines(r io.Reader, id string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(make([]byte, 0, 4096), maxLine)
		number := 0
		for lines.Scan() {
			number++
			entry, err := parseLine(lines.Bytes(), id)
			if err != nil {
				yield(Entry{}, fmt.Errorf("line %d: %w", number, err))
				return
			}
			if !yield(entry, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(Entry{}, fmt.Errorf("line %d: %w", number+1, err))
		}
	}
}

func parseLine(line []byte, id string) (Entry, error) {
	var l struct {
		Account string          `json:"account"`
		Hash    string          `json:"hash"`
		Record  json.RawMessage `json:"record"`
	}
	if err := json.Unmarshal(line, &l); err != nil {
		return Entry{}, fmt.Errorf("it is no entry in JSON: %w", err)
	}
	if l.Account != id {
		return Entry{}, fmt.Errorf("it is of ledger %.64q, not of %s", l.Account, id)
	}
	var sequence struct {
		Sequence int64 `json:"sequence"`
	}
	if err := json.Unmarshal(l.Record, &sequence); err != nil {
		return Entry{}, fmt.Errorf("its record is no JSON object: %w", err)
	}
	hash, err := ParseHash(l.Hash)
	if err != nil {
		return Entry{}, fmt.Errorf("its hash %w", err)
	}
	return Entry{Sequence: sequence.Sequence, Canonical: l.Record, Hash: hash}, nil
}

// csvHeader names the columns of WriteCSV.
var csvHeader = []string{
	"sequence", "kind", "messageID", "settledAt", "acceptedAt", "sentAt", "deliveredAt", "failedAt",
	"period", "plan", "revision", "channel", "customer", "messageKind", "market", "category", "currency",
	"listPrice", "cost", "charge", "freeReason", "tier", "allowance", "allowanceUsed",
	"corrects", "correctedFreeReason", "note", "hash", "upstreamVerdict", "owner", "ownerName",
}

// WriteCSV writes a header and one row per record (RFC 4180), for spreadsheets. An unknown value is
// empty. An error of entries ends it.
func WriteCSV(w io.Writer, entries iter.Seq2[Entry, error]) error {
	out := csv.NewWriter(w)
	if err := out.Write(csvHeader); err != nil {
		return err
	}
	for entry, err := range entries {
		if err != nil {
			out.Flush()
			return errors.Join(err, out.Error())
		}
		r, err := ParseCanonical(entry.Canonical)
		if err != nil {
			return &VerifyError{Sequence: entry.Sequence, Problem: err.Error()}
		}
		if err := out.Write(r.columns(entry.Hash)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func (r *Record) columns(hash Hash) []string {
	listPrice, customer := "", ""
	if r.Listed {
		listPrice = r.ListPrice.String()
	}
	if r.Customer != (Customer{}) {
		customer = hex.EncodeToString(r.Customer[:])
	}
	var change OwnerChange
	if r.Change != nil {
		change = *r.Change
	}
	return []string{
		strconv.FormatInt(r.Sequence, 10), string(r.Kind), r.MessageID,
		timeText(r.SettledAt), timeText(r.AcceptedAt), timeText(r.SentAt), timeText(r.DeliveredAt),
		timeText(r.FailedAt),
		r.Period, r.Plan, r.Revision, r.Channel, customer, r.MessageKind, r.Market, r.Category, string(r.Currency),
		listPrice, r.Cost.String(), r.Charge.String(), r.FreeReason, strconv.Itoa(r.Tier),
		r.Allowance, integerText(r.AllowanceUsed), integerText(r.Corrects), r.CorrectedFreeReason, r.Note,
		hash.String(), r.UpstreamVerdict, change.Owner, change.OwnerName,
	}
}

func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(timeLayout)
}

func integerText(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}
