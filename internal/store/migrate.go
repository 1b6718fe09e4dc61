package store

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

// migrations are numbered SQL files; each is applied once, in order, and never changed after a
// release.
//
//go:embed migrations/*.sql
var migrations embed.FS

const (
	createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY)`
	createOwner      = `CREATE TABLE IF NOT EXISTS owner (one INTEGER NOT NULL PRIMARY KEY, account_uid TEXT NOT NULL)`
	selectVersion    = `SELECT COALESCE(MAX(version), 0) FROM schema_migrations`
	insertVersion    = `INSERT INTO schema_migrations (version) VALUES ($1)`
	insertOwner      = `INSERT INTO owner (one, account_uid) VALUES (1, $1) ON CONFLICT DO NOTHING`
	selectOwner      = `SELECT account_uid FROM owner WHERE one = 1`
)

// migrationFiles are the names of the migrations, in order.
func migrationFiles() []string {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		panic(err) // the pattern is well-formed
	}
	return files
}

// knownVersion is the version of the schema that this program knows.
func knownVersion() int { return len(migrationFiles()) }

// newerSchema says that the schema is of a newer program.
func newerSchema(version, known int) error {
	return fmt.Errorf(
		"it has schema version %d and this program knows %d at most: run the newer program", version, known,
	)
}

// supersededBySchema says that a newer program has migrated the schema while this one was running.
// What this one would write may be wrong there.
func supersededBySchema(version, known int) error {
	return fmt.Errorf("%w: a newer program has migrated it: %w", ErrSuperseded, newerSchema(version, known))
}

// migrate applies the migrations that the database does not have, all in one transaction under the
// writer's lock, so that several may try at once. A database that is newer than the program is
// refused: there is no way back.
func migrate(c connection) (err error) {
	files := migrationFiles()
	if err := c.begin(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			c.rollback()
		}
	}()
	if err := c.exec(createMigrations); err != nil {
		return err
	}
	var version int
	if _, err := first(c, selectVersion, nil, func(v values) { version = int(v.Int(0)) }); err != nil {
		return err
	}
	if version > len(files) {
		return newerSchema(version, len(files))
	}
	for _, file := range files[version:] {
		if err := apply(c, file); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	if err := c.exec(createOwner); err != nil {
		return err
	}
	return c.commit()
}

func apply(c connection, file string) error {
	number, _, _ := strings.Cut(strings.TrimPrefix(file, "migrations/"), "_")
	version, err := strconv.Atoi(number)
	if err != nil {
		return errors.New("its name must begin with its number")
	}
	text, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	for statement := range strings.SplitSeq(string(text), ";\n") {
		if strings.TrimSpace(statement) == "" {
			continue
		}
		if err := c.once(statement); err != nil {
			return err
		}
	}
	return c.exec(insertVersion, version)
}

// claimFor makes the account the store's owner if it has none. A store that belongs to another
// account is an error.
func claimFor(c connection, accountUID string) error {
	if err := c.exec(insertOwner, accountUID); err != nil {
		return err
	}
	var owner string
	if _, err := first(c, selectOwner, nil, func(v values) { owner = v.Text(0) }); err != nil {
		return err
	}
	if owner != accountUID {
		return fmt.Errorf(
			"it belongs to the account with UID %s, not to %s: give each account a store of its own", owner, accountUID,
		)
	}
	return nil
}
