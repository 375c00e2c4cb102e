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
// members of unexpected types is returned with the members that can be read. Only a
// page that is not an array of JSON objects is an error. The events and their texts
// share the memory of page. The caller must not change its bytes, and should copy a
// text that it keeps for long.
func Split(page []byte) ([]Head, error) {
	// These are the same bytes, without a copy.
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

// A Cause describes the request that caused an event. A connection recognizes its own requests
// by it. A value that the event does not have, or has in another form than documented, is "".
type Cause struct {
	TokenID   string // transaction.detail.requestApiTokenId: the API token of the request
	RequestID string // transaction.id, which is the response's X-Okta-Request-Id
	ClientID  string // client.id, the ID of an OAuth client
	ActorID   string
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

// textMember returns a member of the next value that is a string, or "".
func textMember(p *jsonscan.Scanner, member string) (text string) {
	for name := range p.Members() {
		if name == member {
			text = p.Text()
		}
	}
	return text
}
