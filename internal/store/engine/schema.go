package engine

import "fmt"

// Schema is the SQL of an account's tables, in numbered steps from an empty database to the newest.
// A step is applied once, in order, and never changed after a release.
type Schema []Migration

// Migration is a step of the schema. Its number is its place, from 1.
type Migration struct {
	Name       string
	Statements []string
}

// Version is the newest version that this program knows.
func (s Schema) Version() int { return len(s) }

// Check compares the database's version with the program's. What an older program would write may
// be wrong in a newer schema: it has to end.
func (s Schema) Check(version int) error {
	if version <= s.Version() {
		return nil
	}
	return fmt.Errorf("%w: a newer program has migrated it: %w", ErrSuperseded, s.tooNew(version))
}

func (s Schema) tooNew(version int) error {
	return fmt.Errorf(
		"it has schema version %d and this program knows %d at most: run the newer program", version, s.Version(),
	)
}

const (
	createMigrations = `CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY)`
	createOwner      = `CREATE TABLE IF NOT EXISTS owner (one INTEGER NOT NULL PRIMARY KEY, account_uid TEXT NOT NULL)`
	selectVersion    = `SELECT COALESCE(MAX(version), 0) FROM schema_migrations`
	insertVersion    = `INSERT INTO schema_migrations (version) VALUES ($1)`
	insertOwner      = `INSERT INTO owner (one, account_uid, ledger_id) VALUES (1, $1, $2) ON CONFLICT DO NOTHING`
	selectLedger     = `SELECT ledger_id FROM owner WHERE one = 1`
)

// StoredVersion is the version of the database's schema.
func StoredVersion(c Conn) (version int, err error) {
	_, err = First(c, selectVersion, nil, func(row Row) { version = int(row.Int(0)) })
	return version, err
}

// Migrate applies the migrations that the database does not have, all in one transaction under the
// writer's lock, so that several processes may try at once. A database that is newer than the
// program is refused: there is no way back.
func Migrate(c Conn, schema Schema) (err error) {
	if err := c.Begin(); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			c.Rollback()
		}
	}()
	for _, statement := range []string{createMigrations, createOwner} {
		if err := c.Exec(statement); err != nil {
			return err
		}
	}
	version, err := StoredVersion(c)
	if err != nil {
		return err
	}
	if version > schema.Version() {
		return schema.tooNew(version)
	}
	for i, migration := range schema[version:] {
		if err := migration.apply(c, version+i+1); err != nil {
			return fmt.Errorf("%s: %w", migration.Name, err)
		}
	}
	return c.Commit()
}

func (m Migration) apply(c Conn, version int) error {
	for _, statement := range m.Statements {
		if err := c.ExecOnce(statement); err != nil {
			return err
		}
	}
	return c.Exec(insertVersion, version)
}

// TakeOwnership makes the database the store of a ledger, and the account its owner, if it is
// nobody's. The store of another ledger is an error; that the ledger belongs to another account is
// none here.
func TakeOwnership(c Conn, accountUID, ledgerID string) error {
	if err := c.Exec(insertOwner, accountUID, ledgerID); err != nil {
		return err
	}
	var found string
	if _, err := First(c, selectLedger, nil, func(row Row) { found = row.Text(0) }); err != nil {
		return err
	}
	if found != ledgerID {
		return fmt.Errorf("it holds ledger %s, not %s: give each account a store of its own", found, ledgerID)
	}
	return nil
}
