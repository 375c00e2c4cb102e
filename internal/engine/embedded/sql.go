package embedded

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

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
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	c := &conn{ctx: ctx, db: tx, prepared: map[string]*sql.Stmt{}}
	do(c)
	switch {
	case c.err == nil:
		return tx.Commit()
	case ctx.Err() != nil:
		return ctx.Err() // SQLite's error hides that ctx ended
	}
	return c.err
}

// fail records an error, unless there was one before.
func (c *conn) fail(err error) {
	if c.err == nil {
		c.err = err
	}
}

// failed returns the error with a description of the task, nil if there was none.
func (c *conn) failed(task string) error {
	if c.err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", task, c.err)
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
		result, c.err = s.ExecContext(c.ctx, values(args)...)
	} else {
		result, c.err = c.db.ExecContext(c.ctx, query, values(args)...)
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
		rows, c.err = s.QueryContext(c.ctx, values(args)...)
	} else {
		rows, c.err = c.db.QueryContext(c.ctx, query, values(args)...)
	}
	if c.err != nil {
		return
	}
	defer func() { c.fail(errors.Join(rows.Err(), rows.Close())) }()
	read := func(columns ...any) { c.fail(rows.Scan(destinations(columns)...)) }
	for rows.Next() && do(read) && c.err == nil {
	}
}

// list returns the rows of a query. Columns returns the variables of one row.
func list[T any](c *conn, columns func(*T) []any, query string, args ...any) (all []T) {
	c.each(func(read func(...any)) bool {
		var v T
		read(columns(&v)...)
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

// values returns arguments as they are stored: a time as microseconds since 1970, an
// error and a list as JSON. The zero values of these are NULL.
func values(args []any) []any {
	all := slices.Clone(args)
	for i, arg := range all {
		switch v := arg.(type) {
		case time.Time:
			all[i] = sql.NullInt64{Int64: v.UnixMicro(), Valid: !v.IsZero()}
		case json.RawMessage:
			all[i] = sql.NullString{String: string(v), Valid: v != nil}
		case *sdk.ErrorBody:
			all[i] = jsonColumn{v, v == nil}
		case []string:
			all[i] = jsonColumn{v, v == nil}
		case []int64:
			all[i] = jsonColumn{v, v == nil}
		}
	}
	return all
}

// destinations returns variables that read columns as [values] stored them.
func destinations(columns []any) []any {
	for i, column := range columns {
		switch v := column.(type) {
		case *time.Time:
			columns[i] = timeColumn{v}
		case *json.RawMessage:
			columns[i] = (*[]byte)(v)
		case **sdk.ErrorBody, *[]string:
			columns[i] = jsonColumn{v: v}
		}
	}
	return columns
}

type timeColumn struct{ *time.Time }

// Scan implements [sql.Scanner].
func (c timeColumn) Scan(v any) error {
	var n sql.NullInt64
	err := n.Scan(v)
	*c.Time = time.Time{}
	if n.Valid {
		*c.Time = time.UnixMicro(n.Int64).UTC()
	}
	return err
}

type jsonColumn struct {
	v    any // to read: a pointer
	null bool
}

// Scan implements [sql.Scanner].
func (c jsonColumn) Scan(v any) error {
	var text sql.NullString
	if err := text.Scan(v); err != nil || !text.Valid {
		return err
	}
	return json.Unmarshal([]byte(text.String), c.v)
}

// Value implements [driver.Valuer].
func (c jsonColumn) Value() (driver.Value, error) {
	if c.null {
		return nil, nil
	}
	text, err := json.Marshal(c.v)
	return string(text), err
}
