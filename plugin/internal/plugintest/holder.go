package plugintest

import (
	"context"
	"encoding/json"
	"net"
)

// A Holder is the server to which the action hold connects.
type Holder struct {
	listener net.Listener
	held     chan net.Conn
}

// NewHolder listens until ctx ends.
func NewHolder(ctx context.Context) (*Holder, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	h := &Holder{listener: listener, held: make(chan net.Conn, 100)}
	context.AfterFunc(ctx, func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			h.held <- conn
		}
	}()
	return h, nil
}

// Input returns the input of hold for this holder.
func (h *Holder) Input(stubborn bool) json.RawMessage {
	raw, _ := json.Marshal(HoldIn{Address: h.listener.Addr().String(), Stubborn: stubborn})
	return raw
}

// Held returns a channel with the connections of calls in progress. Writing a byte to a connection
// releases its call; reading ends with the call.
func (h *Holder) Held() <-chan net.Conn { return h.held }
