package ledger

import (
	"bufio"
	"errors"
	"io"
	"iter"
	"strconv"
)

// CloudEventSource returns the source of a ledger's events: a URI that names the ledger by its id.
// Together with an event's id, which is the record's sequence, it identifies an event, as
// https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md#source--id requires:
// exporting a record again gives the same pair.
func CloudEventSource(id string) string { return "urn:guichet:ledger:" + id }

// cloudEventType returns the type of a record's event. A change of the record's encoding that
// matters to readers gets a new version.
func cloudEventType(kind Kind) string { return "dev.guichet.ledger." + string(kind) + ".v1" }

// WriteCloudEvents writes one CloudEvents 1.0 event in the JSON format
// (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md) on a line
// for each entry. Its data is the record in its canonical bytes, its subject the message's id, its
// time when the record was made; the extension ledgerhash is the record's hash. An error of entries
// ends it.
func WriteCloudEvents(w io.Writer, id string, entries iter.Seq2[Entry, error]) error {
	out := bufio.NewWriter(w)
	source := CloudEventSource(id)
	var line []byte
	for entry, err := range entries {
		if err != nil {
			return errors.Join(err, out.Flush())
		}
		r, err := ParseCanonical(entry.Canonical)
		if err != nil {
			return errors.Join(&VerifyError{Sequence: entry.Sequence, Problem: err.Error()}, out.Flush())
		}
		event := object{b: append(line[:0], '{')}
		event.text("specversion", "1.0")
		event.text("id", strconv.FormatInt(r.Sequence, 10))
		event.text("source", source)
		event.text("type", cloudEventType(r.Kind))
		event.text("subject", r.MessageID)
		event.time("time", r.SettledAt)
		event.text("datacontenttype", "application/json")
		event.text("ledgerhash", entry.Hash.String())
		event.name("data")
		line = append(append(event.b, entry.Canonical...), "}\n"...)
		if _, err := out.Write(line); err != nil {
			return err
		}
	}
	return out.Flush()
}
