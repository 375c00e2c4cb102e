package systemlog

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"soar.example/okta/internal/jsonscan"
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
// page that is not an array of JSON objects, all of it, is an error. The events,
// their texts too, are parts of page: the caller must not change its bytes any more,
// and whoever keeps a text for long should keep a copy.
func Split(page []byte) ([]Head, error) {
	// The same bytes, not a copy of them: the caller has given them up.
	p := jsonscan.New(unsafe.String(unsafe.SliceData(page), len(page)))
	if p.Peek() != '[' {
		return nil, errors.New("the page is not a JSON array")
	}
	const usual = 2000 // bytes of an event
	heads := make([]Head, 0, len(page)/usual+1)
	for p.Enter('['); p.Element(); {
		if p.Peek() != '{' {
			return nil, fmt.Errorf("split page: element %d is not an object", len(heads))
		}
		from := p.Offset()
		h := readHead(p)
		h.Raw = Raw(page[from:p.Offset():p.Offset()])
		heads = append(heads, h)
	}
	if err := p.Err(); err != nil {
		return nil, fmt.Errorf("split page: %w", err)
	}
	for i := range heads {
		heads[i].complete()
	}
	return heads, nil
}

// readHead reads the next value, an object. A member that comes twice counts as it
// came last.
func readHead(p *jsonscan.Scanner) (h Head) {
	p.Enter('{')
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		switch name {
		case "uuid":
			h.UUID = p.Text()
		case "eventType":
			h.EventType = p.Text()
		case "published":
			if h.Published.UnmarshalText([]byte(p.Text())) != nil {
				h.Published = time.Time{} // noted by complete
			}
		default:
			p.Skip()
		}
	}
	return h
}

// complete notes what could not be read.
func (h *Head) complete() {
	if h.UUID == "" {
		h.Unread = append(h.Unread, "uuid")
		// The same bytes get the same id, so that a repeat is still known as one.
		sum := sha256.Sum256(h.Raw)
		h.UUID = "sha256-" + hex.EncodeToString(sum[:16])
	}
	if h.EventType == "" {
		h.Unread = append(h.Unread, "eventType")
	}
	if h.Published.IsZero() {
		h.Unread = append(h.Unread, "published")
	}
}

// A Cause is what an event says of the request that it came of: the login that
// sent it can know its own by that. What the event does not say, or not as
// documented, is "".
type Cause struct {
	TokenID   string // transaction.detail.requestApiTokenId: the API token that was used
	RequestID string // transaction.id, which is the answer's X-Okta-Request-Id
	ClientID  string // client.id, which is that of an OAuth client
	ActorID   string
	Agent     string // client.userAgent.rawUserAgent
}

// Cause reads what the event says of the request that it came of.
func (h Head) Cause() Cause {
	var e struct {
		Transaction, Client, Actor json.RawMessage
	}
	if json.Unmarshal(h.Raw, &e) != nil {
		return Cause{}
	}
	var c Cause
	// Each by itself: one odd member must not hide the others.
	var transaction struct {
		ID     json.RawMessage `json:"id"`
		Detail struct {
			TokenID json.RawMessage `json:"requestApiTokenId"`
		} `json:"detail"`
	}
	_ = json.Unmarshal(e.Transaction, &transaction)
	c.RequestID, c.TokenID = text(transaction.ID), text(transaction.Detail.TokenID)
	var client struct {
		ID        json.RawMessage `json:"id"`
		UserAgent struct {
			Raw json.RawMessage `json:"rawUserAgent"`
		} `json:"userAgent"`
	}
	_ = json.Unmarshal(e.Client, &client)
	c.ClientID, c.Agent = text(client.ID), text(client.UserAgent.Raw)
	var actor struct {
		ID json.RawMessage `json:"id"`
	}
	_ = json.Unmarshal(e.Actor, &actor)
	c.ActorID = text(actor.ID)
	return c
}

// text is the string that raw is, "" if it is none.
func text(raw json.RawMessage) string {
	var s string
	_ = json.Unmarshal(raw, &s)
	return s
}
