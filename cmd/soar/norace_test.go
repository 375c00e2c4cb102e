//go:build !race

package main

const scriptDir = "testdata/script"

var scriptFiles []string // all that are in scriptDir
