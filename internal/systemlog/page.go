package systemlog

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// A Head is what routing needs of an event.
type Head struct {
	UUID      string
	EventType string
	Published time.Time
	// Unread names those of the three members that were missing, null, empty or
	// not of the documented type. The event is passed on all the same.
	Unread []string
	Raw    Raw
}

// Split reads a page, a JSON array of events, into its events. An event with
// members of unexpected types is returned with what could be read of it; only a
// page that is not an array of JSON objects, all of it, is an error.
func Split(page []byte) ([]Head, error) {
	page = bytes.TrimSpace(page)
	if len(page) == 0 || page[0] != '[' {
		return nil, errors.New("the page is not a JSON array")
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(page, &raws); err != nil {
		return nil, fmt.Errorf("split page: %w", err)
	}
	heads := make([]Head, len(raws))
	for i, raw := range raws {
		if len(raw) == 0 || raw[0] != '{' {
			return nil, fmt.Errorf("split page: element %d is not an object", i)
		}
		heads[i] = read(Raw(raw))
	}
	return heads, nil
}

func read(raw Raw) Head {
	h := Head{Raw: raw}
	var slim struct {
		UUID      string    `json:"uuid"`
		EventType string    `json:"eventType"`
		Published time.Time `json:"published"`
	}
	if json.Unmarshal(raw, &slim) == nil && slim.UUID != "" && slim.EventType != "" && !slim.Published.IsZero() {
		h.UUID, h.EventType, h.Published = slim.UUID, slim.EventType, slim.Published
		return h
	}
	h.readEach()
	return h
}

// readEach reads member by member what could not be read in one go.
func (h *Head) readEach() {
	members := map[string]json.RawMessage{}
	_ = json.Unmarshal(h.Raw, &members)
	take := func(name string, into any, empty func() bool) {
		if json.Unmarshal(members[name], into) != nil || empty() {
			h.Unread = append(h.Unread, name)
		}
	}
	take("uuid", &h.UUID, func() bool { return h.UUID == "" })
	take("eventType", &h.EventType, func() bool { return h.EventType == "" })
	take("published", &h.Published, func() bool { return h.Published.IsZero() })
	if h.UUID == "" {
		// The same bytes get the same id, so that a repeat is still known as one.
		sum := sha256.Sum256(h.Raw)
		h.UUID = "sha256-" + hex.EncodeToString(sum[:16])
	}
}
