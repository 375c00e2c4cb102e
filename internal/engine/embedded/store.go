package embedded

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	_ "embed"
	"encoding/hex"
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

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

//go:embed schema.sql
var schemaSQL string

const (
	// applicationID marks an SQLite file as a store ("soar" in ASCII).
	applicationID = 0x736f6172
	// schemaVersion is the version of schema.sql. A store of another version is rejected.
	schemaVersion = 11
)

var (
	errEmpty    = errors.New("the file is empty, so the content of the store is lost. Restore it from a backup, or accept the loss with --new-store")
	errNotStore = errors.New("is not a store of runs")
	errNewer    = errors.New("was written by a newer version of this program. Update the program, or choose another store")
	errOlder    = errors.New("was written by an older version of this program, and cannot be converted. " +
		"Move it away with its -wal file to start a new store, or use the older version to read it")
)

// A Store holds runs, steps, events, playbooks, checkpoints and the audit trail in
// one SQLite file. It is safe for concurrent use. Several processes can have it open at
// once; only one of them can have an [Engine] on it.
type Store struct {
	file  *storeFile
	write *sql.DB // one connection: SQLite has one writer anyway
	read  *sql.DB // cannot write
	// lockWait is how long a call waits for a subject that another call has locked.
	lockWait time.Duration
	schemas  sync.Map // schema of an input or output as text → *schema.Schema
}

// OpenStore opens the store at path, and creates it if there is no file. It rejects an
// empty file, a file of another kind or of another version, and a file with several
// hard links, and leaves the file unchanged. Only the owner can read or write the store.
//
// Every commit is on the disk when it returns (journal_mode WAL, synchronous FULL). No
// transaction is committed once path names another file.
func OpenStore(ctx context.Context, path string) (*Store, error) {
	return openAt(ctx, path, false)
}

// OpenNewStore is like OpenStore, and also accepts an empty file as a new store.
func OpenNewStore(ctx context.Context, path string) (*Store, error) {
	return openAt(ctx, path, true)
}

func openAt(ctx context.Context, path string, acceptEmpty bool) (*Store, error) {
	if path == "" {
		return nil, errors.New("open store: the file name is missing")
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
	s := &Store{file: file, lockWait: 30 * time.Second}
	if err := s.open(ctx, acceptEmpty); err != nil {
		return nil, errors.Join(fmt.Errorf("open store %s: %w", file.path, advised(err)), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, acceptEmpty bool) (err error) {
	info, err := s.file.f.Stat()
	if err != nil {
		return err
	}
	if info.Size() == 0 && !acceptEmpty {
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
	s.read.SetMaxIdleConns(4) // a connection that is opened later could open another file
	if err := retryBusy(ctx, func() error { return s.prepare(ctx, acceptEmpty) }); err != nil {
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

// Path returns the file of the store, absolute and with links resolved.
func (s *Store) Path() string { return s.file.path }

// InUse reports whether an [Engine] of any process works on the store.
func (s *Store) InUse() (bool, error) {
	used, err := s.file.lockedByAnyone(engineByte)
	if err != nil {
		return false, fmt.Errorf("check whether the store is in use: %w", err)
	}
	return used, nil
}

func dsn(path, lock string, pragmas ...string) string {
	q := url.Values{"_txlock": {lock}, "_pragma": append([]string{"busy_timeout(10000)"}, pragmas...)}
	// SQLite reads a + as itself, not as a space.
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: strings.ReplaceAll(q.Encode(), "+", "%20")}
	return u.String()
}

// busyTimeout is how long a store may be busy.
const busyTimeout = 10 * time.Second

// retryBusy repeats do while the store is busy. SQLite waits by itself (busy_timeout),
// except in one case: if two processes have both read and want to write, for example
// when they create the same store, SQLite rejects one of them at once.
func retryBusy(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, busyTimeout)
	defer cancel()
	for {
		err := do()
		var fault *sqlite.Error
		if !errors.As(err, &fault) || fault.Code()&0xff != sqlite3.SQLITE_BUSY {
			return err
		}
		if !sleep(ctx, 20*time.Millisecond, nil) {
			return err
		}
	}
}

// sleep waits for the time to pass or for a wake-up, and reports false if ctx ends first.
func sleep(ctx context.Context, wait time.Duration, wakeUp <-chan struct{}) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wakeUp:
	case <-ctx.Done():
	}
	return ctx.Err() == nil
}

// prepare checks that the database is a store of this version. It rejects a database
// without tables, unless acceptEmpty allows to make a store of it.
func (s *Store) prepare(ctx context.Context, acceptEmpty bool) error {
	db := &conn{ctx: ctx, db: s.write}
	version := db.version()
	if version == 0 && !acceptEmpty {
		db.fail(errEmpty)
	}
	// SQLite cannot change the mode inside a transaction. The mode is kept in the file.
	var mode string
	db.row(`PRAGMA journal_mode = WAL`).into(&mode)
	if mode != "wal" {
		db.fail(fmt.Errorf("its file system does not support a write-ahead log (journal mode is %s)", mode))
	}
	if db.err != nil || version == schemaVersion {
		return db.err
	}
	return errors.Join(removeFile(s.file.path+marksSuffix), createTables(ctx, s.write))
}

// createTables makes a store of an empty database.
func createTables(ctx context.Context, db *sql.DB) error {
	return inTx(ctx, db, func(tx *conn) {
		if tx.version() == schemaVersion {
			return // another process has created them in between
		}
		tx.exec(schemaSQL)
		tx.exec(fmt.Sprintf(`PRAGMA application_id = %d; PRAGMA user_version = %d`, applicationID, schemaVersion))
	})
}

// version returns the version of the store, 0 if the database is empty.
func (c *conn) version() int {
	var id, version, tables int
	c.row(`SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`).into(&id, &version, &tables)
	var fault *sqlite.Error
	reason := errNewer
	switch {
	case errors.As(c.err, &fault) && fault.Code() == sqlite3.SQLITE_NOTADB:
		c.err = errNotStore
		fallthrough
	case c.err != nil, id == 0 && version == 0 && tables == 0:
		return 0
	case id != applicationID || version < 1:
		c.err = errNotStore
		return 0
	case version == schemaVersion:
		return version
	case version < schemaVersion:
		reason = errOlder
	}
	c.err = fmt.Errorf("its version is %d and this program reads version %d: it %w", version, schemaVersion, reason)
	return 0
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

// schemaOf compiles each schema once.
func (s *Store) schemaOf(raw sdk.JSON) (*schema.Schema, error) {
	if known, ok := s.schemas.Load(string(raw)); ok {
		return known.(*schema.Schema), nil
	}
	compiled, err := schema.Parse(json.RawMessage(raw))
	if err != nil {
		return nil, err
	}
	s.schemas.Store(string(raw), compiled)
	return compiled, nil
}

// mask hides the secrets of a document: those that its schema marks, and those that a
// name or a form gives away. A document whose schema cannot be read is masked whole.
func (s *Store) mask(by sdk.JSON, doc json.RawMessage) json.RawMessage {
	if doc == nil {
		return nil
	}
	compiled, err := s.schemaOf(by)
	if err != nil {
		return json.RawMessage(`"` + schema.Masked + `"`)
	}
	return compiled.MaskAll(doc)
}

// HostKey returns the secret key of the store, and creates the key if there is none.
// All programs that share the store have the same key.
func (s *Store) HostKey(ctx context.Context) (key []byte, err error) {
	const selectKey = `SELECT key FROM host_key`
	db := s.reader(ctx)
	if !db.row(selectKey).find(&key) && db.err == nil {
		created := make([]byte, sdk.HostKeySize)
		rand.Read(created) // never fails
		db.err = s.tx(ctx, func(tx *conn) {
			// Another program may have stored its key in between: then this key is valid.
			tx.exec(`INSERT INTO host_key (one, key) VALUES (1, ?) ON CONFLICT DO NOTHING`, created)
			tx.row(selectKey).into(&key)
		})
	}
	if db.err == nil && len(key) != sdk.HostKeySize {
		db.err = fmt.Errorf("the key has %d bytes, not %d", len(key), sdk.HostKeySize)
	}
	if db.err != nil {
		return nil, db.failed("read the host's key")
	}
	return key, nil
}

// keyedDigest returns a digest of data that can hold secrets: without the host's key, nobody
// can guess the data.
func (s *Store) keyedDigest(ctx context.Context, data []byte) (string, error) {
	key, err := s.HostKey(ctx)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(data)
	return hex.EncodeToString(mac.Sum(nil)), nil
}
