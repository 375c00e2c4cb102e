package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
)

// A storeFile is the database file of a store, held open for the engine's lock and
// for the check that the store's path still names this file. It is opened before
// SQLite opens the file, and closed after SQLite has closed it.
type storeFile struct {
	path   string // absolute, without symbolic links
	given  string // absolute, as the caller spelt it
	f      *os.File
	of     *sharedFile // nil once it is closed
	locked atomic.Bool // by an engine of this process
	beside atomic.Pointer[map[string]os.FileInfo]
}

// A sharedFile is a file of which this process has at least one storeFile.
type sharedFile struct {
	info    os.FileInfo
	users   int
	closing []*os.File // released, to be closed with the last user
}

// shared lists the files that are open. Closing any descriptor of a file drops all
// POSIX locks of the process on that file, and SQLite depends on those locks. So a
// descriptor is closed only when no other Store of this process uses the file.
var shared struct {
	sync.Mutex
	files []*sharedFile
}

// openFile opens the regular file at path. Its error wraps fs.ErrNotExist if there
// is none.
func openFile(path string) (*storeFile, error) {
	given, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	s := &storeFile{given: given}
	if s.path, err = resolve(given); err != nil {
		return nil, err
	}
	// To open a pipe or a device can block or have effects.
	if info, err := os.Stat(s.path); err != nil {
		return s, err
	} else if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a file", given)
	}
	shared.Lock()
	defer shared.Unlock()
	if s.f, err = os.OpenFile(s.path, os.O_RDWR, 0); err != nil {
		return s, err
	}
	info, err := s.f.Stat()
	if err != nil {
		return nil, errors.Join(err, s.f.Close())
	}
	at := slices.IndexFunc(shared.files, func(o *sharedFile) bool { return os.SameFile(o.info, info) })
	if at < 0 {
		at = len(shared.files)
		shared.files = append(shared.files, &sharedFile{info: info})
	}
	s.of = shared.files[at]
	s.of.users++
	return s, nil
}

// close releases the file and the engine's lock on it. It may be called again.
func (s *storeFile) close() error {
	shared.Lock()
	defer shared.Unlock()
	if s.of == nil {
		return nil
	}
	err := s.unlock()
	o := s.of
	s.of = nil
	o.users--
	o.closing = append(o.closing, s.f)
	if o.users > 0 {
		return err
	}
	shared.files = slices.DeleteFunc(shared.files, func(other *sharedFile) bool { return other == o })
	for _, f := range o.closing {
		err = errors.Join(err, f.Close())
	}
	return err
}

// lock takes the engine's lock, and reports false if another engine has it. The
// lock belongs to the open file, whatever its names, and ends with the process.
func (s *storeFile) lock() (bool, error) {
	if !s.locked.CompareAndSwap(false, true) {
		return false, nil
	}
	free, err := tryLock(s.f)
	if err != nil || !free {
		s.locked.Store(false)
	}
	return free, err
}

func (s *storeFile) unlock() error {
	if !s.locked.CompareAndSwap(true, false) {
		return nil
	}
	return releaseLock(s.f)
}

// inUse reports whether an engine has the lock, in any process.
func (s *storeFile) inUse() (bool, error) {
	if s.locked.Load() {
		return true, nil
	}
	return lockedElsewhere(s.f)
}

// errMoved is the cause of every error of [storeFile.check] about a file that is
// no longer the store's.
var errMoved = errors.New("stop every process that uses it, and put the file back together with its -wal file")

// check returns an error unless the store's path still names this file, and this
// file alone: deleting, renaming or replacing a database in use loses what is
// written to it, and a second hard link can corrupt it, since each link has a
// write-ahead log of its own.
func (s *storeFile) check() error {
	info, err := s.f.Stat()
	if err != nil {
		return err
	}
	for _, path := range []string{s.path, s.given} {
		named, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("the store %s was deleted or renamed while in use: %w", path, errMoved)
		case err != nil:
			return fmt.Errorf("cannot look at the store %s: %w", path, err)
		case !os.SameFile(named, info):
			return fmt.Errorf("the store %s was replaced by another file while in use: %w", path, errMoved)
		}
	}
	if n, err := links(s.f); err != nil {
		return err
	} else if n > 1 {
		return fmt.Errorf("the store %s has %d hard links: processes that use different links corrupt it. Delete all but one", s.path, n)
	}
	beside := s.beside.Load()
	if beside == nil {
		return nil
	}
	for path, was := range *beside {
		if named, err := os.Stat(path); err != nil || !os.SameFile(named, was) {
			return fmt.Errorf("%s was deleted or replaced while in use: %w", path, errMoved)
		}
	}
	return nil
}

// pin has check watch the files that SQLite keeps beside the database. A
// connection must stay open from here on, since SQLite deletes them with the last.
func (s *storeFile) pin() {
	beside := map[string]os.FileInfo{}
	for _, suffix := range []string{"-wal", "-shm"} {
		if info, err := os.Stat(s.path + suffix); err == nil {
			beside[s.path+suffix] = info
		}
	}
	s.beside.Store(&beside)
}

// resolve returns path without symbolic links, even if the last one leads to a
// file that does not exist yet.
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
