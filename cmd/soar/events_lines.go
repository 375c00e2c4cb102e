package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// mostLine is how long one event may be. Okta's are of some kB; what is longer than
// this is no event, and would fill the memory.
const mostLine = 64 << 20

var errTooLong = fmt.Errorf("is over %d MiB", mostLine>>20)

// A numbered is one event of a stream, or why it could not be read.
type numbered struct {
	n    int    // from 1
	what string // what n counts: "line", or "event" of an array
	raw  []byte
	err  error
}

// An eventReader reads a stream of events, and hands them on in batches, so that what
// a slow writer has sent so far is never kept waiting.
type eventReader struct {
	in    *bufio.Reader
	most  int                   // longest event
	send  func([]numbered) bool // false: nobody reads any more
	batch []numbered
	size  int
	n     int
}

// readEvents reads r to its end and sends what it finds to batches, which it closes.
// The error is that of r, or nil.
func readEvents(ctx context.Context, r io.Reader, most int, batches chan<- []numbered) error {
	defer close(batches)
	e := &eventReader{in: bufio.NewReaderSize(r, 1<<20), most: most, send: func(b []numbered) bool {
		select {
		case batches <- b:
			return true
		case <-ctx.Done():
			return false
		}
	}}
	if bom, _ := e.in.Peek(3); bytes.Equal(bom, []byte("\ufeff")) {
		_, _ = e.in.Discard(3)
	}
	var err error
	if first := e.start(); first != 0 {
		err = e.documents(first)
	} else {
		err = e.lines()
	}
	e.flush()
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return err
}

// start says how the stream is written: '[' for arrays of events, '{' for events over
// several lines, whose first is a brace alone, and 0 for one event a line.
func (e *eventReader) start() byte {
	for n := 1; ; n++ {
		begun, err := e.in.Peek(n)
		if err != nil {
			return 0
		}
		switch begun[n-1] {
		case ' ', '\t', '\r', '\n':
		case '[':
			return '['
		case '{':
			line, _ := e.in.Peek(n + 2)
			if rest := line[n:]; bytes.HasPrefix(rest, []byte("\n")) || bytes.HasPrefix(rest, []byte("\r\n")) {
				return '{'
			}
			return 0
		default:
			return 0
		}
	}
}

func (e *eventReader) lines() error {
	for {
		e.n++
		raw, err := e.line()
		tooLong := errors.Is(err, errTooLong)
		if raw = bytes.TrimSpace(raw); len(raw) > 0 || tooLong {
			next := numbered{n: e.n, what: "line", raw: raw}
			if tooLong {
				next.err = err
			}
			if !e.add(next) {
				return nil
			}
		}
		if err != nil && !tooLong {
			return err
		}
	}
}

// line reads one line. One that is too long is read over.
func (e *eventReader) line() ([]byte, error) {
	var raw []byte
	long := false
	for {
		part, err := e.in.ReadSlice('\n')
		if long = long || len(raw)+len(bytes.TrimRight(part, "\r\n")) > e.most; long {
			raw = nil
		} else {
			raw = append(raw, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			// The end of the stream is met again by the next line.
			return nil, errTooLong
		}
		return raw, err
	}
}

// documents reads arrays of events, or events, one after the other. After a mistake
// in the JSON itself there is no telling where the next event begins.
func (e *eventReader) documents(first byte) error {
	r := &bounded{r: e.in, most: int64(e.most)}
	dec := json.NewDecoder(r)
	r.dec = dec
	read := e.value
	if first == '[' {
		read = e.array
	}
	var err error
	for more := true; more && err == nil; {
		more, err = read(dec)
	}
	var wrong *json.SyntaxError
	if errors.As(err, &wrong) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, errTooLong) || errors.Is(err, errNoArray) {
		e.n++
		e.add(numbered{n: e.n, what: "event", err: fmt.Errorf("the rest cannot be read: %w", err)})
		return nil
	}
	return err
}

var errNoArray = errors.New("what follows the array is not another")

func (e *eventReader) array(dec *json.Decoder) (more bool, err error) {
	start, err := dec.Token()
	if err == nil && start != json.Delim('[') {
		err = errNoArray
	}
	if err != nil {
		return false, err
	}
	for dec.More() {
		if more, err := e.value(dec); err != nil || !more {
			return false, cutOff(err)
		}
	}
	_, err = dec.Token()
	return true, cutOff(err)
}

func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (e *eventReader) value(dec *json.Decoder) (more bool, err error) {
	var raw json.RawMessage
	if err := dec.Decode(&raw); err != nil {
		return false, err
	}
	e.n++
	return e.add(numbered{n: e.n, what: "event", raw: raw}), nil
}

// add takes what was read, and hands the batch on when it is large, or when the next
// event may have to be waited for. False: nobody reads any more.
func (e *eventReader) add(next numbered) bool {
	e.batch = append(e.batch, next)
	e.size += len(next.raw)
	if e.size < 1<<18 && e.hasNext(next.what) {
		return true
	}
	return e.flush()
}

// hasNext reports whether the next line is here in full; of an array, whether so much
// is here that the next event almost certainly is.
func (e *eventReader) hasNext(what string) bool {
	if what == "event" {
		return e.in.Buffered() >= 1<<16
	}
	waiting, _ := e.in.Peek(e.in.Buffered())
	return bytes.IndexByte(waiting, '\n') >= 0
}

func (e *eventReader) flush() bool {
	if len(e.batch) == 0 {
		return true
	}
	batch := e.batch
	e.batch, e.size = nil, 0
	return e.send(batch)
}

// bounded ends a stream when the decoder asks for more of one value than it may have.
type bounded struct {
	r    io.Reader
	dec  *json.Decoder
	read int64
	most int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.read-b.dec.InputOffset() > b.most {
		return 0, errTooLong
	}
	n, err := b.r.Read(p)
	b.read += int64(n)
	return n, err
}
