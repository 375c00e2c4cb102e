package embedded

import (
	"bytes"
	"context"
	"sync"
	"testing"

	"soar.example/okta/sdk"
)

// All programs that share a store have one key, whoever comes first; another store has
// another.
func TestHostKey(t *testing.T) {
	path := storePath(t)
	var mu sync.Mutex
	var keys [][]byte
	openStore(t, path) // so that nobody waits for the others to make it
	var wg sync.WaitGroup
	for range 4 {
		s := openStore(t, path)
		wg.Go(func() {
			for range 2 {
				key, err := s.HostKey(context.Background())
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				keys = append(keys, key)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		if len(key) != sdk.HostKeySize || !bytes.Equal(key, keys[0]) {
			t.Errorf("got %d bytes, %t", len(key), bytes.Equal(key, keys[0]))
		}
	}
	other, err := openStore(t, storePath(t)).HostKey(t.Context())
	if err != nil || bytes.Equal(other, keys[0]) || bytes.Equal(other, make([]byte, sdk.HostKeySize)) {
		t.Errorf("another store has the key %x, %v", other, err)
	}
}
