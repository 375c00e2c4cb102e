package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"sync"

	"soar.example/okta/internal/bench/pages"
)

// ahead is how many pages are made before they are asked for: 100 of them, which is
// about 30 MB, cover a short measurement whole.
const ahead = 100

// A backlog is a log's pages in gzip. Asking for one page gives up the ones before.
type backlog struct {
	pages int
	made  chan []byte

	mu   sync.Mutex
	at   int
	last []byte
}

// newBacklog returns when the first pages are ready.
func newBacklog(events int) *backlog {
	b := &backlog{pages: events / pages.Full, made: make(chan []byte, ahead), at: -1}
	ready := make(chan struct{})
	go func() {
		for n := range b.pages {
			page := compress(pages.Page(n*pages.Full, pages.Full, pages.Usual))
			if n == min(ahead, b.pages)-1 {
				close(ready)
			}
			b.made <- page
		}
		close(b.made)
	}()
	if b.pages > 0 {
		<-ready
	}
	return b
}

// page returns page n, without events from the end on. The caller may ask for the
// page of before again, and for no earlier one.
func (b *backlog) page(ctx context.Context, n int) ([]byte, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for b.at < n {
		select {
		case page, ok := <-b.made:
			if !ok {
				page = compress([]byte("[]"))
			}
			b.at, b.last = b.at+1, page
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return b.last, nil
}

func compress(page []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(page) // to memory
	_ = w.Close()
	return b.Bytes()
}
