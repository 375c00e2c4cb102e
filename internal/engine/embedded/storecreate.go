package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// createStore creates a new store at path, unless a file is there by now. The store
// gets its name only when it is complete and on the disk, so a process that is
// killed here never leaves an empty file in the place of a store.
func createStore(ctx context.Context, path string) (err error) {
	unlock, err := lockDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := path + ".new" // one that is there is of a process that was killed
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := writeEmptyStore(ctx, unfinished); err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	// SQLite would apply the log of a store that was deleted to the new one.
	for _, suffix := range []string{"-wal", "-journal", "-shm"} {
		if err := os.Rename(path+suffix, path+suffix+".old"); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(err, os.Remove(unfinished))
		}
	}
	if err := os.Rename(unfinished, path); err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	return syncDir(filepath.Dir(path))
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
	db.SetMaxOpenConns(1) // each connection has a memory of its own
	if err := migrateAll(ctx, db); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, path); err != nil {
		return fmt.Errorf("write a new store: %w", err)
	}
	return f.Sync()
}
