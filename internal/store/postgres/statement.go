package postgres

// statement is a prepared statement.
type statement struct {
	name, text string
	// types are those of its parameters, nil until the server has told them.
	types []uint32
	shape *shape
	// many is the same for many lists of parameters at once, each parameter an array; nil if there
	// is none, or it was not needed yet.
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

// hasMany tells whether there is a form of the statement for many lists of parameters, and makes
// it. There is none as long as the types of the parameters are not known.
func (s *statement) hasMany(query bool) bool {
	if s.many != nil || s.types == nil {
		return s.many != nil
	}
	var text string
	var possible bool
	if query {
		text, possible = setOfQuery(s.text, s.types)
	} else {
		text, possible = s.shape.set(s.types)
	}
	if possible {
		s.many = &statement{text: text}
	}
	return possible
}
