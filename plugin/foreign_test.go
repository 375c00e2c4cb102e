package plugin

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// foreign is a plugin of another vendor that responds with malformed messages.
type foreign struct {
	pb.UnimplementedConnectorServer
	manifest, health []byte
	session          string
	time             string
	err              *pb.Error
	status           error
}

func (f *foreign) Manifest(context.Context, *pb.ManifestRequest) (*pb.ManifestResponse, error) {
	return &pb.ManifestResponse{Manifest: f.manifest, Error: f.err}, f.status
}

func (f *foreign) Open(context.Context, *pb.OpenRequest) (*pb.OpenResponse, error) {
	return &pb.OpenResponse{Session: f.session}, nil
}

func (f *foreign) Check(context.Context, *pb.CheckRequest) (*pb.CheckResponse, error) {
	return &pb.CheckResponse{Health: f.health}, nil
}

func (f *foreign) Poll(context.Context, *pb.PollRequest) (*pb.PollResponse, error) {
	return &pb.PollResponse{Events: []*pb.Event{{Time: f.time}}, Documents: [][]byte{nil}, Calls: []*pb.Call{{Method: "GET"}}}, nil
}

// TestForeignPlugin checks that malformed responses of a plugin become errors.
func TestForeignPlugin(t *testing.T) {
	f := &foreign{session: "s", health: []byte("{"), manifest: []byte(`{"schema_version":1,"name":1}`), time: "yesterday"}
	c, _ := connect(t, f)
	const unreadable = "cannot be decoded"
	_, err := c.Manifest(t.Context())
	wantError(t, err, sdk.Internal, unreadable)
	f.manifest = nil
	_, err = c.Manifest(t.Context())
	wantError(t, err, sdk.Internal, unreadable)
	for _, raw := range []string{`{}`, `{"manifest_version":1}`, `{"schema_version":0}`, `{"schema_version":2,"name":1}`, `{"schema_version":-1}`} {
		f.manifest = []byte(raw)
		m, err := c.Manifest(t.Context())
		wantError(t, err, sdk.InvalidInput, "schema_version")
		if m != nil {
			t.Errorf("manifest %s is read as %+v", raw, m)
		}
	}
	f.manifest = []byte(`{"schema_version":1,"name":"other"}`)
	if m, err := c.Manifest(t.Context()); err != nil || m.SchemaVersion != sdk.SchemaVersion || m.Name != "other" {
		t.Errorf("got %+v, %v", m, err)
	}
	f.manifest = []byte(`{"schema_version":"1"}`)
	_, err = c.Manifest(t.Context())
	wantError(t, err, sdk.Internal, unreadable)
	s := openOn(t, c, "")
	_, err = s.Check(t.Context())
	wantError(t, err, sdk.Internal, unreadable)
	f.health = nil
	if health, err := s.Check(t.Context()); err != nil || health.Target != "" {
		t.Errorf("got %+v, %v", health, err)
	}
	page, err := s.Poll(t.Context(), "x", nil, nil)
	wantError(t, err, sdk.Internal, unreadable)
	if page.Events != nil || len(page.Calls) != 1 {
		t.Errorf("got %+v", page)
	}
	_, err = s.Run(t.Context(), "x", nil)
	wantError(t, err, sdk.Internal, "does not support this call")
	wantError(t, s.Close(), sdk.Internal, "does not support this call")
	f.session = ""
	_, err = c.Open(t.Context(), nil)
	wantError(t, err, sdk.Internal, unreadable)

	for word, want := range map[string]sdk.Code{"": sdk.Internal, "teapot": sdk.Internal, "forbidden": sdk.Forbidden} {
		f.err = &pb.Error{Code: word, Message: "the message"}
		_, err = c.Manifest(t.Context())
		wantError(t, err, want, "the message")
	}
	for code, want := range map[codes.Code]sdk.Code{
		codes.Unavailable: sdk.Unavailable, codes.Canceled: sdk.Unavailable, codes.Unknown: sdk.Internal,
		codes.DeadlineExceeded: sdk.Internal, codes.ResourceExhausted: sdk.Internal, codes.Aborted: sdk.Unavailable,
	} {
		f.status = status.Error(code, "odd")
		_, err = c.Manifest(t.Context())
		wantError(t, err, want, "")
	}
}
