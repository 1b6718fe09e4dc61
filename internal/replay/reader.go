package replay

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"time"
)

// maxLine bounds a line, in bytes.
const maxLine = 64 << 10

// Reader reads events from a stream. Empty lines are skipped.
type Reader struct {
	name   string
	lines  *bufio.Reader
	number int
	last   time.Time
	lastNo int
}

// NewReader reads from a stream. Errors quote the name.
func NewReader(name string, from io.Reader) *Reader {
	return &Reader{name: name, lines: bufio.NewReaderSize(from, maxLine)}
}

// Next reads the next event, and io.EOF after the last one. An error names the line. Events must
// not go back in time.
func (r *Reader) Next(e *Event) error {
	for {
		text, err := r.lines.ReadSlice('\n')
		if len(text) == 0 && errors.Is(err, io.EOF) {
			return io.EOF
		}
		r.number++
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return r.Errorf("must be shorter than %d bytes", maxLine)
		case err != nil && !errors.Is(err, io.EOF):
			return r.Errorf("%w", err)
		}
		if isBlank(text) {
			continue
		}
		if err := Parse(text, e); err != nil {
			return r.Errorf("%w", err)
		}
		if e.Time.Before(r.last) {
			return r.Errorf("its time must not be before that of line %d: sort the lines by time", r.lastNo)
		}
		r.last, r.lastNo = e.Time, r.number
		return nil
	}
}

// Errorf returns an error about the line that was read last.
func (r *Reader) Errorf(format string, args ...any) error {
	return fmt.Errorf("%s: line %d: %w", r.name, r.number, fmt.Errorf(format, args...))
}

func isBlank(text []byte) bool {
	for _, c := range text {
		if c != ' ' && c != '\t' && c != '\r' && c != '\n' {
			return false
		}
	}
	return true
}
