package identity

// Directory remembers in memory which addresses are one person's. The zero value knows only the
// numbering rules. It is for one goroutine.
type Directory struct {
	known map[Address]Address // a spelling → another of the same person
}

// Primary returns the one address under which everything about a person is kept, whichever address
// is given.
func (d *Directory) Primary(of Address) Address {
	primary := of.Spelling()
	for {
		next, ok := d.known[primary]
		if !ok {
			return primary
		}
		primary = next
	}
}

// Same records that two addresses are one person's, and returns the primary addresses that they
// had: what was kept under gone belongs under kept from now on. They are equal if that was known.
func (d *Directory) Same(a, b Address) (gone, kept Address) {
	gone, kept = d.Primary(a), d.Primary(b)
	if Outranks(gone, kept) {
		gone, kept = kept, gone
	}
	if gone == kept {
		return gone, kept
	}
	if d.known == nil {
		d.known = map[Address]Address{}
	}
	d.known[gone] = kept
	return gone, kept
}

// Outranks reports whether address a is preferred to b as a person's primary address. A number is
// preferred to a user id, and a user id to a parent id, because most people are only ever known by
// their number.
func Outranks(a, b Address) bool { return a.Kind() < b.Kind() }
