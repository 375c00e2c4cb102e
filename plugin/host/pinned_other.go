//go:build !linux

package host

import (
	"errors"
	"os"
	"path/filepath"
)

// A privateFile is in a directory that only this user can access.
type privateFile struct{ *os.File }

func newPrivateFile(name string) (privateFile, error) {
	dir, err := os.MkdirTemp("", "plugin")
	if err != nil {
		return privateFile{}, err
	}
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o500)
	if err != nil {
		return privateFile{}, errors.Join(err, os.RemoveAll(dir))
	}
	return privateFile{f}, nil
}

// seal closes the file, which cannot be started before, and returns its path.
func (f privateFile) seal() (string, error) { return f.Name(), f.Close() }

func (f privateFile) discard() error {
	_ = f.Close() // it may be closed already
	return os.RemoveAll(filepath.Dir(f.Name()))
}
