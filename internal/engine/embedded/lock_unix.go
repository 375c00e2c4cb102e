//go:build linux || darwin

package embedded

import (
	"errors"
	"io"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// The commands for locks of open file descriptions. golang.org/x/sys lacks those of macOS:
// these are from Apple's sys/fcntl.h.
var ofdSetLock, ofdGetLock = 37, 36

func init() {
	if runtime.GOOS == "darwin" {
		ofdSetLock, ofdGetLock = 90, 92
	}
}

// lockRequest describes a lock of an open file description. Unlike a POSIX lock it excludes
// other stores of the same process, and other descriptors can be closed. Unlike
// flock(2) it does not collide with SQLite's locks on macOS or NFS.
func lockRequest(kind int16, at int64) *unix.Flock_t {
	return &unix.Flock_t{Type: kind, Whence: io.SeekStart, Start: at, Len: 1}
}

// tryLock locks a byte of the file, alone or together with others that share the lock.
func tryLock(f *os.File, at int64, share bool) (free bool, err error) {
	var kind int16 = unix.F_WRLCK
	if share {
		kind = unix.F_RDLCK
	}
	err = control(f, func(fd uintptr) error { return unix.FcntlFlock(fd, ofdSetLock, lockRequest(kind, at)) })
	if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) {
		return false, nil
	}
	return err == nil, err
}

func releaseLock(f *os.File, at int64) error {
	return control(f, func(fd uintptr) error { return unix.FcntlFlock(fd, ofdSetLock, lockRequest(unix.F_UNLCK, at)) })
}

// lockedElsewhere does not take the lock, so that it never makes an engine fail.
func lockedElsewhere(f *os.File, at int64) (bool, error) {
	request := lockRequest(unix.F_WRLCK, at)
	err := control(f, func(fd uintptr) error { return unix.FcntlFlock(fd, ofdGetLock, request) })
	return err == nil && request.Type != unix.F_UNLCK, err
}

// control calls do with the descriptor, because os.File.Fd would make it blocking.
func control(f *os.File, do func(fd uintptr) error) (err error) {
	raw, rawErr := f.SyscallConn()
	if rawErr != nil {
		return rawErr
	}
	return errors.Join(raw.Control(func(fd uintptr) { err = do(fd) }), err)
}

func links(f *os.File) (uint64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return uint64(info.Sys().(*syscall.Stat_t).Nlink), nil
}

// lockDir keeps other processes from creating a store in dir until unlock. A file
// system without such locks (NFS) is left unlocked.
func lockDir(dir string) (unlock func() error, err error) {
	d, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	for {
		err = control(d, func(fd uintptr) error { return unix.Flock(int(fd), unix.LOCK_EX) })
		if !errors.Is(err, unix.EINTR) {
			break
		}
	}
	if err != nil && !errors.Is(err, unix.EBADF) && !errors.Is(err, unix.ENOTSUP) && !errors.Is(err, unix.ENOLCK) && !errors.Is(err, unix.ENOSYS) {
		return nil, errors.Join(err, d.Close())
	}
	return d.Close, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
