// Package shape gives System Log events the shape that their reader asked for: as
// Okta sent them, as documents of the Elastic Common Schema, or as rows of the SaaS
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

// Format names a shape.
type Format string

// The formats.
const (
	Okta Format = "okta" // as Okta sent it, byte for byte
	ECS  Format = "ecs"  // an ecs.Document in the full profile
	EMM  Format = "emm"  // an emm.Row
)

// Event is one event as JSON, in the requested shape. Its schema is that of an event as
// Okta sent it, which is the default shape.
type Event json.RawMessage

// MarshalJSON returns the event's own bytes.
func (e Event) MarshalJSON() ([]byte, error) { return json.RawMessage(e).MarshalJSON() }

// UnmarshalJSON keeps a copy of b.
func (e *Event) UnmarshalJSON(b []byte) error { return (*json.RawMessage)(e).UnmarshalJSON(b) }

// JSONSchema is the schema of [systemlog.Raw].
func (Event) JSONSchema() *jsonschema.Schema { return systemlog.Raw{}.JSONSchema() }

// Append appends the event in raw, in the format f, to dst as JSON: on one line, but
// for Okta's own bytes, which stay as they are. "" is [Okta]; original adds the event
// as Okta sent it to a document of ECS.
// On an error dst comes back as it was: raw is not one JSON object, or there is no
// such format. Whatever else is wrong with the event costs the members concerned.
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
	return dst, fmt.Errorf("there is no format %q", f)
}

// appendJSON spares Okta's texts the escapes for HTML.
func appendJSON(dst []byte, v any) ([]byte, error) {
	b := bytes.NewBuffer(dst)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return dst, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// A Shaper returns events in a format. It has the documents of a page share a few
// large pieces of memory. The zero value is ready; it is not safe for concurrent use.
type Shaper struct{ room []byte }

// piece is the size of the pieces of memory.
const piece = 256 << 10

// Of returns the event of h in the format f. If the event cannot be mapped, Of returns the
// event's head in that format with the error, so that no event is lost.
func (s *Shaper) Of(h systemlog.Head, f Format) (Event, error) {
	if f == Okta || f == "" {
		return Event(h.Raw), nil
	}
	// A document is mostly less than twice as long as its event.
	if need := 2*len(h.Raw) + 1024; cap(s.room)-len(s.room) < need {
		s.room = make([]byte, 0, max(piece, need))
	}
	from := len(s.room)
	e, err := Append(s.room[from:], h.Raw, f, false)
	if err != nil {
		return least(h, f), err
	}
	if len(e) <= cap(s.room)-from {
		s.room = s.room[:from+len(e)]
	}
	return Event(e[:len(e):len(e)]), nil
}

// least is an event that only its head is known of.
func least(h systemlog.Head, f Format) Event {
	published := ""
	if !h.Published.IsZero() {
		published = h.Published.UTC().Format(time.RFC3339Nano)
	}
	var e []byte
	switch f {
	case ECS:
		raw, err := json.Marshal(map[string]string{"uuid": h.UUID, "eventType": h.EventType, "published": published})
		if err == nil {
			e, _ = ecs.AppendRaw(nil, raw, ecs.Options{}) // an object of texts is an event
		}
	default:
		// A row of texts always has a form in JSON.
		e, _ = appendJSON(nil, emm.Row{
			Class: emm.Classify(h.EventType), Result: emm.Unknown,
			Attributes: emm.Attributes{Timestamp: published, EventID: h.UUID, EventCodeOrType: h.EventType},
		})
	}
	return e
}
