package identity

// Hold is how a person has a number, as far as the network has told. Instants are Unix seconds; 0
// is never.
type Hold struct {
	// Since is when the number came to the person, from somebody else or by a change of number.
	Since int64
	// Left is when the person changed to another number.
	Left int64
}

// InUse tells whether the person has not left the number, or has come back to it.
func (h Hold) InUse() bool { return h.Left == 0 || h.Since > h.Left }

// Fate is what a statement about a number says of the person who is known to have it.
type Fate uint8

// The fates.
const (
	// Stays says that the number is that person's.
	Stays Fate = iota
	// PassesOn says that the number is another person's from now on.
	PassesOn
	// Contested says that the number is most likely another person's. The network gives a person
	// another user id now and then, so what the former one refused still holds for the number.
	Contested
	// Outdated says that the statement is about somebody who had the number before.
	Outdated
)

// Evidence is what a statement says beside the number itself.
type Evidence struct {
	// At is when it was made; 0 if it does not say.
	At int64
	// Same says that it names the person who is known to have the number.
	Same bool
	// Differs says that it has a user id, and that this person is known by another one of its kind.
	Differs bool
}

// Written judges what a customer does from a number.
func (h Hold) Written(e Evidence) Fate {
	switch {
	case e.Same:
		return Stays
	case e.At != 0 && e.At < h.Since:
		return Outdated
	case !h.InUse() && e.At > h.Left:
		return PassesOn
	case e.Differs:
		return Contested
	default:
		return Stays
	}
}

// Taken judges a notice that somebody has changed to the number.
func (h Hold) Taken(e Evidence) Fate {
	switch {
	case e.Same:
		return Stays
	case e.At != 0 && e.At < h.Since:
		return Outdated
	case !h.InUse() && e.At >= h.Left, e.Differs:
		return PassesOn
	default:
		return Stays
	}
}
