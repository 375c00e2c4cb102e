package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

const (
	alphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	urlSafe      = alphanumeric + "-_"
)

// IDs makes identifiers in the form of Okta's. They repeat for the same seed and order of calls.
type IDs struct {
	seed string
	made map[string]uint64
}

// NewIDs returns a source of identifiers.
func NewIDs(seed string) *IDs {
	return &IDs{seed: seed, made: map[string]uint64{}}
}

// digest is different for every call with the same kind, and the same at the same position in the sequence.
func (s *IDs) digest(kind string) [sha256.Size]byte {
	s.made[kind]++
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], s.made[kind])
	return sha256.Sum256([]byte(s.seed + "\x00" + kind + "\x00" + string(n[:])))
}

func (s *IDs) chars(kind, alphabet string, length int) string {
	sum := s.digest(kind)
	var b strings.Builder
	for i := range length {
		b.WriteByte(alphabet[int(sum[i%len(sum)])%len(alphabet)])
	}
	return b.String()
}

// Object returns an ID of 20 characters, such as 00u… for a user or 00g… for a group.
func (s *IDs) Object(prefix string) string {
	return prefix + s.chars(prefix, alphanumeric, 17-len(cell)) + cell
}

// cell ends every object ID of one Okta cell.
const cell = "5d7"

// RequestID returns the value of X-Okta-Request-Id.
func (s *IDs) RequestID() string { return s.chars("request", urlSafe, 27) }

// ErrorID returns the errorId of an error body.
func (s *IDs) ErrorID() string { return "oae" + s.chars("error", urlSafe, 22) }

// OneTimeToken returns the secret part of an activation or reset link.
func (s *IDs) OneTimeToken() string { return s.chars("token", urlSafe, 20) }

// Text returns random text of that length, safe in URLs.
func (s *IDs) Text(kind string, length int) string { return s.chars(kind, urlSafe, length) }

// UUID returns the uuid of a log event.
func (s *IDs) UUID() string {
	sum := s.digest("uuid")
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
