package host

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// A privateFile is in memory only. It has no name, and ends with the process.
type privateFile struct{ *os.File }

func newPrivateFile(name string) (privateFile, error) {
	fd, err := unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // before Linux 6.3, every such file is executable
		fd, err = unix.MemfdCreate(name, unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return privateFile{}, fmt.Errorf("memfd_create: %w", err)
	}
	return privateFile{os.NewFile(uintptr(fd), name)}, nil
}

// seal makes the file immutable, and returns a path to start. The path contains the process ID, so
// that the interpreter of a script also finds the file.
func (f privateFile) seal() (string, error) {
	const seals = unix.F_SEAL_SEAL | unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return "", fmt.Errorf("seal: %w", err)
	}
	return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), f.Fd()), nil
}

func (f privateFile) discard() error { return f.Close() }
