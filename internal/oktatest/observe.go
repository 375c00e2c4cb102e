package oktatest

import "sync/atomic"

// An Exchange is a request and what the org answered.
type Exchange struct {
	Method, Path, Query string
	ContentType         string // of the request's body
	Body                []byte
	Status              int
	Answer              []byte
	// Faulty says that the answer is a fault's, not the org's own.
	Faulty bool
}

var observer atomic.Pointer[func(Exchange)]

// Observe has f told of every exchange of every org in this process, from now on. It is for a TestMain, so that no
// test is forgotten. f may be called by several goroutines at once, and must not call the org.
func Observe(f func(Exchange)) { observer.Store(&f) }

func observe(c *call, r *reply, fault *armedFault) {
	f := observer.Load()
	if f == nil {
		return
	}
	(*f)(Exchange{
		Method: c.method, Path: c.path, Query: c.rawQuery, ContentType: c.header.Get("Content-Type"), Body: c.body,
		Status: r.status, Answer: r.body, Faulty: fault.replaces(),
	})
}
