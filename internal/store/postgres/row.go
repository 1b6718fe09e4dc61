package postgres

import (
	"database/sql/driver"
	"encoding/binary"
)

// Types of result columns, from
// https://github.com/postgres/postgres/blob/REL_15_STABLE/src/include/catalog/pg_type.dat.
const (
	byteaType    = 17
	bigintType   = 20
	smallintType = 21
	integerType  = 23
)

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
