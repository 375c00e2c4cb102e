package embedded

import (
	"context"
	"database/sql"
	"database/sql/driver"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

//go:embed schema.sql
var schemaSQL string

const (
	// applicationID marks an SQLite file as a store ("soar" in ASCII).
	applicationID = 0x736f6172
	// schemaVersion is the version of schema.sql. A store of another version is rejected.
	schemaVersion = 9
)

var (
	errEmpty    = errors.New("the file is empty, so what the store held is lost. Restore it from a backup, or accept the loss with --new-store")
	errNotStore = errors.New("is not a store of runs")
	errNewer    = errors.New("was written by a newer version of this program. Update the program, or choose another store")
	errOlder    = errors.New("was written by an older version of this program, and cannot be converted. " +
		"Move it away with its -wal file to start a new store, or use the older version to read it")
)

// prepare checks that the database is a store of this version. It rejects a database
// without tables, unless acceptEmpty allows to make a store of it.
func (s *Store) prepare(ctx context.Context, acceptEmpty bool) error {
	version, err := versionOf(ctx, s.write)
	if err != nil {
		return err
	}
	if version == 0 && !acceptEmpty {
		return errEmpty
	}
	// SQLite cannot change the mode inside a transaction. The mode is kept in the file.
	var mode string
	if err := s.write.QueryRowContext(ctx, `PRAGMA journal_mode = WAL`).Scan(&mode); err != nil {
		return err
	}
	if mode != "wal" {
		return fmt.Errorf("its file system does not support a write-ahead log (journal mode is %s)", mode)
	}
	if version == schemaVersion {
		return nil
	}
	if err := removeMarks(s.file.path); err != nil {
		return err
	}
	return createTables(ctx, s.write)
}

// createTables makes a store of an empty database.
func createTables(ctx context.Context, db *sql.DB) error {
	return inTx(ctx, db, func(tx *sql.Tx) error {
		// Another process may have created them in between.
		version, err := versionOf(ctx, tx)
		if err != nil || version == schemaVersion {
			return err
		}
		if _, err = tx.ExecContext(ctx, schemaSQL); err != nil {
			return fmt.Errorf("create the tables: %w", err)
		}
		_, err = tx.ExecContext(ctx, fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, applicationID, schemaVersion))
		return err
	})
}

// versionOf returns the version of the store, 0 if the database is empty.
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
	case id != applicationID || version < 1:
		return 0, errNotStore
	case version > schemaVersion:
		return 0, fmt.Errorf("its version is %d and this program reads version %d: it %w", version, schemaVersion, errNewer)
	case version < schemaVersion:
		return 0, fmt.Errorf("its version is %d and this program reads version %d: it %w", version, schemaVersion, errOlder)
	}
	return version, nil
}

// checkIntegrity rejects a damaged store.
func (s *Store) checkIntegrity() error {
	var result string
	err := s.read.QueryRow(`PRAGMA quick_check(1)`).Scan(&result)
	if err == nil && result != "ok" {
		err = errors.New(result)
	}
	if err != nil {
		return fmt.Errorf("the store %s is damaged: %w. Restore it from a backup", s.file.path, err)
	}
	return nil
}

// A querier is a database or a transaction.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// A row is one row of a result.
type row interface{ Scan(...any) error }

// list returns all rows of a query, as scan reads them.
func list[T any](ctx context.Context, q querier, scan func(row) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}

// scanOne reads a row of one column.
func scanOne[T any](r row) (v T, err error) {
	err = r.Scan(&v)
	return v, err
}

// execAll runs statements in order, all with the same arguments.
func execAll(ctx context.Context, tx *sql.Tx, statements []string, args ...any) error {
	for _, statement := range statements {
		if _, err := tx.ExecContext(ctx, statement, args...); err != nil {
			return err
		}
	}
	return nil
}

// stamp returns a time as it is stored: microseconds since 1970, NULL for the zero time.
func stamp(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func unstamp(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}

// timeColumn reads a column that stamp wrote.
type timeColumn struct{ *time.Time }

// Scan implements [sql.Scanner].
func (c timeColumn) Scan(v any) error {
	var n sql.NullInt64
	err := n.Scan(v)
	*c.Time = unstamp(n)
	return err
}

// asJSON reads and writes a pointer as a JSON column; NULL is nil.
type asJSON[T any] struct{ v **T }

// Scan implements [sql.Scanner].
func (c asJSON[T]) Scan(v any) error {
	var text sql.NullString
	if err := text.Scan(v); err != nil || !text.Valid {
		return err
	}
	return json.Unmarshal([]byte(text.String), c.v)
}

// Value implements [driver.Valuer].
func (c asJSON[T]) Value() (driver.Value, error) {
	if *c.v == nil {
		return nil, nil
	}
	b, err := json.Marshal(*c.v)
	return string(b), err
}

// text is JSON as the value of a column, NULL if there is none.
func text(m json.RawMessage) sql.NullString {
	return sql.NullString{String: string(m), Valid: m != nil}
}
