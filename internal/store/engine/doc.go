// Package engine says what a database engine of the store is. Its implementations are packages
// beside it, one folder each; internal/store alone uses them, and uses nothing of theirs that is
// not here.
package engine
