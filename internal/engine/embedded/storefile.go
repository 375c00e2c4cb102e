package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
)

// A storeFile is the database file of a store. It is open for the lock of the engine and
// for the check that the store's path still names this file. It is opened before SQLite
// opens the file, and closed after SQLite has closed it.
type storeFile struct {
	path   string // absolute, without symbolic links
	given  string // absolute, as the caller wrote it
	f      *os.File
	info   os.FileInfo
	closed bool // under openFiles
	locks  locks
	pinned atomic.Pointer[map[string]os.FileInfo]
}

// openFiles lists the open descriptors. Closing any descriptor of a file releases all
// POSIX locks of the process on that file, and SQLite depends on these locks. So the
// descriptors of a file are closed when no Store of this process uses the file any more.
var openFiles struct {
	sync.Mutex
	list []*storeFile
}

// openFile opens the regular file at path. Its error wraps fs.ErrNotExist if there is none.
func openFile(path string) (*storeFile, error) {
	given, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &storeFile{given: given, locks: locks{held: map[int64]*heldLock{}}}
	if s.path, err = resolve(given); err != nil {
		return nil, err
	}
	// Opening a pipe or a device can block or have effects.
	if info, err := os.Stat(s.path); err != nil {
		return s, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", given)
	}
	openFiles.Lock()
	defer openFiles.Unlock()
	if s.f, err = os.OpenFile(s.path, os.O_RDWR, 0); err != nil {
		return s, err
	}
	if s.info, err = s.f.Stat(); err != nil {
		return nil, errors.Join(err, s.f.Close())
	}
	openFiles.list = append(openFiles.list, s)
	return s, nil
}

// close releases the file and the engine's lock on it. Further calls do nothing.
func (s *storeFile) close() error {
	openFiles.Lock()
	defer openFiles.Unlock()
	if s.closed {
		return nil
	}
	s.locks.mu.Lock()
	writer := s.locks.writer
	s.locks.mu.Unlock()
	err := errors.Join(s.release(engineByte), s.release(writer))
	s.closed = true
	same := func(o *storeFile) bool { return os.SameFile(o.info, s.info) }
	if slices.ContainsFunc(openFiles.list, func(o *storeFile) bool { return same(o) && !o.closed }) {
		return err
	}
	openFiles.list = slices.DeleteFunc(openFiles.list, func(o *storeFile) bool {
		if same(o) {
			err = errors.Join(err, o.f.Close())
		}
		return same(o)
	})
	return err
}

// errMoved is the cause of each error of [storeFile.check] about a file that is no longer
// the file of the store.
var errMoved = errors.New("stop every process that uses it, and put the file back together with its -wal file")

// check returns an error unless the store's path still names this file, and no other
// path does. Changes are lost if a database in use is deleted, renamed or replaced. A
// second hard link can corrupt it: each link has its own write-ahead log.
func (s *storeFile) check() error {
	for _, path := range []string{s.path, s.given} {
		named, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("the store %s was deleted or renamed while in use: %w", path, errMoved)
		case err != nil:
			return fmt.Errorf("cannot read the attributes of the store %s: %w", path, err)
		case !os.SameFile(named, s.info):
			return fmt.Errorf("the store %s was replaced by another file while in use: %w", path, errMoved)
		}
	}
	if n, err := links(s.f); err != nil {
		return err
	} else if n > 1 {
		return fmt.Errorf("the store %s has %d hard links: processes that use different links corrupt it. Delete all but one", s.path, n)
	}
	if pinned := s.pinned.Load(); pinned != nil {
		for path, was := range *pinned {
			if named, err := os.Stat(path); err != nil || !os.SameFile(named, was) {
				return fmt.Errorf("%s was deleted or replaced while in use: %w", path, errMoved)
			}
		}
	}
	return nil
}

// pin makes check also watch the files that SQLite keeps beside the database. From here
// on, a connection must stay open, since SQLite deletes these files with the last one.
func (s *storeFile) pin() {
	pinned := map[string]os.FileInfo{}
	for _, suffix := range []string{"-wal", "-shm"} {
		if info, err := os.Stat(s.path + suffix); err == nil {
			pinned[s.path+suffix] = info
		}
	}
	s.pinned.Store(&pinned)
}

// resolve returns path without symbolic links, even if the last link leads to a file
// that does not exist yet.
func resolve(path string) (string, error) {
	for range 40 {
		resolved, err := filepath.EvalSymlinks(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return resolved, err
		}
		target, err := os.Readlink(path)
		if err != nil {
			dir, err := filepath.EvalSymlinks(filepath.Dir(path))
			return filepath.Join(dir, filepath.Base(path)), err
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return "", fmt.Errorf("%s: too many symbolic links", path)
}

// createStore creates a new store at path, unless another process has created it. The
// store gets its name when it is complete and on the disk: a process that is killed here
// leaves no empty file in place of a store.
func createStore(ctx context.Context, path string) (err error) {
	unlock, err := lockDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := path + ".new" // an existing one belongs to a process that was killed
	if err := removeFile(unfinished); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeFile(unfinished))
		}
	}()
	if err := writeEmptyStore(ctx, unfinished); err != nil {
		return err
	}
	// SQLite would apply the log of a deleted store to the new store.
	for _, suffix := range []string{"-wal", "-journal", "-shm"} {
		if err := os.Rename(path+suffix, path+suffix+".old"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := errors.Join(removeFile(path+marksSuffix), os.Rename(unfinished, path)); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// removeFile deletes a file if it exists.
func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func writeEmptyStore(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return err
	}
	defer db.Close()
	db.SetMaxOpenConns(1) // each connection has its own memory
	if err := createTables(ctx, db); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return fmt.Errorf("write a new store: %w", advised(err))
	}
	return f.Sync()
}
