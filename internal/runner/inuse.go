package runner

import (
	"fmt"

	"github.com/gofrs/flock"
)

// InUse reports whether an [Engine] has the store, in whatever process.
func (s *Store) InUse() (bool, error) {
	lock := flock.New(s.path+lockSuffix, flock.SetPermissions(0o600))
	free, err := lock.TryLock()
	if err != nil {
		return false, fmt.Errorf("look whether the store is in use: %w", err)
	}
	if !free {
		return true, nil
	}
	return false, lock.Unlock()
}
