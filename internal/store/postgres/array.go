package postgres

import (
	"database/sql/driver"
	"encoding/binary"
	"fmt"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// Types of parameters, beside those of row.go.
const (
	textType    = 25
	varcharType = 1043
)

// arrayTypes are the types of parameters that have arrays.
var arrayTypes = map[uint32]string{
	byteaType: "bytea", bigintType: "bigint", smallintType: "smallint", integerType: "integer", textType: "text",
	varcharType: "text",
}

// appendArray writes a parameter of each list as an array in the binary format, see array_send in
// https://github.com/postgres/postgres/blob/REL_15_STABLE/src/backend/utils/adt/arrayfuncs.c.
func appendArray(b []byte, lists [][]any, parameter int, oid uint32) ([]byte, error) {
	if oid == varcharType {
		oid = textType
	}
	b = binary.BigEndian.AppendUint32(b, 1) // dimensions
	nulls := len(b)
	b = binary.BigEndian.AppendUint32(b, 0) // whether there are nulls
	b = binary.BigEndian.AppendUint32(b, oid)
	b = binary.BigEndian.AppendUint32(b, uint32(len(lists)))
	b = binary.BigEndian.AppendUint32(b, 1) // the first index
	for _, args := range lists {
		value, err := driver.DefaultParameterConverter.ConvertValue(args[parameter])
		if err != nil {
			return nil, fmt.Errorf("%w: number %d: %w", engine.ErrParameter, parameter+1, err)
		}
		if value == nil {
			b[nulls+3] = 1
			b = binary.BigEndian.AppendUint32(b, 0xffffffff)
			continue
		}
		if b, err = appendElement(b, value, oid); err != nil {
			return nil, fmt.Errorf("%w: number %d: %w", engine.ErrParameter, parameter+1, err)
		}
	}
	return b, nil
}

func appendElement(b []byte, value driver.Value, oid uint32) ([]byte, error) {
	switch value := value.(type) {
	case int64:
		switch {
		case oid == bigintType:
			b = binary.BigEndian.AppendUint32(b, 8)
			return binary.BigEndian.AppendUint64(b, uint64(value)), nil
		case oid == integerType && value == int64(int32(value)):
			b = binary.BigEndian.AppendUint32(b, 4)
			return binary.BigEndian.AppendUint32(b, uint32(value)), nil
		case oid == smallintType && value == int64(int16(value)):
			b = binary.BigEndian.AppendUint32(b, 2)
			return binary.BigEndian.AppendUint16(b, uint16(value)), nil
		}
	case string:
		if oid == textType {
			text := storable(value)
			b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
			return append(b, text...), nil
		}
	case []byte:
		if oid == byteaType {
			b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
			return append(b, value...), nil
		}
	}
	return nil, errElement
}
