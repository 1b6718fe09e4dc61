package postgres

import (
	"errors"

	"github.com/jackc/pgx/v5/pgconn"
)

// Codes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
const (
	notNullViolation      = "23502"
	insufficientPrivilege = "42501"
)

// isAnswer tells whether an error is what the server thinks of a statement. A fatal one is the end
// of the connection and says nothing of the statement.
func isAnswer(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && answer.SeverityUnlocalized == "ERROR"
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
