package sdk_test

import (
	"bytes"
	"testing"

	"soar.example/okta/sdk"
)

// TestSign checks that a signature holds for one document, one purpose and one key, and
// that a session without a key of the right size neither signs nor accepts a signature.
func TestSign(t *testing.T) {
	key := bytes.Repeat([]byte{1}, sdk.HostKeySize)
	ctx := sdk.WithHostKey(t.Context(), key)
	doc := []byte(`{"a":1}`)
	signature := sdk.Sign(ctx, "record", doc)
	if len(signature) != 64 || !sdk.Signed(ctx, "record", doc, signature) {
		t.Errorf("the signature %q does not hold for its own document", signature)
	}
	for name, ok := range map[string]bool{
		"another purpose":   sdk.Signed(ctx, "recor", doc, signature),
		"another document":  sdk.Signed(ctx, "record", []byte(`{"a":2}`), signature),
		"another signature": sdk.Signed(ctx, "record", doc, signature[1:]+"0"),
		"no signature":      sdk.Signed(ctx, "record", doc, ""),
		"another key":       sdk.Signed(sdk.WithHostKey(t.Context(), bytes.Repeat([]byte{2}, sdk.HostKeySize)), "record", doc, signature),
		"no key":            sdk.Signed(t.Context(), "record", doc, signature),
	} {
		if ok {
			t.Errorf("the signature holds with %s", name)
		}
	}
	for _, size := range []int{0, 1, sdk.HostKeySize - 1, sdk.HostKeySize + 1} {
		short := sdk.WithHostKey(t.Context(), make([]byte, size))
		if got := sdk.Sign(short, "record", doc); got != "" || sdk.Signed(short, "record", doc, "") {
			t.Errorf("a key of %d bytes signs %q", size, got)
		}
	}
}
