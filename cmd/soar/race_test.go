//go:build race

package main

// Each command of a script is a process, and one under the race detector takes long
// to start: the scripts that have the most goroutines at work are enough there.
const scriptDir = ""

var scriptFiles = []string{
	"testdata/script/demo.txt", "testdata/script/flood.txt", "testdata/script/tail.txt",
	"testdata/script/watch.txt", "testdata/script/watch_many.txt", "testdata/script/watch_status.txt",
}
