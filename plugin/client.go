package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// client is the backend in a plugin process, seen from its host.
type client struct {
	rpc      pb.ConnectorClient
	manifest atomic.Pointer[sdk.Manifest] // the latest one, nil before the first
}

var _ sdk.Backend = (*client)(nil)

func (c *client) Manifest(ctx context.Context) (*sdk.Manifest, error) {
	r, err := c.rpc.Manifest(ctx, &pb.ManifestRequest{})
	if err != nil {
		return nil, pipeError(ctx, err, "")
	}
	if err := decodeError(r.GetError()); err != nil {
		return nil, err
	}
	m := new(sdk.Manifest)
	if err := json.Unmarshal(r.GetManifest(), m); err != nil {
		if e := (*sdk.Error)(nil); errors.As(err, &e) {
			return nil, e // a schema_version that this host does not know
		}
		return nil, unreadable(err)
	}
	c.manifest.Store(m)
	return m, nil
}

// action describes an action, by its name alone if that is all that is known.
func (c *client) action(name string) *sdk.ActionInfo {
	if m := c.manifest.Load(); m != nil {
		if a := m.Action(name); a != nil {
			return a
		}
	}
	return &sdk.ActionInfo{Name: name}
}

func (c *client) Validate(ctx context.Context, trigger string, params json.RawMessage) error {
	if err := fits(params); err != nil {
		return err
	}
	r, err := c.rpc.Validate(ctx, &pb.ValidateRequest{Trigger: text(trigger), Params: params})
	if err != nil {
		return pipeError(ctx, err, "")
	}
	return decodeError(r.GetError())
}

func (c *client) Open(ctx context.Context, settings json.RawMessage) (sdk.Session, error) {
	if err := fits(settings); err != nil {
		return nil, err
	}
	r, err := c.rpc.Open(ctx, &pb.OpenRequest{Settings: settings, HostKey: sdk.HostKey(ctx)})
	if err != nil {
		return nil, pipeError(ctx, err, "")
	}
	if err := decodeError(r.GetError()); err != nil {
		return nil, err
	}
	if r.GetSession() == "" {
		return nil, unreadable(errors.New("a session without an id"))
	}
	return &session{client: c, id: r.GetSession(), base: context.WithoutCancel(ctx)}, nil
}

// fits refuses documents that could not be sent. The rest of a message is small.
func fits(documents ...json.RawMessage) error {
	const room = MaxMessage - 1<<20
	size := 0
	for _, d := range documents {
		size += len(d)
	}
	if size > room {
		return sdk.Errorf(sdk.InvalidInput, "the input has %d bytes, which is more than the %d that a plugin takes", size, room)
	}
	return nil
}
