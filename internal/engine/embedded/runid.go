package embedded

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"io"

	"soar.example/okta/sdk"
)

// runID is the id of the only run that the event can ever start of the playbook.
func runID(org, playbook, event string) string {
	return digest(org, playbook, event)
}

// eventID is how an event is known: by its own id, or by its content if the
// trigger gave it none, so that it is neither lost nor taken for another.
func eventID(e sdk.RawEvent) string {
	if e.ID != "" {
		return e.ID
	}
	return "content-" + digest(e.Type, e.Time.UTC().String(), string(e.Data))
}

// digest is 32 hexadecimal digits that stand for parts. Lengths are part of it,
// so that no two lists run together.
func digest(parts ...string) string {
	h := sha256.New()
	var length [8]byte
	for _, p := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(p)))
		h.Write(length[:])
		io.WriteString(h, p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
