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
	// maxKept and maxKeptBytes bound the statements that are kept back, and so the memory that
	// their parameters take.
	maxKept      = 8192
	maxKeptBytes = 8 << 20
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
	opening    string                // begins a transaction
	patience   time.Duration         // with the server
	statements map[string]*statement // by their text
	preparing  []*statement          // those whose preparation is under way
	named      int
	kept       keptBack
	sent       int   // statements that were sent, and whose results are not read yet
	exchanges  int64 // how often an answer was waited for

	// Reused.
	parameters [][]byte
	formats    []int16
	scratch    []byte
	row        columns
}

// statement is a prepared statement.
type statement struct {
	name, text string
	// types are those of its parameters, nil until the server has told them.
	types []uint32
	shape *shape
	// many is the same for many lists of parameters at once: nil if that is not known yet.
	many *statement
}

func newConnection(conn *pgconn.PgConn, opening string, patience time.Duration) *connection {
	return &connection{
		conn: conn, pipeline: conn.StartPipeline(context.Background()), opening: opening, patience: patience,
		statements: map[string]*statement{}, scratch: make([]byte, 0, 256),
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
	tag, err := c.receiveTag("COMMIT", nil)
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
	c.kept.clear() // what was not sent need not be undone
	_, _ = c.ExecCounted("ROLLBACK")
}

// Exec keeps a statement back. Its parameters must stay as they are until it is sent.
func (c *connection) Exec(text string, args ...any) error {
	if c.lost() {
		return errLost
	}
	if err := check(args); err != nil {
		return err
	}
	c.kept.add(text, c.statement(text).shape, args)
	if c.kept.lists < maxKept && c.kept.bytes < maxKeptBytes {
		return nil
	}
	return c.Flush()
}

func (c *connection) Flush() error {
	if len(c.kept.groups) == 0 {
		return nil
	}
	if err := c.sendKept(); err != nil {
		return err
	}
	_, err := c.receive(nil)
	return err
}

func (c *connection) ExecOnce(text string) error {
	if err := c.Flush(); err != nil {
		return err
	}
	c.pipeline.SendQueryParams(dialect(text), nil, nil, nil, nil)
	c.sent++
	_, err := c.receive(nil)
	return err
}

func (c *connection) ExecCounted(text string, args ...any) (int64, error) {
	tag, err := c.receiveTag(text, args)
	return tag.RowsAffected(), err
}

// receiveTag executes a statement, and what was kept back before it.
func (c *connection) receiveTag(text string, args []any) (pgconn.CommandTag, error) {
	if err := c.sendKept(); err != nil {
		return pgconn.CommandTag{}, err
	}
	if err := c.send(c.statement(text), args); err != nil {
		return pgconn.CommandTag{}, err
	}
	return c.receive(nil)
}

func (c *connection) Query(text string, args []any, scan func(engine.Row) bool) error {
	if err := c.sendKept(); err != nil {
		return err
	}
	if err := c.send(c.statement(text), args); err != nil {
		return err
	}
	_, err := c.receive([]reading{{first: c.sent - 1, rows: func(_ int, v engine.Row) bool { return scan(v) }}})
	return err
}

// Ask implements engine.Conn in one exchange.
func (c *connection) Ask(questions ...engine.Question) error {
	readings, err := c.sendQuestions(questions)
	if err != nil || len(readings) == 0 {
		return err
	}
	_, err = c.receive(readings)
	return err
}

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
		if many := c.manyOf(c.statement(q.Text), true); many != nil && len(q.Lists) > 1 {
			sent, err := c.sendMany(many, q.Lists)
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

func every(scan func(of int, v engine.Row)) func(int, engine.Row) bool {
	return func(of int, v engine.Row) bool {
		scan(of, v)
		return true
	}
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
	if len(g.lists) > 1 {
		if many := c.manyOf(s, false); many != nil {
			if sent, err := c.sendMany(many, g.lists); sent || err != nil {
				return err
			}
		}
	}
	for _, args := range g.lists {
		if err := c.send(s, args); err != nil {
			return err
		}
	}
	return nil
}

// statement is the statement of a text, prepared or not.
func (c *connection) statement(text string) *statement {
	s := c.statements[text]
	if s == nil {
		shape := shapeOf(text)
		s = &statement{text: text, shape: &shape}
		c.statements[text] = s
	}
	return s
}

// manyOf is a statement for many lists of parameters; nil if there is none, or the types of the
// parameters are not known yet.
func (c *connection) manyOf(s *statement, query bool) *statement {
	if s.many != nil || s.types == nil {
		return s.many
	}
	var text string
	var possible bool
	if query {
		text, possible = setOfQuery(s.text, s.types)
	} else {
		text, possible = s.shape.set(s.types)
	}
	if possible {
		s.many = &statement{text: text, types: s.types}
	}
	return s.many
}

// sendMany sends a statement for many lists of parameters. It is false if a value does not fit.
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
	c.sendBound(s)
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

// reading says what becomes of the rows of some results: those from first on, so many, each of a
// list of its own. If numbered, one result has the rows of all lists, each with the number of its
// list before its columns.
type reading struct {
	first, results int
	numbered       bool
	rows           func(of int, v engine.Row) bool // until it is false
}

// receive waits for the answers to all that was sent. The error is the first one; the statements
// after it have not been executed. The tag is the last one's.
func (c *connection) receive(readings []reading) (pgconn.CommandTag, error) {
	c.sent = 0
	c.exchanges++
	if err := c.conn.Conn().SetDeadline(time.Now().Add(c.patience)); err != nil {
		return pgconn.CommandTag{}, err
	}
	if err := c.pipeline.Sync(); err != nil {
		return pgconn.CommandTag{}, err
	}
	return c.receiveSent(readings)
}

// receiveSent reads the answers up to the next point of synchronisation.
func (c *connection) receiveSent(readings []reading) (pgconn.CommandTag, error) {
	var tag pgconn.CommandTag
	var failure error
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
			for _, s := range c.preparing { // those behind the failure
				s.name = ""
			}
			c.preparing = c.preparing[:0]
			return tag, failure
		case *pgconn.StatementDescription:
			c.preparing[0].types = result.ParamOIDs
			c.preparing = c.preparing[1:]
		case *pgconn.ResultReader:
			if len(readings) > 0 && n >= readings[0].first {
				r := &readings[0]
				c.read(result, r, n)
				if n+1 >= r.first+max(r.results, 1) {
					readings = readings[1:]
				}
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

// read gives the rows of a result to whoever reads them.
func (c *connection) read(result *pgconn.ResultReader, r *reading, n int) {
	if r.numbered {
		c.scan(result, func(v engine.Row) bool { return r.rows(int(v.Int(0))-1, v.(columns)[1:]) })
		return
	}
	c.scan(result, func(v engine.Row) bool { return r.rows(n-r.first, v) })
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
