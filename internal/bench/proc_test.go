package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is the resource usage of a process since its start.
type usage struct {
	cpu   time.Duration // in user mode and in the kernel
	share float64       // MB resident now; pages shared by several processes count in part
	peak  float64       // maximum of resident MB
}

// each returns the processor time in microseconds per event.
func (u usage) each(events int) float64 { return float64(u.cpu.Microseconds()) / float64(events) }

// usageOf reads /proc, which exists on Linux only.
func usageOf(pid int) (usage, error) {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	stat, err := os.ReadFile(filepath.Join(dir, "stat"))
	if err != nil {
		return usage{}, err
	}
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:]) // starts with the third field
	user, err := strconv.Atoi(string(fields[11]))
	if err != nil {
		return usage{}, err
	}
	system, err := strconv.Atoi(string(fields[12]))
	if err != nil {
		return usage{}, err
	}
	const tick = 10 * time.Millisecond // USER_HZ is 100 on every platform of Go
	u := usage{cpu: time.Duration(user+system) * tick}
	if u.peak, err = megabytes(filepath.Join(dir, "status"), "VmHWM:"); err != nil {
		return usage{}, err
	}
	u.share, err = megabytes(filepath.Join(dir, "smaps_rollup"), "Pss:")
	return u, err
}

// megabytes reads one figure in kB of a file in /proc.
func megabytes(path, name string) (float64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == name {
			kb, err := strconv.ParseFloat(fields[1], 64)
			return kb / 1024, err
		}
	}
	return 0, fmt.Errorf("%s has no %s", path, name)
}

// childOf returns the only child of a process.
func childOf(pid int) (int, error) {
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0, err
	}
	for _, path := range all {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue // the process has ended
		}
		fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
		if string(fields[1]) == strconv.Itoa(pid) {
			return strconv.Atoi(filepath.Base(filepath.Dir(path)))
		}
	}
	return 0, fmt.Errorf("process %d has no child", pid)
}
