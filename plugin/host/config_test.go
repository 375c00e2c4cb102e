package host

import (
	"bytes"
	"testing"

	"soar.example/okta/sdk"
)

// TestConfigLengths checks that a key or a checksum of another length is rejected before
// anything starts.
func TestConfigLengths(t *testing.T) {
	for length, valid := range map[int]bool{0: true, 1: false, 31: false, 32: true, 33: false} {
		bytes := bytes.Repeat([]byte{1}, length)
		for name, c := range map[string]Config{"key": {Path: "p", Key: bytes}, "checksum": {Path: "p", Checksum: bytes}} {
			_, err := c.complete()
			if (err == nil) != valid {
				t.Errorf("a %s of %d bytes: %v", name, length, err)
			}
			if err != nil && sdk.AsError(err).Code != sdk.InvalidInput {
				t.Errorf("a %s of %d bytes: code %s", name, length, sdk.AsError(err).Code)
			}
		}
	}
	if _, err := (Config{}).complete(); err == nil {
		t.Error("a plugin without a path was accepted")
	}
}
