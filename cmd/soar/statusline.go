package main

import (
	"io"
	"sync"
)

// A statusLine is the last line of a terminal, drawn anew in place. What is written to
// the terminal meanwhile appears above it.
type statusLine struct {
	mu   sync.Mutex
	w    io.Writer // the terminal
	text string    // "": there is none
}

const (
	clearLine = "\r\x1b[K"
	// Without wrapping, a line longer than the terminal is wide is cut off, and can
	// still be cleared as one.
	wrapOff, wrapOn = "\x1b[?7l", "\x1b[?7h"
)

func (s *statusLine) draw() {
	if s.text != "" {
		_, _ = io.WriteString(s.w, wrapOff+s.text+wrapOn)
	}
}

// set draws text in place of what stood there; "" takes the line away.
func (s *statusLine) set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text == s.text {
		return
	}
	_, _ = io.WriteString(s.w, clearLine)
	s.text = text
	s.draw()
}

// above writes whole lines with write, above the status line.
func (s *statusLine) above(write func() (int, error)) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.text == "" {
		return write()
	}
	_, _ = io.WriteString(s.w, clearLine)
	n, err := write()
	s.draw()
	return n, err
}
