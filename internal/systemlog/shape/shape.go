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

// Event is one event, in whatever shape was asked for, as JSON. Its schema is that
// of an event as Okta sent it, which is what nobody has to ask for.
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

// Of returns the event of h in the format f. An event is never withheld: with an
// error, which says why it could not be mapped, comes what is known of it.
func Of(h systemlog.Head, f Format) (Event, error) {
	if f == Okta || f == "" {
		return Event(h.Raw), nil
	}
	e, err := Append(nil, h.Raw, f, false)
	if err == nil {
		return Event(e), nil
	}
	return least(h, f), err
}

// least is an event of which only the head could be read.
func least(h systemlog.Head, f Format) Event {
	published := ""
	if !h.Published.IsZero() {
		published = h.Published.UTC().Format(time.RFC3339Nano)
	}
	var e []byte
	switch f {
	case ECS:
		class := ecs.Classify(h.EventType)
		d := ecs.Document{
			Timestamp: published, ECS: ecs.ECS{Version: ecs.Version}, Observer: ecs.Observer{Vendor: "Okta"},
			Event: ecs.Event{
				ID: h.UUID, Kind: "event", Dataset: "system-log", Action: h.EventType,
				Category: class.Category, Type: class.Type,
			},
		}
		e = d.AppendJSON(nil)
	default:
		// A row of texts always has a form in JSON.
		e, _ = appendJSON(nil, emm.Row{
			Class: emm.Classify(h.EventType), Result: emm.Unknown,
			Attributes: emm.Attributes{Timestamp: published, EventID: h.UUID, EventCodeOrType: h.EventType},
		})
	}
	return e
}
