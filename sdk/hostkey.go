package sdk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
)

type hostKeyKey struct{}

// HostKeySize is the size of a host's key in bytes.
const HostKeySize = 32

// WithHostKey returns a context in which a session is opened with the host's key. A
// host makes the key once, at random, and keeps it secret. Sessions that are opened
// with the same key know each other's signatures; see [Sign].
func WithHostKey(ctx context.Context, key []byte) context.Context {
	return context.WithValue(ctx, hostKeyKey{}, key)
}

// HostKey returns the key of ctx, nil if there is none.
func HostKey(ctx context.Context) []byte {
	key, _ := ctx.Value(hostKeyKey{}).([]byte)
	return key
}

// Sign returns the signature of a document that an action gives out for another action
// to take back. purpose says what the document is for: a signature holds for no other.
// Sign returns "" if the session was opened without a key.
func Sign(ctx context.Context, purpose string, doc []byte) string {
	key := HostKey(ctx)
	if len(key) != HostKeySize {
		return ""
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(purpose))
	mac.Write([]byte{0})
	mac.Write(doc)
	return hex.EncodeToString(mac.Sum(nil))
}

// Signed reports whether [Sign] made the signature of this document for this purpose,
// in a session with the same key.
func Signed(ctx context.Context, purpose string, doc []byte, signature string) bool {
	want := Sign(ctx, purpose, doc)
	return want != "" && hmac.Equal([]byte(want), []byte(signature))
}
