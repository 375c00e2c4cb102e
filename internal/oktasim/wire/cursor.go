package wire

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
)

// Cursors encodes the positions of the "after" parameters of one org. A cursor is opaque. The org rejects a changed
// cursor, and a cursor of another org or endpoint. The same position always has the same cursor, because clients of
// Okta's log compare the next link with the self link to detect the end.
type Cursors struct {
	key       [32]byte
	positions map[string]located
}

// located is a position in the lists of one endpoint.
type located struct {
	endpoint string
	position any
}

// NewCursors returns the cursors of one org, with a new key.
func NewCursors() *Cursors {
	c := &Cursors{positions: map[string]located{}}
	// crypto/rand never returns an error. It ends the process instead.
	_, _ = rand.Read(c.key[:])
	return c
}

// Expire invalidates every cursor issued so far.
func (c *Cursors) Expire() { *c = *NewCursors() }

// Seal returns the after parameter for a position.
func Seal[T any](c *Cursors, endpoint string, position T) string {
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write([]byte(endpoint + "\x00"))
	mac.Write(Encode(position))
	after := base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	c.positions[after] = located{endpoint, position}
	return after
}

// Open returns the position of an after parameter.
func Open[T any](c *Cursors, endpoint, after string) (T, error) {
	at := c.positions[after]
	position, ok := at.position.(T)
	if !ok || at.endpoint != endpoint {
		return position, BadCursor()
	}
	return position, nil
}

// BadCursor is the error for an after parameter that does not belong to the request.
func BadCursor() *Error {
	return Invalid("after", "after: The cursor is not valid for this request. Start again without it.")
}
