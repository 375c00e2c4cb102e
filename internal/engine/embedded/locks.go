package embedded

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"sync"
	"time"

	"soar.example/okta/internal/engine"
	"soar.example/okta/sdk"
)

// Bytes of the store's file that processes lock. The kernel releases the locks of a
// process that dies. The bytes are far behind those that SQLite locks, and behind the end
// of any store.
const (
	engineByte  = 1 << 62        // an engine works on the store
	writesByte  = engineByte + 1 // shared: write calls are in flight
	subjectByte = 1 << 61        // first of those that represent subjects
	writerByte  = 1 << 60        // first of those that represent a Store that writes
)

// lockPoll is how often a Store tries again to lock a byte that another process has locked.
const lockPoll = 20 * time.Millisecond

// locks are the locks of one Store on its file. A file descriptor excludes only other
// descriptors, so that the calls of one Store exclude each other here.
type locks struct {
	mu     sync.Mutex
	held   map[int64]*heldLock // by byte
	writer int64               // the byte that represents this Store; 0 until it writes
}

// A heldLock is a byte that this Store has locked.
type heldLock struct {
	holders  int           // more than one if they share the lock
	released chan struct{} // closed when the byte is free
}

// tryAcquire locks a byte, alone or together with others that share the lock. If another
// call of this Store has the lock, it returns the channel that is closed at its release.
func (s *storeFile) tryAcquire(at int64, share bool) (free bool, released <-chan struct{}, err error) {
	s.locks.mu.Lock()
	defer s.locks.mu.Unlock()
	if h := s.locks.held[at]; h != nil {
		if share {
			h.holders++
		}
		return share, h.released, nil
	}
	free, err = tryLock(s.f, at, share)
	if free {
		s.locks.held[at] = &heldLock{1, make(chan struct{})}
	}
	return free, nil, err
}

// acquire locks a byte as tryAcquire does, and waits until the byte is free. It reports
// whether it waited, and fails if ctx ends.
func (s *storeFile) acquire(ctx context.Context, at int64, share bool) (waited bool, err error) {
	for {
		free, released, err := s.tryAcquire(at, share)
		if free || err != nil {
			return waited, err
		}
		waited = true
		if !sleep(ctx, lockPoll, released) {
			return true, ctx.Err()
		}
	}
}

// release ends one hold of a byte. It does nothing if this Store has not locked the byte.
func (s *storeFile) release(at int64) error {
	s.locks.mu.Lock()
	defer s.locks.mu.Unlock()
	h := s.locks.held[at]
	if h == nil {
		return nil
	}
	if h.holders--; h.holders > 0 {
		return nil
	}
	close(h.released)
	delete(s.locks.held, at)
	return releaseLock(s.f, at)
}

// lockedByAnyone reports whether any Store of any process has locked the byte.
func (s *storeFile) lockedByAnyone(at int64) (bool, error) {
	s.locks.mu.Lock()
	held := s.locks.held[at] != nil
	s.locks.mu.Unlock()
	if held {
		return true, nil
	}
	return lockedElsewhere(s.f, at)
}

// enterWrite marks that a write call is in flight, until the caller releases writesByte. It
// returns the byte that represents this Store for as long as the Store is open.
func (s *storeFile) enterWrite(ctx context.Context) (writer int64, err error) {
	s.locks.mu.Lock()
	for s.locks.writer == 0 && err == nil {
		at := writerByte + rand.Int64N(writerByte)
		var free bool
		if free, err = tryLock(s.f, at, false); free {
			s.locks.writer, s.locks.held[at] = at, &heldLock{1, make(chan struct{})}
		}
	}
	writer = s.locks.writer
	s.locks.mu.Unlock()
	if err == nil {
		_, err = s.acquire(ctx, writesByte, true)
	}
	return writer, err
}

// subjectLock returns the byte that represents a subject. Two subjects with one byte
// exclude each other, which is harmless.
func subjectLock(org, id string) int64 {
	at, _ := strconv.ParseInt(engine.Digest(org, id)[:15], 16, 64) // 15 hexadecimal digits
	return subjectByte + at
}

// A subjectLocks are the locks of one call on its subjects.
type subjectLocks struct {
	store *Store
	held  map[int64]bool // false: the caller of the call has locked it
}

// lockSubjects locks the subjects, and reports whether it waited for one. It waits for at
// most the Store's lockWait, and then fails with an error that names the operation that
// has locked the subject.
func (s *Store) lockSubjects(ctx context.Context, org string, subjects []sdk.Subject, outer *subjectLocks) (l *subjectLocks, waited bool, err error) {
	l = &subjectLocks{s, map[int64]bool{}}
	names := map[int64]sdk.Subject{}
	for _, subject := range subjects {
		at := subjectLock(org, subject.ID)
		names[at] = subject
	}
	limited, cancel := context.WithTimeout(ctx, s.lockWait)
	defer cancel()
	for _, at := range slices.Sorted(maps.Keys(names)) {
		if outer.has(at) {
			l.held[at] = false
			continue
		}
		had, err := s.file.acquire(limited, at, false)
		waited = waited || had
		if err != nil {
			l.release()
			if ctx.Err() == nil && limited.Err() != nil {
				err = s.lockedError(context.WithoutCancel(ctx), names[at])
			}
			return nil, waited, err
		}
		l.held[at] = true
	}
	return l, waited, nil
}

func (l *subjectLocks) has(at int64) bool {
	if l == nil {
		return false
	}
	_, has := l.held[at]
	return has
}

// cover reports whether all subjects are locked.
func (l *subjectLocks) cover(org string, subjects []sdk.Subject) bool {
	return !slices.ContainsFunc(subjects, func(s sdk.Subject) bool { return !l.has(subjectLock(org, s.ID)) })
}

// release ends the locks. Further calls do nothing.
func (l *subjectLocks) release() {
	for at, own := range l.held {
		if own {
			// An error here means that the file is closed, which ends the lock as well.
			_ = l.store.file.release(at)
		}
	}
	l.held = nil
}

// lockedError says which operation has locked the subject.
func (s *Store) lockedError(ctx context.Context, subject sdk.Subject) error {
	e := &sdk.Error{Code: sdk.Unavailable, RetryAfter: 5 * time.Second}
	e.Message = fmt.Sprintf("another call has locked %s for over %s. Nothing was written; try again later", label(subject), s.lockWait)
	ops, err := s.Operations(ctx, OperationQuery{Subject: subject.ID, Status: engine.Running, Limit: 1})
	if err == nil && len(ops) > 0 {
		e.Message = fmt.Sprintf("%s is locked by operation %s (%s). Nothing was written; try again when it has ended", label(subject), ops[0].ID, ops[0].summary())
	}
	return e
}

func label(s sdk.Subject) string {
	if s.Name != "" {
		return s.Name
	}
	return s.ID
}
