package oktatest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
)

// cursors seals the places that "after" parameters stand for. A sealed cursor says nothing to its holder, and one
// that was changed, cut, or made by another org or for another endpoint does not open.
type cursors struct {
	seal  cipher.AEAD
	epoch int // cursors of earlier epochs are refused
}

func newCursors() *cursors {
	var key [32]byte
	// crypto/rand never fails: it ends the process instead.
	_, _ = rand.Read(key[:])
	block, err := aes.NewCipher(key[:])
	if err != nil {
		panic("oktatest: " + err.Error())
	}
	seal, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic("oktatest: " + err.Error())
	}
	return &cursors{seal: seal}
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
	return base64.RawURLEncoding.EncodeToString(c.seal.Seal(nil, nil, plain, []byte(endpoint)))
}

// openCursor is the reverse of sealCursor.
func openCursor[T any](c *cursors, endpoint, after string) (T, error) {
	var s sealed[T]
	raw, err := base64.RawURLEncoding.Strict().DecodeString(after)
	if err != nil {
		return s.Place, badCursor()
	}
	plain, err := c.seal.Open(nil, nil, raw, []byte(endpoint))
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
