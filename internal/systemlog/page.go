package systemlog

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"
	"unsafe"

	"soar.example/okta/internal/jsonscan"
)

// A Head is an event with the members that routing needs.
type Head struct {
	UUID      string
	EventType string
	Published time.Time
	// Unreadable lists the members above that are missing, null, empty or of a wrong type. Split
	// returns such an event too.
	Unreadable []string
	Raw        Raw
}

// Split splits a page, which is a JSON array of events. If a member has an unexpected type, Split
// returns the event with its other members. It fails only if the page is not an array of JSON
// objects. The events and their strings share the memory of page. The caller must not change page,
// and should copy strings that it keeps for long.
func Split(page []byte) ([]Head, error) {
	// The string shares the bytes of page.
	p := jsonscan.New(unsafe.String(unsafe.SliceData(page), len(page)))
	if p.Peek() != '[' {
		return nil, errors.New("the page is not a JSON array")
	}
	const typicalSize = 2000 // bytes of an event
	heads := make([]Head, 0, len(page)/typicalSize+1)
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

// readHead reads the next value, which is an object. If a member is repeated, the last one counts.
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
				h.Published = time.Time{} // complete adds the member to Unreadable
			}
		default:
			p.Skip()
		}
	}
	return h
}

// complete sets Unreadable, and derives an ID for an event without one.
func (h *Head) complete() {
	if h.UUID == "" {
		h.Unreadable = append(h.Unreadable, "uuid")
		// Equal bytes have equal IDs, so deduplication still works.
		sum := sha256.Sum256(h.Raw)
		h.UUID = "sha256-" + hex.EncodeToString(sum[:16])
	}
	if h.EventType == "" {
		h.Unreadable = append(h.Unreadable, "eventType")
	}
	if h.Published.IsZero() {
		h.Unreadable = append(h.Unreadable, "published")
	}
}

// A Cause describes the request that caused an event. A connection uses it to recognize events that
// its own requests caused. A member that is absent or not of the documented type is "".
type Cause struct {
	TokenID   string // transaction.detail.requestApiTokenId: the API token of the request
	RequestID string // transaction.id: the X-Okta-Request-Id of the response
	ClientID  string // client.id: the OAuth client
	ActorID   string // actor.id
	Agent     string // client.userAgent.rawUserAgent
}

// Cause returns the cause of the event.
func (h Head) Cause() (c Cause) {
	p := jsonscan.New(string(h.Raw))
	for name := range p.Members() {
		switch name {
		case "transaction":
			for name := range p.Members() {
				switch name {
				case "id":
					c.RequestID = p.Text()
				case "detail":
					c.TokenID = textMember(p, "requestApiTokenId")
				}
			}
		case "client":
			for name := range p.Members() {
				switch name {
				case "id":
					c.ClientID = p.Text()
				case "userAgent":
					c.Agent = textMember(p, "rawUserAgent")
				}
			}
		case "actor":
			c.ActorID = textMember(p, "id")
		}
	}
	return c
}

// textMember reads the next value and returns one of its members, "" if the member is not a string.
func textMember(p *jsonscan.Scanner, member string) (text string) {
	for name := range p.Members() {
		if name == member {
			text = p.Text()
		}
	}
	return text
}
