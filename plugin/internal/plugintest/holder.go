package plugintest

import (
	"context"
	"encoding/json"
	"net"
)

// A Holder is the far end of the action hold.
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

// Input is the input of hold for this holder.
func (h *Holder) Input(stubborn bool) json.RawMessage {
	raw, _ := json.Marshal(HoldIn{Address: h.listener.Addr().String(), Stubborn: stubborn})
	return raw
}

// Held returns a channel of the calls that have got to the plugin. Writing a byte
// lets one go; reading ends when the call does.
func (h *Holder) Held() <-chan net.Conn { return h.held }
