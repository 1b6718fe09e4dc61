// Package identity says what an address of a customer is, and which addresses belong to one person.
//
// A person has many addresses: a phone number in several spellings, other numbers over time, and
// the user ids that the network gives out. Two sources say that addresses belong together.
// Published numbering rules give every phone number one spelling, see Address.Spelling. What the
// network itself says is learned, and wins over the rules: the gateway keeps it in its store,
// Directory keeps it in memory.
//
// An address is compared and kept only under its spelling. What is dialled is the address as Parse
// returns it, because the network has its own rules for spellings.
package identity
