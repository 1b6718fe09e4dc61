package telemetry

import (
	"log/slog"
)

// Kinds of rows of the store, as labels.
const (
	RowMessage      = "message"
	RowStatus       = "status"
	RowCallback     = "callback"
	RowConversation = "conversation"
)

// TellUnreadable counts a row that cannot be read, because bytes of it were changed on the disk or
// its key is missing, and logs which one it is.
func (m *Metrics) TellUnreadable(log *slog.Logger, kind string, which ...any) {
	m.Unreadable.WithLabelValues(kind).Inc()
	log.Error("Stored row cannot be read", append([]any{"kind", kind}, which...)...)
}
