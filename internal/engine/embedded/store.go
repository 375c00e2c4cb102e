package embedded

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
	file    *storeFile
	write   *sql.DB  // one connection: SQLite has one writer anyway
	read    *sql.DB  // cannot write
	schemas sync.Map // an action's input schema as text → *schema.Schema
}

// OpenStore opens the store at path, and creates it if there is no file. A file that
// is empty, is something else, or was written by a newer version of this program is
// refused and left as it is. So is a file with several hard links. Others than the
// owner may neither read nor write the store.
//
// Every commit is on the disk when it returns (journal_mode WAL, synchronous
// FULL). No transaction is committed once path names another file.
func OpenStore(ctx context.Context, path string) (*Store, error) {
	return openAt(ctx, path, false)
}

// OpenNewStore is like OpenStore, and takes an empty file as a new store too.
func OpenNewStore(ctx context.Context, path string) (*Store, error) {
	return openAt(ctx, path, true)
}

func openAt(ctx context.Context, path string, emptyToo bool) (*Store, error) {
	if path == "" {
		return nil, errors.New("open store: it needs a file name")
	}
	file, err := openFile(path)
	if errors.Is(err, fs.ErrNotExist) && file != nil {
		if err = createStore(ctx, file.path); err == nil {
			file, err = openFile(path)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	s := &Store{file: file}
	if err := s.open(ctx, emptyToo); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", file.path, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, emptyToo bool) (err error) {
	info, err := s.file.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 && !emptyToo {
		return errEmpty
	}
	if err := s.file.check(); err != nil {
		return err
	}
	if s.write, err = sql.Open("sqlite", dsn(s.file.path, "immediate", "synchronous(full)", "foreign_keys(1)")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if s.read, err = sql.Open("sqlite", dsn(s.file.path, "deferred", "query_only(1)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(4)
	s.read.SetMaxIdleConns(4) // a connection that is opened later could be one to another file
	if err := patiently(ctx, func() error { return migrate(ctx, s.write, emptyToo) }); err != nil {
		return err
	}
	if err := s.file.check(); err != nil {
		return err
	}
	return os.Chmod(s.file.path, 0o600)
}

// Close closes the store. An Engine on it must be closed before.
func (s *Store) Close() error {
	var errs []error
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	return errors.Join(append(errs, s.file.close())...)
}

// Path returns the store's file, absolute and with links resolved.
func (s *Store) Path() string { return s.file.path }

// InUse reports whether an [Engine] has the store, in whatever process.
func (s *Store) InUse() (bool, error) {
	used, err := s.file.inUse()
	if err != nil {
		return false, fmt.Errorf("look whether the store is in use: %w", err)
	}
	return used, nil
}

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

func dsn(path, lock string, pragmas ...string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": append([]string{"busy_timeout(10000)"}, pragmas...)}
	// SQLite takes a + for itself, not for a space.
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return u.String()
}

// tx runs do in one write transaction. It commits nothing once the store's path
// names another file: nobody would find what was written.
func (s *Store) tx(ctx context.Context, do func(*sql.Tx) error) error {
	return inTx(ctx, s.write, func(tx *sql.Tx) error {
		if err := do(tx); err != nil {
			return err
		}
		return s.file.check()
	})
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
