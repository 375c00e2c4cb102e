package plugin

import (
	"errors"
	"os"
	"strconv"
	"syscall"
	"time"
)

// lookEvery is how often a plugin looks for its host. go-plugin leaves a plugin
// alive when its host is killed, and that would be a second poller.
const lookEvery = 250 * time.Millisecond

// watchHost returns a channel that is closed once the host is gone. It stops
// looking when done is closed.
func watchHost(done <-chan struct{}) <-chan struct{} {
	parent := os.Getppid()
	host, err := strconv.Atoi(os.Getenv(EnvHostPID))
	if err != nil {
		host = 0
	}
	gone := make(chan struct{})
	go func() {
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		for os.Getppid() == parent && (host <= 0 || alive(host)) {
			select {
			case <-tick.C:
			case <-done:
				return
			}
		}
		close(gone)
	}()
	return gone
}

// alive reports whether there is a process with this id; in doubt, there is.
func alive(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	defer func() { _ = p.Release() }()
	return !errors.Is(p.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
