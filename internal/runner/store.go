package runner

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"soar.example/okta/schema"
)

// A Store is the engine's memory in one SQLite file: runs, steps, events,
// playbooks, checkpoints and the audit trail. It is safe for concurrent use, and
// several processes may have it open at once; only one of them may have an
// [Engine] on it.
type Store struct {
	path    string
	write   *sql.DB  // one connection: SQLite has one writer anyway
	read    *sql.DB  // cannot write
	schemas sync.Map // an action's input schema as text → *schema.Schema
}

// OpenStore opens the store at path, and creates it if there is no file or an
// empty one. A file that is something else, or was written by a newer version
// of this program, is refused and left as it is. Others than the owner may
// neither read nor write it.
//
// Every commit is on the disk when it returns (journal_mode WAL, synchronous
// FULL).
func OpenStore(ctx context.Context, path string) (_ *Store, err error) {
	if path == "" {
		return nil, errors.New("open store: it needs a file name")
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	like, err := modelOf(path)
	if err != nil {
		return nil, fmt.Errorf("open store: %w", err)
	}
	s := new(Store)
	if s.write, err = sql.Open("sqlite", dsn(path, like, "immediate", "synchronous(full)", "foreign_keys(1)")); err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn(path, "", "deferred", "query_only(1)")); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), s.write.Close())
	}
	s.read.SetMaxOpenConns(4)
	if err = patiently(ctx, func() error { return migrate(ctx, s.write) }); err == nil {
		err = os.Chmod(path, 0o600)
	}
	if err == nil {
		// One name for one file, so that two engines meet at the same lock.
		s.path, err = filepath.EvalSymlinks(path)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", path, err), s.Close())
	}
	return s, nil
}

// Close closes the store. An Engine on it must be closed before.
func (s *Store) Close() error { return errors.Join(s.read.Close(), s.write.Close()) }

// Path returns the store's file, absolute and with links resolved.
func (s *Store) Path() string { return s.path }

// Checkpoint returns where the named source goes on, nil if it never began.
func (s *Store) Checkpoint(ctx context.Context, source string) (json.RawMessage, error) {
	var place []byte
	err := s.read.QueryRowContext(ctx, `SELECT place FROM checkpoints WHERE source = ?`, source).Scan(&place)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint of %s: %w", source, err)
	}
	return place, nil
}

// modelOf returns a file whose mode SQLite is to give to the one at path, "" if
// that is there already. The file itself is never opened here, not even to
// create it: closing it would take away the locks that SQLite has on it in this
// process (POSIX locks; see "How To Corrupt An SQLite Database File").
func modelOf(path string) (string, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s is not a file", path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	f, err := os.OpenFile(path+lockSuffix, os.O_RDONLY|os.O_CREATE, 0o600)
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

func dsn(path, like, lock string, pragmas ...string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": append([]string{"busy_timeout(10000)"}, pragmas...)}
	if like != "" {
		q.Set("modeof", like)
	}
	// SQLite takes a + for itself, not for a space.
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return u.String()
}

// tx runs do in one write transaction.
func (s *Store) tx(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, s.write, do)
}

func inTx(ctx context.Context, db *sql.DB, do func(*sql.Tx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() // does nothing after Commit
	if err := do(tx); err != nil {
		if ctx.Err() != nil {
			return ctx.Err() // rather than what it looked like from inside
		}
		return err
	}
	return tx.Commit()
}

// schemaOf compiles an input schema once.
func (s *Store) schemaOf(raw json.RawMessage) (*schema.Schema, error) {
	if known, ok := s.schemas.Load(string(raw)); ok {
		return known.(*schema.Schema), nil
	}
	compiled, err := schema.Parse(raw)
	if err != nil {
		return nil, err
	}
	s.schemas.Store(string(raw), compiled)
	return compiled, nil
}

// stamp is how a time is stored: microseconds since 1970, NULL for the zero time.
func stamp(t time.Time) sql.NullInt64 {
	return sql.NullInt64{Int64: t.UnixMicro(), Valid: !t.IsZero()}
}

func unstamp(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}
