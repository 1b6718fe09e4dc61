package postgres

// statement is a prepared statement.
type statement struct {
	name, text string
	// types are those of its parameters, nil until the server has told them.
	types []uint32
	shape *shape
	// many is the same for many lists of parameters at once: nil if that is not known yet.
	many *statement
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
