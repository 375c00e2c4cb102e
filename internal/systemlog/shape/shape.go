// Package shape converts System Log events to the requested format: events as
// Okta sent them, documents of the Elastic Common Schema, or rows of the SaaS
// Event Maturity Matrix.
package shape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"github.com/invopop/jsonschema"

	"soar.example/okta/internal/systemlog"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/systemlog/emm"
)

// A Format is the format of an event.
type Format string

// The formats.
const (
	Okta Format = "okta" // the bytes that Okta sent
	ECS  Format = "ecs"  // an ecs.Document with the full profile
	EMM  Format = "emm"  // an emm.Row
)

// Event is one event as JSON, in the requested format. Its schema is the schema of an event as
// Okta sent it, which is the default format.
type Event json.RawMessage

// MarshalJSON returns the event's own bytes.
func (e Event) MarshalJSON() ([]byte, error) { return json.RawMessage(e).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (e *Event) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(e).UnmarshalJSON(b) }

// JSONSchema returns the schema of [systemlog.Raw].
func (Event) JSONSchema() *jsonschema.Schema { return systemlog.Raw{}.JSONSchema() }

// Append appends the event in raw to dst, in the format f. The formats ECS and EMM are one line
// of JSON; the format Okta keeps the bytes. "" is [Okta]. If original is true, a document of ECS
// also contains the event as Okta sent it.
//
// Append returns an error and the unchanged dst if raw is not one JSON object or the format is
// unknown. Invalid members of the event are omitted without an error.
func Append(dst, raw []byte, f Format, original bool) ([]byte, error) {
	switch f {
	case Okta, "":
		return append(dst, raw...), nil
	case ECS:
		return ecs.AppendRaw(dst, raw, ecs.Options{Original: original})
	case EMM:
		row, err := emm.Normalize(raw)
		if err != nil {
			return dst, err
		}
		return appendJSON(dst, row)
	}
	return dst, fmt.Errorf("unknown format %q: use okta, ecs or emm", f)
}

// appendJSON appends v as JSON without HTML escapes.
func appendJSON(dst []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// A Shaper converts events to a format. Events share large buffers, so that a page needs few
// allocations. The zero value is ready to use. A Shaper is not safe for concurrent use.
type Shaper struct{ buffer []byte }

// bufferSize is the minimum size of a buffer.
const bufferSize = 256 << 10

// Of returns the event of h in the format f. If the event cannot be converted, Of returns the
// head of the event in that format and the error, so that no event is lost.
func (s *Shaper) Of(h systemlog.Head, f Format) (Event, error) {
	if f == Okta || f == "" {
		return Event(h.Raw), nil
	}
	// A document rarely has twice the length of its event.
	if need := 2*len(h.Raw) + 1024; cap(s.buffer)-len(s.buffer) < need {
		s.buffer = make([]byte, 0, max(bufferSize, need))
	}
	from := len(s.buffer)
	e, err := Append(s.buffer[from:], h.Raw, f, false)
	if err != nil {
		return headOnly(h, f), err
	}
	if len(e) <= cap(s.buffer)-from {
		s.buffer = s.buffer[:from+len(e)]
	}
	return Event(e[:len(e):len(e)]), nil
}

// headOnly returns an event that has only the members of its head.
func headOnly(h systemlog.Head, f Format) Event {
	published := ""
	if !h.Published.IsZero() {
		published = h.Published.UTC().Format(time.RFC3339Nano)
	}
	var e []byte
	switch f {
	case ECS:
		raw, err := json.Marshal(map[string]string{"uuid": h.UUID, "eventType": h.EventType, "published": published})
		if err == nil {
			e, _ = ecs.AppendRaw(nil, raw, ecs.Options{}) // an object of strings is an event
		}
	default:
		// A row of strings can always be encoded.
		e, _ = appendJSON(nil, emm.Row{
			Class: emm.Classify(h.EventType), Result: emm.Unknown,
			Attributes: emm.Attributes{Timestamp: published, EventID: h.UUID, EventCodeOrType: h.EventType},
		})
	}
	return e
}
