package oktatest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// cursors seals the positions that "after" parameters stand for. A sealed cursor says nothing to its holder. The org
// rejects a cursor that was changed or cut, and a cursor of another org or endpoint. The same position always gives the
// same cursor, because clients of Okta's log compare the next link with the self link to find the end.
type cursors struct {
	key   [32]byte
	seal  cipher.AEAD
	epoch int // cursors of earlier epochs are refused
}

func newCursors() *cursors {
	c := &cursors{}
	// crypto/rand never fails: it ends the process instead.
	_, _ = rand.Read(c.key[:])
	block, err := aes.NewCipher(c.key[:])
	if err != nil {
		panic("oktatest: " + err.Error())
	}
	if c.seal, err = cipher.NewGCM(block); err != nil {
		panic("oktatest: " + err.Error())
	}
	return c
}

// expire makes every cursor issued so far useless.
func (c *cursors) expire() { c.epoch++ }

type sealed[T any] struct {
	Epoch int `json:"e"`
	Place T   `json:"p"`
}

// sealCursor makes the after parameter that stands for place at that endpoint.
func sealCursor[T any](c *cursors, endpoint string, place T) string {
	plain := encode(sealed[T]{Epoch: c.epoch, Place: place})
	mac := hmac.New(sha256.New, c.key[:])
	mac.Write([]byte(endpoint + "\x00"))
	mac.Write(plain)
	nonce := mac.Sum(nil)[:c.seal.NonceSize()]
	return base64.RawURLEncoding.EncodeToString(c.seal.Seal(nonce, nonce, plain, []byte(endpoint)))
}

// openCursor is the reverse of sealCursor.
func openCursor[T any](c *cursors, endpoint, after string) (T, error) {
	var s sealed[T]
	raw, err := base64.RawURLEncoding.Strict().DecodeString(after)
	if err != nil {
		return s.Place, badCursor()
	}
	if len(raw) < c.seal.NonceSize() {
		return s.Place, badCursor()
	}
	nonce, text := raw[:c.seal.NonceSize()], raw[c.seal.NonceSize():]
	plain, err := c.seal.Open(nil, nonce, text, []byte(endpoint))
	if err != nil {
		return s.Place, badCursor()
	}
	if err := json.Unmarshal(plain, &s); err != nil || s.Epoch != c.epoch {
		return s.Place, badCursor()
	}
	return s.Place, nil
}

func badCursor() *apiError {
	return invalid("after", "after: The cursor is not valid for this request. Start again without it.")
}
