package plugin

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

// keyed is a backend that records the key with which a session is opened.
type keyed struct {
	disobedientBackend
	key *[]byte
}

func (k keyed) Open(ctx context.Context, _ json.RawMessage) (sdk.Session, error) {
	*k.key = sdk.HostKey(ctx)
	return k, nil
}

// TestHostKeyOverTheWire checks that the key reaches the session, but no error and no log.
func TestHostKeyOverTheWire(t *testing.T) {
	for _, want := range [][]byte{nil, bytes.Repeat([]byte{0, 1, 0xff, 'k'}, sdk.HostKeySize/4)} {
		var got []byte
		var log bytes.Buffer
		logger := hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Trace})
		c, _ := connect(t, newServer(keyed{disobedientBackend{output: `{}`}, &got}, logger))
		s, err := c.Open(sdk.WithHostKey(t.Context(), want), json.RawMessage(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) || len(want) > 0 && bytes.Contains(log.Bytes(), want[:4]) {
			t.Errorf("got %x, want %x; logged %s", got, want, log.Bytes())
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}
