package oktatest

import (
	"encoding/json"
	"fmt"
	"time"
)

const (
	// retention is how long the log keeps an event.
	retention = 90 * 24 * time.Hour
	// reach is how far back since may lie at all.
	reach = 180 * 24 * time.Hour
	// lookBack is what since defaults to.
	lookBack = 7 * 24 * time.Hour
)

// storedEvent is an event with its place in the log. Its place is the order of its arrival, which is the order of
// persistence; when it says it was published is another matter.
type storedEvent struct {
	seq       int // from 1
	persisted time.Time
	published time.Time
	raw       []byte
	doc       map[string]any
	words     map[string]bool // what q finds, made when first asked for
}

// eventLog holds all events; the one with seq n is at index n-1.
type eventLog struct {
	events []*storedEvent
}

// Append writes events to the log in the order given, as if they had happened in the org, and returns their uuids.
// What an event lacks is filled in: uuid, published (now), actor (the token's owner) and the rest of the shape that
// every event has, also inside of values that are a map[string]any; other types, such as json.RawMessage, stay as
// they are. An actor or target that names a user of the org by id or alternateId gets the rest of its fields.
// Append panics on an event that cannot be JSON or whose "persisted" is not an ISO 8601 time up to now.
func (o *Org) Append(events ...Event) []string {
	uuids, err := o.appendAll(events)
	if err != nil {
		panic("oktatest: " + err.Error())
	}
	return uuids
}

// appendAll stores all of the events or none.
func (o *Org) appendAll(events []Event) ([]string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	now := o.clock()
	stored := make([]*storedEvent, len(events))
	uuids := make([]string, len(events))
	for i, e := range events {
		s, err := o.store(e, now)
		if err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
		stored[i] = s
		uuids[i], _ = s.doc["uuid"].(string)
	}
	for _, s := range stored {
		o.log.add(s)
	}
	return uuids, nil
}

func (l *eventLog) add(s *storedEvent) {
	s.seq = len(l.events) + 1
	l.events = append(l.events, s)
}

// store completes an event and makes it ready for the log.
func (o *Org) store(e Event, now time.Time) (*storedEvent, error) {
	s := &storedEvent{persisted: now}
	full := o.complete(e, now)
	if v, ok := e["persisted"]; ok {
		text, _ := v.(string)
		t, ok := parseTime(text)
		if !ok {
			return nil, fmt.Errorf("persisted %v is not an ISO 8601 time", v)
		}
		if t.After(now) {
			return nil, fmt.Errorf("persisted %v lies in the future", v)
		}
		s.persisted = t
	}
	if _, err := json.Marshal(full); err != nil {
		return nil, err
	}
	s.raw = encode(full)
	if err := decodeObject(s.raw, &s.doc); err != nil {
		return nil, err
	}
	text, _ := s.doc["published"].(string)
	s.published, _ = parseTime(text)
	if s.published.IsZero() {
		// The log has to put it somewhere.
		s.published = s.persisted
	}
	return s, nil
}
