package postgres

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

const (
	// grace is how much longer an answer is waited for than the server itself gives to a statement.
	grace = 2 * time.Second
	// farewell is how long the end of a connection may take.
	farewell = 2 * time.Second
	// maxKept bounds the statements that are kept back, and so the memory that their parameters
	// take.
	maxKept = 512
)

// Formats of parameters and results on the wire, see
// https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES.
const (
	textFormat   = 0
	binaryFormat = 1
)

// Types of result columns, from
// https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat.
const (
	byteaType    = 17
	bigintType   = 20
	smallintType = 21
	integerType  = 23
)

var errLost = errors.New("the connection to the database is lost")

// connection speaks PostgreSQL's extended query protocol in pipeline mode: statements whose
// result nobody waits for are kept back and travel together with the next one that somebody waits
// for. Over a network, that is what an operation's time consists of.
type connection struct {
	conn       *pgconn.PgConn
	pipeline   *pgconn.Pipeline
	opening    string            // begins a transaction
	patience   time.Duration     // with the server
	statements map[string]string // the names of prepared statements, by their text
	preparing  []string          // texts whose preparation is kept back
	named      int
	kept       int

	// Reused.
	parameters [][]byte
	formats    []int16
	scratch    []byte
	row        columns
}

func newConnection(conn *pgconn.PgConn, opening string, patience time.Duration) *connection {
	return &connection{
		conn: conn, pipeline: conn.StartPipeline(
			context.Background(),
		), opening: opening, patience: patience, statements: map[string]string{},
		scratch: make([]byte, 0, 256),
	}
}

// lost tells whether the connection is of no use any more.
func (c *connection) lost() bool { return c == nil || c.conn.IsClosed() }

func (c *connection) Begin() error {
	if err := c.Exec(c.opening); err != nil {
		return err
	}
	return c.Flush()
}

func (c *connection) Commit() error {
	_, err := c.end()
	return err
}

// end commits, and tells whether the failure of it is the server's own word: then nothing was kept.
// Otherwise nobody knows.
func (c *connection) end() (answered bool, err error) {
	if err := c.send("COMMIT", nil); err != nil {
		return false, err
	}
	tag, err := c.receive(0, nil)
	if err != nil {
		return isAnswer(err), err
	}
	if tag.String() != "COMMIT" {
		return true, fmt.Errorf("the transaction had failed before its commit, and the server answered %s", tag)
	}
	return true, nil
}

// isAnswer tells whether an error is what the server thinks of a statement. A fatal one is the end
// of the connection and says nothing of the statement.
func isAnswer(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && answer.SeverityUnlocalized == "ERROR"
}

func (c *connection) Rollback() {
	if c.lost() {
		return // the server rolls back what a lost connection leaves
	}
	_ = c.Flush() // whether what is kept back succeeds or fails, it is undone
	_, _ = c.ExecCounted("ROLLBACK")
}

func (c *connection) Exec(text string, args ...any) error {
	if err := c.send(text, args); err != nil {
		return err
	}
	if c.kept < maxKept {
		return nil
	}
	return c.Flush()
}

func (c *connection) Flush() error {
	if c.kept == 0 {
		return nil
	}
	_, err := c.receive(0, nil)
	return err
}

func (c *connection) ExecOnce(text string) error {
	if err := c.Flush(); err != nil {
		return err
	}
	c.pipeline.SendQueryParams(dialect(text), nil, nil, nil, nil)
	c.kept++
	return c.Flush()
}

func (c *connection) ExecCounted(text string, args ...any) (int64, error) {
	if err := c.send(text, args); err != nil {
		return 0, err
	}
	tag, err := c.receive(0, nil)
	return tag.RowsAffected(), err
}

func (c *connection) Query(text string, args []any, scan func(engine.Row) bool) error {
	if err := c.send(text, args); err != nil {
		return err
	}
	_, err := c.receive(1, func(_ int, v engine.Row) bool { return scan(v) })
	return err
}

// QueryEach implements engine.Conn in one exchange for every maxKept lists.
func (c *connection) QueryEach(text string, lists [][]any, scan func(of int, v engine.Row)) error {
	for begin := 0; begin < len(lists); begin += maxKept {
		page := lists[begin:min(begin+maxKept, len(lists))]
		for _, args := range page {
			if err := c.send(text, args); err != nil {
				return err
			}
		}
		if _, err := c.receive(len(page), func(of int, v engine.Row) bool {
			scan(begin+of, v)
			return true
		}); err != nil {
			return err
		}
	}
	return nil
}

// send adds a statement to those that are kept back.
func (c *connection) send(text string, args []any) error {
	if c.lost() {
		return errLost
	}
	if err := c.bind(args); err != nil {
		return err
	}
	name, prepared := c.statements[text]
	if !prepared {
		c.named++
		name = "s" + strconv.Itoa(c.named)
		c.pipeline.SendPrepare(name, text, nil)
		c.statements[text] = name
		c.preparing = append(c.preparing, text)
	}
	c.pipeline.SendQueryPrepared(name, c.parameters, c.formats, []int16{binaryFormat})
	c.kept++
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

// receive sends what is kept back and reads all the answers. scan gets the rows of the last
// statements, so many of them are questions, each with the index of its question, until it returns
// false. The error is the first one; the statements after it have not been executed.
func (c *connection) receive(questions int, scan func(of int, v engine.Row) bool) (pgconn.CommandTag, error) {
	var tag pgconn.CommandTag
	var failure error
	first := c.kept - questions
	c.kept = 0
	if err := c.conn.Conn().SetDeadline(time.Now().Add(c.patience)); err != nil {
		return tag, err
	}
	if err := c.pipeline.Sync(); err != nil {
		return tag, err
	}
	for n := 0; ; {
		result, err := c.pipeline.GetResults()
		if err != nil {
			if failure == nil {
				failure = err
			}
			if c.lost() {
				return tag, failure
			}
			continue
		}
		switch result := result.(type) {
		case *pgconn.PipelineSync:
			for _, text := range c.preparing { // those behind the failure
				delete(c.statements, text)
			}
			c.preparing = c.preparing[:0]
			return tag, failure
		case *pgconn.StatementDescription:
			c.preparing = c.preparing[1:]
		case *pgconn.ResultReader:
			if n >= first && scan != nil {
				of := n - first
				c.scan(result, func(v engine.Row) bool { return scan(of, v) })
			}
			n++
			if tag, err = result.Close(); err != nil && failure == nil {
				failure = err
			}
		default:
			return tag, errors.Join(failure, errLost)
		}
	}
}

// scan calls scan for the rows of a result. If it panics, the answers behind the row stay unread,
// so the connection is given up: nothing asked on it later could be understood.
func (c *connection) scan(result *pgconn.ResultReader, scan func(engine.Row) bool) {
	returned := false
	defer func() {
		if !returned {
			_ = c.Close()
		}
	}()
	fields := result.FieldDescriptions()
	for more := true; more && result.NextRow(); {
		c.row = c.row[:0]
		for i, value := range result.Values() {
			c.row = append(c.row, decode(fields[i].DataTypeOID, value))
		}
		more = scan(c.row)
	}
	returned = true
}

// columns are the decoded columns of a row.
type columns []driver.Value

func (c columns) Len() int { return len(c) }

func (c columns) Int(column int) int64 {
	n, _ := c[column].(int64)
	return n
}

func (c columns) Text(column int) string {
	text, _ := c[column].(string)
	return text
}

func (c columns) Bytes(column int) []byte {
	b, _ := c[column].([]byte)
	return b
}

// decode reads a column in the binary format.
func decode(kind uint32, value []byte) driver.Value {
	switch {
	case value == nil:
		return nil
	case kind == bigintType:
		return int64(binary.BigEndian.Uint64(value))
	case kind == integerType:
		return int64(int32(binary.BigEndian.Uint32(value)))
	case kind == smallintType:
		return int64(int16(binary.BigEndian.Uint16(value)))
	case kind == byteaType:
		return append([]byte{}, value...)
	default:
		return string(value)
	}
}

// Violated implements engine.Conn. Classes of SQLSTATE:
// https://www.postgresql.org/docs/current/errcodes-appendix.html.
func (*connection) Violated(err error) (constraint string, is bool) {
	var answer *pgconn.PgError
	if !isAnswer(err) || !errors.As(err, &answer) || len(answer.Code) != 5 {
		return "", false
	}
	switch answer.Code[:2] {
	case "21", "22", "23", "42", "44", "54", "P0":
		// cardinality, data, integrity, a statement's own fault, check option, limits, raised by a
		// trigger
	default:
		return "", false
	}
	switch {
	case answer.Code == insufficientPrivilege:
		return "", false // until somebody grants it again, nothing works
	case answer.ConstraintName != "":
		return answer.ConstraintName, true
	case answer.Code == notNullViolation:
		return answer.TableName + "." + answer.ColumnName + " NOT NULL", true
	default:
		return "SQLSTATE " + answer.Code, true
	}
}

// Codes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	notNullViolation      = "23502"
	insufficientPrivilege = "42501"
)

func (c *connection) Close() error {
	if c.lost() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	return c.conn.Close(ctx)
}
