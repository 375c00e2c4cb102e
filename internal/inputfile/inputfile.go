// Package inputfile reads small files that people write: settings, playbooks and private keys.
package inputfile

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// Read returns the content of a file. It accepts only regular files of up to most bytes, because a pipe could
// block, and a device can be endless.
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
	text, err := io.ReadAll(io.LimitReader(f, most+1)) // the file may grow, and files in /proc report size 0
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, tooLarge(name, most)
	}
	return text, nil
}

func tooLarge(name string, most int64) error {
	return fmt.Errorf("%s is too large: the maximum is %d KiB", name, most>>10)
}

// Exposure describes which users other than the owner can read or change a file.
type Exposure struct {
	Mode    fs.FileMode // mode of the file
	Others  bool        // every user of the machine can write to the file
	Group   bool        // the group of the file can write to it
	Folder  string      // a folder in which every user can replace the file, or ""
	Readers bool        // the group or every user can read the file
}

// Exposed returns the exposure of a file. It follows symbolic links.
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
