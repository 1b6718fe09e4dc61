package otlp

import "google.golang.org/protobuf/encoding/protowire"

// refusedSpans returns how many spans a collector reports as refused although it answered with
// success: rejected_spans (1) in the partial_success (1) of an ExportTraceServiceResponse. Any
// other answer refuses none. The error_message is ignored, because it may be anything. Source:
// https://opentelemetry.io/docs/specs/otlp/#partial-success-1
func refusedSpans(answer []byte) int64 {
	n, _ := protowire.ConsumeVarint(field(field(answer, 1, protowire.BytesType), 1, protowire.VarintType))
	return int64(n) //nolint:gosec // the protocol writes an int64 as this varint
}

// field returns the value of a message's field, without its length prefix. It is nil if there is
// none or the message is malformed.
func field(message []byte, number protowire.Number, kind protowire.Type) []byte {
	for len(message) > 0 {
		found, is, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return nil
		}
		message = message[tag:]
		size := protowire.ConsumeFieldValue(found, is, message)
		if size < 0 {
			return nil
		}
		if found == number && is == kind {
			if kind == protowire.BytesType {
				value, _ := protowire.ConsumeBytes(message)
				return value
			}
			return message[:size]
		}
		message = message[size:]
	}
	return nil
}
