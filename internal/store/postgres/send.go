package postgres

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Formats of parameters and results on the wire, see
// https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES.
const (
	textFormat   = 0
	binaryFormat = 1
)

// sendQuestions sends what is kept back, and questions behind it.
func (c *connection) sendQuestions(questions []engine.Question) ([]reading, error) {
	if err := c.sendKept(); err != nil {
		return nil, err
	}
	var readings []reading
	for i := range questions {
		q := &questions[i]
		if len(q.Lists) == 0 {
			continue
		}
		if s := c.statement(q.Text); len(q.Lists) > 1 && s.hasMany(true) {
			sent, err := c.sendMany(s, q.Lists)
			if err != nil {
				return nil, err
			}
			if sent {
				readings = append(readings, reading{first: c.sent - 1, numbered: true, rows: every(q.Scan)})
				continue
			}
		}
		readings = append(readings, reading{first: c.sent, rows: every(q.Scan)})
		for _, args := range q.Lists {
			if err := c.send(c.statement(q.Text), args); err != nil {
				return nil, err
			}
		}
		readings[len(readings)-1].results = len(q.Lists)
	}
	return readings, nil
}

// sendKept sends what is kept back.
func (c *connection) sendKept() error {
	if c.lost() {
		return errLost
	}
	for _, g := range c.kept.groups {
		if err := c.sendGroup(g); err != nil {
			return err
		}
	}
	c.kept.clear()
	return nil
}

func (c *connection) sendGroup(g *group) error {
	s := c.statement(g.text)
	if len(g.lists) > 1 && s.hasMany(false) {
		if sent, err := c.sendMany(s, g.lists); sent || err != nil {
			return err
		}
	}
	for _, args := range g.lists {
		if err := c.send(s, args); err != nil {
			return err
		}
	}
	return nil
}

// sendMany sends a statement for many lists of parameters at once. It is false if a value does not
// fit.
func (c *connection) sendMany(s *statement, lists [][]any) (bool, error) {
	c.scratch = c.scratch[:0]
	ends := make([]int, len(s.types))
	for i, oid := range s.types {
		var err error
		if c.scratch, err = appendArray(c.scratch, lists, i, oid); errors.Is(err, errElement) {
			return false, nil
		} else if err != nil {
			return false, err
		}
		ends[i] = len(c.scratch)
	}
	c.parameters, c.formats = c.parameters[:0], c.formats[:0]
	begin := 0
	for _, end := range ends {
		c.parameters, c.formats = append(c.parameters, c.scratch[begin:end]), append(c.formats, binaryFormat)
		begin = end
	}
	c.sendBound(s.many)
	return true, nil
}

// send sends a statement.
func (c *connection) send(s *statement, args []any) error {
	if c.lost() {
		return errLost
	}
	if err := c.bind(args); err != nil {
		return err
	}
	c.sendBound(s)
	return nil
}

// sendBound sends a statement with the parameters that were written.
func (c *connection) sendBound(s *statement) {
	if s.name == "" {
		c.named++
		s.name = "s" + strconv.Itoa(c.named)
		c.pipeline.SendPrepare(s.name, s.text, nil)
		c.preparing = append(c.preparing, s)
	}
	c.pipeline.SendQueryPrepared(s.name, c.parameters, c.formats, []int16{binaryFormat})
	c.sent++
}

// check finds what cannot be a parameter before anything is kept back.
func check(args []any) error {
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return fmt.Errorf("%w: number %d: %w", engine.ErrParameter, i+1, err)
		}
		switch value.(type) {
		case nil, []byte, int64, string:
		default:
			return fmt.Errorf("%w: number %d is a %T", engine.ErrParameter, i+1, value)
		}
	}
	return nil
}

// bind writes the parameters: byte strings as they are, all else as text, so that an integer fits
// whatever width its column has.
func (c *connection) bind(args []any) error {
	c.parameters, c.formats, c.scratch = c.parameters[:0], c.formats[:0], c.scratch[:0]
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return fmt.Errorf("%w: number %d: %w", engine.ErrParameter, i+1, err)
		}
		format := int16(textFormat)
		var parameter []byte
		begin := len(c.scratch)
		switch value := value.(type) {
		case nil:
		case []byte:
			parameter, format = value, binaryFormat
		case int64:
			c.scratch = strconv.AppendInt(c.scratch, value, 10)
			parameter = c.scratch[begin:]
		case string:
			c.scratch = append(c.scratch, storable(value)...)
			parameter = c.scratch[begin:]
		default:
			return fmt.Errorf("%w: number %d is a %T", engine.ErrParameter, i+1, value)
		}
		c.parameters, c.formats = append(c.parameters, parameter), append(c.formats, format)
	}
	return nil
}

// storable is a text without what PostgreSQL's texts cannot hold: malformed UTF-8 and the character
// zero. Both become U+FFFD.
func storable(text string) string {
	if utf8.ValidString(text) && strings.IndexByte(text, 0) < 0 {
		return text
	}
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
