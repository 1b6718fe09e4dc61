// Package migrations is the SQL schema of an account's tables.
package migrations

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/guichet-dev/guichet/internal/store/engine"
)

// files are numbered SQL files; each is applied once, in order, and never changed after a
// release.
//
//go:embed *.sql
var files embed.FS

// Schema is the account's tables.
func Schema() engine.Schema {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		panic(err) // the pattern is well-formed
	}
	all := make(engine.Schema, 0, len(names))
	for _, name := range names {
		text, err := files.ReadFile(name)
		if err != nil {
			panic(err) // it is a part of the program
		}
		migration := engine.Migration{Name: "migrations/" + name}
		for statement := range strings.SplitSeq(string(text), ";\n") {
			if strings.TrimSpace(statement) != "" {
				migration.Statements = append(migration.Statements, statement)
			}
		}
		all = append(all, migration)
	}
	return all
}
