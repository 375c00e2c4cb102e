package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"

	"soar.example/okta/sdk"
)

// RunID returns the ID of the only run that the event can start of the playbook.
func RunID(org, playbook, event string) string { return Digest(org, playbook, event) }

// EventID returns the ID of the event: its own, or one made of its content if the
// trigger gave none. So an event without an ID is neither lost nor confused.
func EventID(e sdk.RawEvent) string {
	if e.ID != "" {
		return e.ID
	}
	return "content-" + Digest(e.Type, e.Time.UTC().String(), string(e.Data))
}

// Digest returns 32 hexadecimal digits that identify the parts. It covers their
// lengths, so that two different lists have different digests.
func Digest(parts ...string) string {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		io.WriteString(h, p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
