package embedded

import (
	"context"
	"sync"
	"testing"
)

// Two that make one store at the same instant both read it and then want to write:
// SQLite refuses one of them at once, without the wait that it was told.
func TestStoreMadeAtTheSameInstant(t *testing.T) {
	for range 20 {
		path := storePath(t)
		var group sync.WaitGroup
		start := make(chan struct{})
		for range 4 {
			group.Go(func() {
				<-start
				s, err := OpenStore(context.Background(), path)
				if err == nil {
					err = s.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		close(start)
		group.Wait()
	}
}
