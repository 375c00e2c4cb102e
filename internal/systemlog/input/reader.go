// Package input reads System Log events from files and pipes, in every layout and
// envelope that log shippers write them: one a line, pretty-printed, concatenated or
// in arrays, all mixed; compressed with gzip; in Okta's event hooks, EventBridge,
// Splunk's HTTP event collector, Filebeat and the output of get_logs.
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

// An Item is one event, or an error that says why a part of the input is none.
type Item struct {
	Line int // where it begins, from 1
	Raw  []byte
	Err  error
}

// MaxValue is the longest JSON value outside an array. Events have a few kB.
const MaxValue = 64 << 20

var errStopped = errors.New("stopped")

// Read reads r to its end and hands over what it finds in batches, in order, until
// send returns false or ctx ends. It never waits for more input while a batch is
// left. Its error is that of r: damaged events are items.
func Read(ctx context.Context, r io.Reader, send func([]Item) bool) error {
	return read(ctx, r, MaxValue, send)
}

func read(ctx context.Context, r io.Reader, most int, send func([]Item) bool) error {
	e := &reader{most: most, send: send, window: window{line: 1}}
	e.before = func() bool { return e.flush() && ctx.Err() == nil }
	var err error
	if e.src, err = plain(r); err == nil {
		e.run()
		err = e.failure()
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

// A reader reads one stream. Between values it knows only in which arrays it is.
type reader struct {
	window
	most    int
	send    func([]Item) bool
	batch   []Item
	size    int
	arrays  []array
	comma   bool // a value has ended, so that in an array a comma must follow
	events  int  // number of events found
	rubbish int  // last line whose text without a value was reported
	mending bool // within a damaged value, whose rest is skipped
}

// An array whose elements are read one by one. The member events of an object is
// such an array too, since it may be larger than the memory.
type array struct {
	line     int
	inObject bool
	faulty   bool // was reported
	events   int  // found before it
}

const maxArrays = 100

func (e *reader) add(i Item) {
	e.batch = append(e.batch, i)
	if e.size += len(i.Raw) + 64; e.size >= 1<<18 {
		e.flush()
	}
}

// flush hands the batch over. It reports false if nobody takes it.
func (e *reader) flush() bool {
	batch := e.batch
	e.batch, e.size = nil, 0
	if len(batch) > 0 && e.err != errStopped && !e.send(batch) {
		e.err = errStopped
	}
	return e.err != errStopped
}

func (e *reader) bad(line int, err error) { e.add(Item{Line: line, Err: err}) }

// peek returns the next byte that is not blank. Controls count as blank: files are
// padded with zeros after a crash.
func (e *reader) peek() (c byte, ok bool) {
	for {
		rest := e.rest()
		n := 0
		for n < len(rest) && rest[n] <= ' ' {
			n++
		}
		e.advance(n)
		if n < len(rest) {
			if !e.isMark() {
				return rest[n], true
			}
			e.advance(3)
			continue
		}
		if !e.more() {
			return 0, false
		}
	}
}

// isMark reports whether a byte order mark follows, which concatenated files have in
// their middle.
func (e *reader) isMark() bool {
	const mark = "\ufeff"
	for e.rest()[0] == mark[0] && len(e.rest()) < len(mark) && e.more() {
	}
	return bytes.HasPrefix(e.rest(), []byte(mark))
}

func (e *reader) run() {
	for {
		c, ok := e.peek()
		if e.err == errStopped {
			return
		}
		if !ok {
			break
		}
		if e.mending && e.column() == 0 && (c == '{' || c == '[') {
			e.mending = false
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
			e.other()
		}
	}
	if n := len(e.arrays); n > 0 && !e.arrays[n-1].faulty && e.err == io.EOF {
		e.bad(e.line, fmt.Errorf("the array that begins on line %d has no end", e.arrays[0].line))
	}
}

// needComma reports the first comma that an array lacks.
func (e *reader) needComma() {
	if n := len(e.arrays); n > 0 && e.comma && !e.mending && !e.arrays[n-1].faulty {
		e.arrays[n-1].faulty = true
		e.bad(e.line, errors.New("not valid JSON: a comma or the end of the array is missing"))
	}
}

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
		// The other members are an object of their own. It has an event at most if the
		// array has none.
		e.buf[e.pos] = '{'
		text, o, ok := e.object()
		if !ok {
			return
		}
		if all := o.unwrap(text, "", 0); last.events == e.events && hasEvent(all) {
			e.take(e.line, all)
		}
		e.advance(len(text))
	default:
		e.bad(e.line, errors.New("not valid JSON: the object around the events has no end"))
	}
}

// value reads an object.
func (e *reader) value() {
	if e.isEnvelope() {
		return
	}
	line := e.line
	text, o, ok := e.object()
	if !ok {
		return
	}
	e.comma = true
	e.take(line, o.unwrap(text, "", 0))
	e.advance(len(text))
}

// take adds what an object holds.
func (e *reader) take(line int, all []finding) {
	for _, f := range all {
		switch {
		case f.err == nil:
			e.add(Item{Line: line, Raw: []byte(f.raw)}) // a copy: the window is overwritten
			e.mending = false
			e.events++
		case e.mending:
		case f.where != "":
			e.bad(line, fmt.Errorf("%s: %w", f.where, f.err))
		default:
			e.bad(line, f.err)
		}
	}
}

// isEnvelope enters the array of an object that begins with the member events, as
// the output of get_logs does.
func (e *reader) isEnvelope() bool {
	if len(e.arrays) >= maxArrays {
		return false
	}
	const begin = `{"events":[`
	i := 0
	for n := 0; i < len(begin); n++ {
		for n >= len(e.rest()) {
			if !e.more() {
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
		case !(i == 1 || i == 9 || i == 10) || c != ' ' && c != '\t' && c != '\r' && c != '\n' || n > 1<<10:
			return false
		}
	}
	return false
}

// object reads the object at the beginning of the window, and leaves it there. If it
// is not valid, it is reported and passed over.
func (e *reader) object() (text string, o object, ok bool) {
	for {
		rest := e.rest()
		// The same bytes, not a copy of them: they stay until the next read.
		text := unsafe.String(unsafe.SliceData(rest), len(rest))
		p := jsonscan.New(text)
		o = readObject(p)
		if p.Offset() > e.most {
			e.tooLong()
			return "", o, false
		}
		if !p.Failed() {
			return text[:p.Offset()], o, true
		}
		tried := len(rest)
		// A literal that is cut off fails at its beginning.
		if longest := len(`\u0000`); tried-p.Offset() >= longest {
			e.mend(p.Offset(), fmt.Errorf("not valid JSON: byte %d of the value is unexpected", p.Offset()+1))
			return "", o, false
		}
		if !e.grow(tried) {
			if e.err == io.EOF {
				e.mend(tried, errors.New("not valid JSON: the value is cut off"))
			} else {
				e.advance(tried)
			}
			return "", o, false
		}
	}
}

// grow reads until it is worth to try the value again: a large one would be read too
// often otherwise.
func (e *reader) grow(tried int) bool {
	for e.more() {
		now := bytes.TrimRight(e.rest(), " \t\r\n")
		if len(now) == 0 || len(now) < 1<<16 || len(now) >= tried+tried/4 || now[len(now)-1] == '}' || e.err != nil {
			return true
		}
	}
	return false
}
