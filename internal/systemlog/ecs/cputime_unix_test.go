//go:build unix

package ecs

import (
	"syscall"
	"testing"
	"time"
)

// cpuTime is what this process has used of the processors, which other processes on
// the machine do not change.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
