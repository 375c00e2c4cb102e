package embedded

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockAt is the byte of the file that an engine locks: far behind the bytes that
// SQLite locks, and behind the end of any store.
func lockAt() *windows.Overlapped { return &windows.Overlapped{OffsetHigh: 1 << 30} }

func tryLock(f *os.File) (free bool, err error) {
	err = windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, lockAt())
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

func releaseLock(f *os.File) error {
	return windows.UnlockFileEx(windows.Handle(f.Fd()), 0, 1, 0, lockAt())
}

func lockedElsewhere(f *os.File) (bool, error) {
	free, err := tryLock(f)
	if err != nil || !free {
		return err == nil, err
	}
	return false, releaseLock(f)
}

func links(f *os.File) (uint64, error) {
	var info windows.ByHandleFileInformation
	err := windows.GetFileInformationByHandle(windows.Handle(f.Fd()), &info)
	return uint64(info.NumberOfLinks), err
}

// lockDir does nothing: Windows neither replaces nor deletes a file that is open.
func lockDir(string) (unlock func() error, err error) { return func() error { return nil }, nil }

func syncDir(string) error { return nil }
