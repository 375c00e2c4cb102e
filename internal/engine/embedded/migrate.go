package embedded

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

var (
	//go:embed schema_v1.sql
	schemaV1 string
	//go:embed schema_v2.sql
	schemaV2 string
	//go:embed schema_v3.sql
	schemaV3 string
	//go:embed schema_v4.sql
	schemaV4 string
	//go:embed schema_v5.sql
	schemaV5 string
	//go:embed schema_v6.sql
	schemaV6 string
	//go:embed schema_v7.sql
	schemaV7 string
	//go:embed schema_v8.sql
	schemaV8 string
)

// migrations lead from each version of the store to the next. Those that were
// released never change.
var migrations = []string{schemaV1, schemaV2, schemaV3, schemaV4, schemaV5, schemaV6, schemaV7, schemaV8}

// applicationID marks an SQLite file as a store ("soar" in ASCII).
const applicationID = 0x736f6172

var (
	errEmpty    = errors.New("the file is empty, so what the store held is lost. Restore it from a backup, or accept the loss with --new-store")
	errNotStore = errors.New("is not a store of runs")
	errNewer    = errors.New("was written by a newer version of this program; update the program, or choose another store")
)

// migrate brings the store to the newest version. A database without tables is
// refused, unless emptyToo has it made a store.
func migrate(ctx context.Context, db *sql.DB, emptyToo bool) error {
	version, err := versionOf(ctx, db)
	if err != nil {
		return err
	}
	if version == 0 && !emptyToo {
		return errEmpty
	}
	// Cannot be changed inside a transaction, and lasts in the file.
	var mode string
	if err := db.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("its file system cannot hold a write-ahead log (journal mode is %s)", mode)
	}
	if version == len(migrations) {
		return nil
	}
	return migrateAll(ctx, db)
}

// migrateAll applies the migrations that the database does not have.
func migrateAll(ctx context.Context, db *sql.DB) error {
	return inTx(ctx, db, func(tx *sql.Tx) error {
		// Another process may have been faster.
		version, err := versionOf(ctx, tx)
		if err != nil {
			return err
		}
		for ; version < len(migrations); version++ {
			if _, err := tx.ExecContext(ctx, migrations[version]); err != nil {
				return fmt.Errorf("migrate to version %d: %w", version+1, err)
			}
		}
		_, err = tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, applicationID, version))
		return err
	})
}

type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// versionOf returns the store's version, 0 if the file is empty.
func versionOf(ctx context.Context, q querier) (int, error) {
	var id, version, tables int
	err := q.QueryRowContext(ctx, `SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`).Scan(&id, &version, &tables)
	var fault *sqlite.Error
	switch {
	case errors.As(err, &fault) && fault.Code() == sqlite3.SQLITE_NOTADB:
		return 0, errNotStore
	case err != nil:
		return 0, err
	case id == 0 && version == 0 && tables == 0:
		return 0, nil
	case id != applicationID:
		return 0, errNotStore
	case version > len(migrations):
		return 0, fmt.Errorf("its version is %d and this program knows %d: it %w", version, len(migrations), errNewer)
	case version < 1:
		return 0, errNotStore
	}
	return version, nil
}

// checkWhole refuses a damaged store.
func (s *Store) checkWhole() error {
	var verdict string
	if err := s.read.QueryRow(`PRAGMA quick_check(1)`).Scan(&verdict); err != nil {
		return fmt.Errorf("the store %s is damaged: %w", s.file.path, err)
	}
	if verdict != "ok" {
		return fmt.Errorf("the store %s is damaged: %s", s.file.path, verdict)
	}
	return nil
}
