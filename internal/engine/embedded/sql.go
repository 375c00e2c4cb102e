package embedded

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"soar.example/okta/sdk"
)

// A conn runs SQL statements, in a transaction or outside of one. After an error its
// further statements do nothing, so that callers check err once, at the end.
type conn struct {
	ctx context.Context
	db  interface {
		ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
		QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
		PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	}
	prepared map[string]*sql.Stmt
	err      error
}

// reader returns a conn that cannot write.
func (s *Store) reader(ctx context.Context) *conn { return &conn{ctx: ctx, db: s.read} }

// tx runs do in one write transaction. It commits nothing once the store's path names
// another file: nobody would find the changes.
func (s *Store) tx(ctx context.Context, do func(*conn)) error {
	return inTx(ctx, s.write, func(tx *conn) {
		if do(tx); tx.err == nil {
			tx.err = s.file.check()
		}
	})
}

func inTx(ctx context.Context, db *sql.DB, do func(*conn)) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return advised(err)
	}
	defer tx.Rollback() // does nothing after Commit
	c := &conn{ctx: ctx, db: tx, prepared: map[string]*sql.Stmt{}}
	do(c)
	switch {
	case c.err == nil:
		return advised(tx.Commit())
	case ctx.Err() != nil:
		return ctx.Err() // SQLite's error hides that ctx ended
	}
	return advised(c.err)
}

// advice says what to do after an error of SQLite, by the primary code of the error.
var advice = map[int]string{
	sqlite3.SQLITE_FULL:     "Free space on the disk of the store, then try again",
	sqlite3.SQLITE_IOERR:    "Check that the disk of the store works and has free space, then try again",
	sqlite3.SQLITE_READONLY: "Make the store, its folder and its disk writable for this user, then try again",
	sqlite3.SQLITE_CANTOPEN: "Make the store, its folder and its disk writable for this user, then try again",
	sqlite3.SQLITE_PERM:     "Make the store, its folder and its disk writable for this user, then try again",
	sqlite3.SQLITE_BUSY:     "Another process has been writing to the store for 10 seconds. Wait until it has ended, then try again",
	sqlite3.SQLITE_CORRUPT:  "The store is damaged: restore it from a backup",
}

// An advisedError is an error of SQLite and what to do next.
type advisedError struct {
	error
	next string
}

// Error returns the error and the next step.
func (e *advisedError) Error() string { return e.error.Error() + ". " + e.next }

// Unwrap returns the error of SQLite.
func (e *advisedError) Unwrap() error { return e.error }

// advised adds to an error of SQLite what to do next, once.
func advised(err error) error {
	var known *advisedError
	var fault *sqlite.Error
	if errors.As(err, &known) || !errors.As(err, &fault) || advice[fault.Code()&0xff] == "" {
		return err
	}
	return &advisedError{err, advice[fault.Code()&0xff]}
}

// fail records an error, unless there was one before.
func (c *conn) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// failed returns the error with a description of the task, nil if there was none. It
// returns an *[sdk.Error] unchanged.
func (c *conn) failed(task string) error {
	if e := (*sdk.Error)(nil); c.err == nil || errors.As(c.err, &e) {
		return c.err
	}
	return fmt.Errorf("%s: %w", task, advised(c.err))
}

// prepare parses a statement that the transaction runs many times.
func (c *conn) prepare(query string) {
	if c.err == nil {
		c.prepared[query], c.err = c.db.PrepareContext(c.ctx, query)
	}
}

// changes counts the rows that a statement changed. Seq is the number of a new row.
type changes struct{ rows, seq int64 }

// exec runs a statement that changes rows.
func (c *conn) exec(query string, args ...any) (done changes) {
	if c.err != nil {
		return done
	}
	var result sql.Result
	if s, ok := c.prepared[query]; ok {
		result, c.err = s.ExecContext(c.ctx, columns(args)...)
	} else {
		result, c.err = c.db.ExecContext(c.ctx, query, columns(args)...)
	}
	if c.err == nil {
		done.rows, c.err = result.RowsAffected()
	}
	if c.err == nil {
		done.seq, c.err = result.LastInsertId()
	}
	return done
}

// each calls do with each row of a query. Do reads the row, and reports whether to go on.
func (c *conn) each(do func(read func(columns ...any)) bool, query string, args ...any) {
	if c.err != nil {
		return
	}
	var rows *sql.Rows
	if s, ok := c.prepared[query]; ok {
		rows, c.err = s.QueryContext(c.ctx, columns(args)...)
	} else {
		rows, c.err = c.db.QueryContext(c.ctx, query, columns(args)...)
	}
	if c.err != nil {
		return
	}
	defer func() { c.fail(errors.Join(rows.Err(), rows.Close())) }()
	read := func(into ...any) { c.fail(rows.Scan(columns(into)...)) }
	for rows.Next() && do(read) && c.err == nil {
	}
}

// list returns the rows of a query. Variables returns those of one row.
func list[T any](c *conn, variables func(*T) []any, query string, args ...any) (all []T) {
	c.each(func(read func(...any)) bool {
		var v T
		read(variables(&v)...)
		all = append(all, v)
		return true
	}, query, args...)
	if c.err != nil {
		return nil
	}
	return all
}

// only is the columns function of a query with one column.
func only[T any](v *T) []any { return []any{v} }

// A row is the first row of a query.
type row struct {
	c     *conn
	query string
	args  []any
}

func (c *conn) row(query string, args ...any) row { return row{c, query, args} }

// find reads the row, and reports whether there is one.
func (r row) find(columns ...any) (found bool) {
	r.c.each(func(read func(...any)) bool {
		read(columns...)
		found = r.c.err == nil
		return false
	}, r.query, r.args...)
	return found
}

// into reads the row. A query without a row is an error.
func (r row) into(columns ...any) {
	if !r.find(columns...) {
		r.c.fail(sql.ErrNoRows)
	}
}

// exists reports whether a SELECT has a row.
func (c *conn) exists(query string, args ...any) (exists bool) {
	c.row(`SELECT EXISTS (`+query+`)`, args...).into(&exists)
	return exists
}

// findID returns the only ID of a table that begins with the text. It fails with an
// *[sdk.Error]: not_found if there is none, invalid_input if the text is shorter than four
// letters or ambiguous. Thing is the name of one row.
func (c *conn) findID(thing, table, text string) (id string) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(strings.TrimPrefix(text, batchPrefix)) < 4 {
		c.fail(sdk.Errorf(sdk.InvalidInput, "the %s ID %q is too short: give at least its first four letters", thing, text))
	}
	// IDs end with hexadecimal digits, so all IDs with this prefix are below it followed by
	// a "g".
	found := list(c, only[string], `SELECT id FROM `+table+` WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT 2`, text)
	switch len(found) {
	case 0:
		c.fail(sdk.Errorf(sdk.NotFound, "there is no %s %q", thing, text))
		return ""
	case 1:
		return found[0]
	}
	c.fail(sdk.Errorf(sdk.InvalidInput, "several %s IDs begin with %q: give more letters of the ID", thing, text))
	return ""
}

// columns wraps the arguments and variables of a statement that database/sql cannot store
// or read: a time is stored as microseconds since 1970, an error or a list as JSON. The
// zero values of these are NULL.
func columns(all []any) []any {
	all = slices.Clone(all)
	for i, v := range all {
		switch v := v.(type) {
		case time.Time, *time.Time, *sdk.ErrorBody, **sdk.ErrorBody, []string, *[]string, []int64, []sdk.PlannedRequest, *[]sdk.PlannedRequest:
			all[i] = column{v}
		case json.RawMessage:
			all[i] = sql.NullString{String: string(v), Valid: v != nil}
		case *json.RawMessage:
			all[i] = (*[]byte)(v)
		}
	}
	return all
}

type column struct{ v any }

// Value implements [driver.Valuer].
func (c column) Value() (driver.Value, error) {
	if t, ok := c.v.(time.Time); ok && !t.IsZero() {
		return t.UnixMicro(), nil
	} else if reflect.ValueOf(c.v).IsZero() || ok {
		return nil, nil
	}
	text, err := json.Marshal(c.v)
	return string(text), err
}

// Scan implements [sql.Scanner].
func (c column) Scan(v any) error {
	if t, ok := c.v.(*time.Time); ok {
		var n sql.NullInt64
		err := n.Scan(v)
		*t = time.Time{}
		if n.Valid {
			*t = time.UnixMicro(n.Int64).UTC()
		}
		return err
	}
	var text sql.NullString
	if err := text.Scan(v); err != nil || !text.Valid {
		return err
	}
	return json.Unmarshal([]byte(text.String), c.v)
}
