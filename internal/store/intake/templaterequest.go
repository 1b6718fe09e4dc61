package intake

import (
	"time"

	"github.com/guichet-dev/guichet/internal/store/engine"
	"github.com/guichet-dev/guichet/internal/store/txn"
)

// TemplateRequest is what a client asks the operator to do with a template.
type TemplateRequest struct {
	// ID is greater than that of every request before. Target is the ID of the one that asked for
	// the template first.
	ID, Target int64
	// By is the name of the token that asked.
	By string
	At time.Time
	// Name and Language are the template's.
	Name, Language string
	// Definition is what the template shall be, in JSON; empty if it shall be deleted.
	Definition string
}

const (
	upsertTemplateRequest = `INSERT INTO template_requests (target, id, asked_by, at, name, language, definition)
		VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (target) DO UPDATE SET id = excluded.id, asked_by = excluded.asked_by, at = excluded.at,
		name = excluded.name, language = excluded.language, definition = excluded.definition
		WHERE excluded.id > template_requests.id`
	selectTemplateRequests = `SELECT target, id, asked_by, at, name, language, definition FROM template_requests
		ORDER BY id`
	deleteTemplateRequests = `DELETE FROM template_requests WHERE id <= $1`
)

// PutTemplateRequest keeps a request in the place of an earlier one about the same template.
func (in Intake) PutTemplateRequest(r TemplateRequest) error {
	return in.tx.Exec(
		upsertTemplateRequest, r.Target, r.ID, r.By, txn.Millis(r.At), r.Name, r.Language, r.Definition,
	)
}

// TemplateRequests are those that wait, in the order in which they were asked. Their number is
// bounded by whoever puts them.
func (in Intake) TemplateRequests() (list []TemplateRequest, err error) {
	err = in.tx.Each(selectTemplateRequests, nil, func(v engine.Row) bool {
		list = append(list, TemplateRequest{
			Target: v.Int(0), ID: v.Int(1), By: v.Text(2), At: txn.Instant(v.Int(3)), Name: v.Text(4),
			Language: v.Text(5), Definition: v.Text(6),
		})
		return true
	})
	return list, err
}

// DropTemplateRequests forgets the requests up to an id, which are done.
func (in Intake) DropTemplateRequests(through int64) error {
	return in.tx.Exec(deleteTemplateRequests, through)
}
