// Package inputfile reads small files that people write: settings, playbooks and
// private keys.
package inputfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Read returns a file's bytes. The file must be a regular file of at most most
// bytes: a pipe could block, and a device can be endless.
func Read(name string, most int64) ([]byte, error) {
	// Without O_NONBLOCK, opening a pipe waits for a writer.
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return nil, fmt.Errorf("%s is a folder, not a file", name)
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s is a pipe or a device, not a file", name)
	case info.Size() > most:
		return nil, tooLarge(name, most)
	}
	text, err := io.ReadAll(io.LimitReader(f, most+1)) // the file may grow, and files of /proc have no size
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, tooLarge(name, most)
	}
	return text, nil
}

func tooLarge(name string, most int64) error {
	return fmt.Errorf("%s is too large: at most %d KiB are read", name, most>>10)
}

// Exposure says which users other than the owner can change a file.
type Exposure struct {
	Mode    fs.FileMode // of the file
	Others  bool        // every user of the machine can write to the file
	Group   bool        // its group can
	Folder  string      // a folder in which every user can replace the file; "" if there is none
	Readers bool        // its group or every user can read it
}

// Exposed returns the exposure of a file, and of the file that a link leads to.
func Exposed(name string) (Exposure, error) {
	info, err := os.Stat(name)
	if err != nil {
		return Exposure{}, err
	}
	mode := info.Mode()
	e := Exposure{Mode: mode, Others: mode.Perm()&0o002 != 0, Group: mode.Perm()&0o020 != 0, Readers: mode.Perm()&0o077 != 0}
	resolved, err := filepath.EvalSymlinks(name)
	if err != nil {
		return Exposure{}, err
	}
	for _, path := range []string{name, resolved} {
		folder, err := os.Stat(filepath.Dir(path))
		if err != nil {
			return Exposure{}, err
		}
		if folder.Mode().Perm()&0o002 != 0 && folder.Mode()&fs.ModeSticky == 0 {
			e.Folder = filepath.Dir(path)
		}
	}
	return e, nil
}
