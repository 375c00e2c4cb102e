// Package input reads System Log events from files and pipes, in the formats of common log shippers.
//
// Events can be one per line, pretty-printed, concatenated or in arrays, in any mix. The input can
// be compressed with gzip. The reader opens the envelopes of Okta event hooks, EventBridge, Splunk's
// HTTP Event Collector, Filebeat and the output of get_logs.
package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"unsafe"

	"soar.example/okta/internal/jsonscan"
)

// An Item is one event, or an error for a part of the input that is not an event.
type Item struct {
	Line int // line at which the item begins, from 1
	Raw  []byte
	Err  error
}

// MaxValue is the maximum length of a JSON value outside an array, in bytes. A typical event has a
// few kB.
const MaxValue = 64 << 20

var errStopped = errors.New("stopped")

// Read reads r to its end and passes the items to send in batches, in order. It stops early if send
// returns false or ctx ends. Before it waits for more input, it sends the items that it has. Read
// returns only read errors of r. A damaged event is an item with an error.
func Read(ctx context.Context, r io.Reader, send func([]Item) bool) error {
	return read(ctx, r, MaxValue, send)
}

func read(ctx context.Context, r io.Reader, maxValue int, send func([]Item) bool) error {
	e := &reader{maxValue: maxValue, send: send, window: window{line: 1}}
	e.beforeRead = func() bool { return e.flush() && ctx.Err() == nil }
	var err error
	if e.src, err = decode(r); err == nil {
		e.run()
		err = e.readError()
	}
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		e.add(Item{Line: e.line, Err: damaged})
		err = nil
	}
	e.flush()
	if errors.Is(err, errStopped) {
		return nil
	}
	return err
}

// A reader reads one stream. Between values, its only context is the list of open arrays.
type reader struct {
	window
	maxValue    int
	send        func([]Item) bool
	batch       []Item
	size        int // approximate memory of batch, in bytes
	arrays      []array
	comma       bool // a value has ended, so inside an array a comma must follow
	events      int  // number of events found
	notJSONLine int  // last line that was reported as not JSON
	resyncing   bool // skipping the rest of a damaged value
}

// An array is an open array whose elements are read one by one. The array can be the member events
// of an object, because it may be larger than the memory.
type array struct {
	line     int
	inObject bool
	reported bool // an error in the array was already reported
	events   int  // number of events found before the array
}

// maxArrays is the maximum nesting of arrays.
const maxArrays = 100

// add adds an item to the batch, and sends a large batch.
func (e *reader) add(i Item) {
	e.batch = append(e.batch, i)
	if e.size += len(i.Raw) + 64; e.size >= 1<<18 {
		e.flush()
	}
}

// flush sends the batch. It returns false if the reader must stop.
func (e *reader) flush() bool {
	batch := e.batch
	e.batch, e.size = nil, 0
	if len(batch) > 0 && e.err != errStopped && !e.send(batch) {
		e.err = errStopped
	}
	return e.err != errStopped
}

func (e *reader) addError(line int, err error) { e.add(Item{Line: line, Err: err}) }

// peek skips white space and returns the next byte without reading it. Control characters count as
// white space, because a file can have zero bytes after a crash.
func (e *reader) peek() (c byte, ok bool) {
	for {
		rest := e.rest()
		n := 0
		for n < len(rest) && rest[n] <= ' ' {
			n++
		}
		e.advance(n)
		if n < len(rest) {
			if !e.atByteOrderMark() {
				return rest[n], true
			}
			e.advance(3)
			continue
		}
		if !e.fill() {
			return 0, false
		}
	}
}

// atByteOrderMark reports whether a byte order mark comes next. A concatenation of files can have
// marks in the middle.
func (e *reader) atByteOrderMark() bool {
	const mark = "\ufeff"
	for e.rest()[0] == mark[0] && len(e.rest()) < len(mark) && e.fill() {
	}
	return bytes.HasPrefix(e.rest(), []byte(mark))
}

// run reads all values of the stream.
func (e *reader) run() {
	for {
		c, ok := e.peek()
		if e.err == errStopped {
			return
		}
		if !ok {
			break
		}
		if e.resyncing && e.column() == 0 && (c == '{' || c == '[') {
			e.resyncing = false
		}
		switch {
		case c == '{':
			e.needComma()
			e.value()
		case c == '[' && len(e.arrays) < maxArrays:
			e.needComma()
			e.arrays = append(e.arrays, array{line: e.line})
			e.advance(1)
			e.comma = false
		case c == ']' && len(e.arrays) > 0:
			e.closeArray()
		case c == ',' && len(e.arrays) > 0 && e.comma:
			e.advance(1)
			e.comma = false
		default:
			e.needComma()
			e.nonObject()
		}
	}
	if n := len(e.arrays); n > 0 && !e.arrays[n-1].reported && e.err == io.EOF {
		e.addError(e.line, fmt.Errorf("the array that begins on line %d is not closed", e.arrays[0].line))
	}
}

// needComma reports the first missing comma of an array.
func (e *reader) needComma() {
	if n := len(e.arrays); n > 0 && e.comma && !e.resyncing && !e.arrays[n-1].reported {
		e.arrays[n-1].reported = true
		e.addError(e.line, errors.New("not valid JSON: a comma or the end of the array is missing"))
	}
}

// closeArray reads the end of an array, and the rest of the object around it.
func (e *reader) closeArray() {
	last := e.arrays[len(e.arrays)-1]
	e.arrays = e.arrays[:len(e.arrays)-1]
	e.advance(1)
	e.comma = true
	if !last.inObject {
		return
	}
	switch c, ok := e.peek(); {
	case ok && c == '}':
		e.advance(1)
	case ok && c == ',':
		// Read the members after the array as a separate object. Take its event only if the array
		// had no events.
		e.buf[e.pos] = '{'
		text, o, ok := e.object()
		if !ok {
			return
		}
		if all := o.unwrap(text, "", 0); last.events == e.events && hasEvent(all) {
			e.addFindings(e.line, all)
		}
		e.advance(len(text))
	default:
		e.addError(e.line, errors.New("not valid JSON: the object around the events is not closed"))
	}
}

// value reads an object with its events.
func (e *reader) value() {
	if e.enterEnvelope() {
		return
	}
	line := e.line
	text, o, ok := e.object()
	if !ok {
		return
	}
	e.comma = true
	e.addFindings(line, o.unwrap(text, "", 0))
	e.advance(len(text))
}

// addFindings adds the events and errors of an object that begins on a line.
func (e *reader) addFindings(line int, all []finding) {
	for _, f := range all {
		switch {
		case f.err == nil:
			e.add(Item{Line: line, Raw: []byte(f.raw)}) // a copy, because the buffer is reused
			e.resyncing = false
			e.events++
		case e.resyncing:
		case f.path != "":
			e.addError(line, fmt.Errorf("%s: %w", f.path, f.err))
		default:
			e.addError(line, f.err)
		}
	}
}

// enterEnvelope enters the member events of an object that begins with this member, such as the
// output of get_logs. For any other object it reads nothing and returns false.
func (e *reader) enterEnvelope() bool {
	if len(e.arrays) >= maxArrays {
		return false
	}
	const begin = `{"events":[`
	i := 0
	for n := 0; i < len(begin); n++ {
		for n >= len(e.rest()) {
			if !e.fill() {
				return false
			}
		}
		switch c := e.rest()[n]; {
		case c == begin[i]:
			if i++; i == len(begin) {
				e.arrays = append(e.arrays, array{line: e.line, inObject: true, events: e.events})
				e.advance(n + 1)
				e.comma = false
				return true
			}
		case i != 1 && i != 9 && i != 10, c != ' ' && c != '\t' && c != '\r' && c != '\n', n > 1<<10:
			return false // not white space between two tokens
		}
	}
	return false
}

// object parses the object at the beginning of the window without advancing. It reports and skips an
// invalid object, and returns false.
func (e *reader) object() (text string, o object, ok bool) {
	for {
		rest := e.rest()
		// The string shares the bytes of the buffer, which stay unchanged until the next read.
		text := unsafe.String(unsafe.SliceData(rest), len(rest))
		p := jsonscan.New(text)
		o = readObject(p)
		if p.Offset() > e.maxValue {
			e.skipTooLong()
			return "", o, false
		}
		if !p.Failed() {
			return text[:p.Offset()], o, true
		}
		tried := len(rest)
		// A truncated literal fails at its beginning, so a fault near the end can be a truncation.
		if longestToken := len(`\u0000`); tried-p.Offset() >= longestToken {
			e.resync(p.Offset(), fmt.Errorf("not valid JSON: byte %d of the value is unexpected", p.Offset()+1))
			return "", o, false
		}
		if !e.fillForRetry(tried) {
			if e.err == io.EOF {
				e.resync(tried, errors.New("not valid JSON: the value is truncated"))
			} else {
				e.advance(tried)
			}
			return "", o, false
		}
	}
}

// fillForRetry reads until there is enough new data to parse the value again. It prevents quadratic
// time for a large value. It returns false at the end of the stream.
func (e *reader) fillForRetry(tried int) bool {
	for e.fill() {
		now := bytes.TrimRight(e.rest(), " \t\r\n")
		if len(now) == 0 || len(now) < 1<<16 || len(now) >= tried+tried/4 || now[len(now)-1] == '}' || e.err != nil {
			return true
		}
	}
	return false
}
