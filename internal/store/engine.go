package store

import "errors"

// newEngine chooses the engine that the options name.
func newEngine(options *Options) (engine, error) {
	switch {
	case options.Shared == nil:
		return newSQLite(options.Path, options.AccountUID)
	case options.Path != "":
		return nil, errors.New("a store is either a file or shared, not both")
	default:
		return newPostgreSQL(options)
	}
}
