package oktatest

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

// idSource makes ids that look like Okta's and repeat for the same seed and order of calls.
type idSource struct {
	seed string
	made map[string]uint64
}

func newIDSource(seed string) *idSource {
	return &idSource{seed: seed, made: map[string]uint64{}}
}

// digest is different for every call with the same kind, and the same for the same place in the sequence.
func (s *idSource) digest(kind string) [sha256.Size]byte {
	s.made[kind]++
	var n [8]byte
	binary.BigEndian.PutUint64(n[:], s.made[kind])
	return sha256.Sum256([]byte(s.seed + "\x00" + kind + "\x00" + string(n[:])))
}

func (s *idSource) chars(kind, alphabet string, length int) string {
	sum := s.digest(kind)
	var b strings.Builder
	for i := range length {
		b.WriteByte(alphabet[int(sum[i%len(sum)])%len(alphabet)])
	}
	return b.String()
}

// object returns a 20 character id such as 00u… for a user or 00g… for a group.
func (s *idSource) object(prefix string) string {
	return prefix + s.chars(prefix, alphanumeric, 17-len(cell)) + cell
}

// cell ends every object id of one Okta cell.
const cell = "5d7"

// requestID returns what X-Okta-Request-Id carries.
func (s *idSource) requestID() string { return s.chars("request", urlSafe, 27) }

// errorID returns the errorId of an error body.
func (s *idSource) errorID() string { return "oae" + s.chars("error", urlSafe, 22) }

// sessionID returns the id of an identity provider session.
func (s *idSource) sessionID() string { return "102" + s.chars("session", urlSafe, 22) }

// oneTimeToken returns the secret part of an activation or reset link.
func (s *idSource) oneTimeToken() string { return s.chars("token", urlSafe, 20) }

// transactionID returns the id of a verification by push.
func (s *idSource) transactionID() string { return "v2mst." + s.chars("transaction", urlSafe, 22) }

// nonce returns what DPoP-Nonce carries.
func (s *idSource) nonce() string { return s.chars("nonce", urlSafe, 32) }

// password returns a password that nobody chose.
func (s *idSource) password() string { return s.chars("password", alphanumeric, 10) }

// uuid returns the uuid of a log event.
func (s *idSource) uuid() string {
	sum := s.digest("uuid")
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
