package embedded

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

func lockAt(at int64) *windows.Overlapped {
	return &windows.Overlapped{Offset: uint32(at), OffsetHigh: uint32(at >> 32)}
}

// tryLock locks a byte of the file, alone or together with others that share the lock.
func tryLock(f *os.File, at int64, share bool) (free bool, err error) {
	var flags uint32 = windows.LOCKFILE_FAIL_IMMEDIATELY
	if !share {
		flags |= windows.LOCKFILE_EXCLUSIVE_LOCK
	}
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, lockAt(at))
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

func releaseLock(f *os.File, at int64) error {
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, lockAt(at))
}

func lockedElsewhere(f *os.File, at int64) (bool, error) {
	free, err := tryLock(f, at, false)
	if err != nil || !free {
		return err == nil, err
	}
	return false, releaseLock(f, at)
}

func links(f *os.File) (uint64, error) {
	var info windows.ByHandleFileInformation
	err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info)
	return uint64(info.NumberOfLinks), err
}

// lockDir does nothing: Windows neither replaces nor deletes a file that is open.
func lockDir(string) (unlock func() error, err error) { return func() error { return nil }, nil }

func syncDir(string) error { return nil }
