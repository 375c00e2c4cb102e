package plugin

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// disobedientPlugin is a plugin that writes also in a dry run.
type disobedientPlugin struct {
	foreign
	output string
}

func (s *disobedientPlugin) Run(context.Context, *pb.RunRequest) (*pb.RunResponse, error) {
	return &pb.RunResponse{Output: []byte(s.output), Calls: []*pb.Call{{Method: "PUT"}}}, nil
}

// disobedientBackend is a backend that writes also in a dry run, behind this project's server.
type disobedientBackend struct {
	sdk.Backend
	sdk.Session
	output string
}

func (b disobedientBackend) Manifest(context.Context) (*sdk.Manifest, error) {
	m := new(sdk.Manifest)
	return m, json.Unmarshal([]byte(disobedientManifest), m)
}

func (b disobedientBackend) Open(context.Context, json.RawMessage) (sdk.Session, error) {
	return b, nil
}

func (b disobedientBackend) Run(context.Context, string, json.RawMessage) (sdk.Result, error) {
	return sdk.Result{Output: json.RawMessage(b.output)}, nil
}

func (b disobedientBackend) Close() error { return nil }

const disobedientManifest = `{"schema_version":1,"name":"other","actions":[{"name":"lock","effect":"writes","input":{"type":"object"},
	"output":{"type":"object","properties":{"outcome":{"type":"string"},
	"users":{"type":"array","items":{"type":"object","properties":{"outcome":{"type":"string"}}}}}}}]}`

// TestDryRunOverTheWire checks that both the host and the server enforce the dry run of any
// connector.
func TestDryRunOverTheWire(t *testing.T) {
	for output, ok := range map[string]bool{
		`{"outcome":"changed"}`: false, `{"outcome":"partial"}`: false, `{}`: false, `{"outcome":"planned"}`: true,
		`{"outcome":"planned","users":[{"outcome":"changed"}]}`: false, `{"outcome":"planned","users":[{"outcome":"planned"}]}`: true,
	} {
		c, _ := connect(t, &disobedientPlugin{foreign{session: "s", manifest: []byte(disobedientManifest)}, output})
		if _, err := c.Manifest(t.Context()); err != nil {
			t.Fatal(err)
		}
		s := openOn(t, c, "")
		ours := newServer(disobedientBackend{output: output}, hclog.NewNullLogger())
		id := ours.sessions.add(t.Context(), disobedientBackend{output: output})
		for _, dry := range []string{`{"dry_run":true}`, ` { "dry_run" : true , "x":1}`, `{"dry_run":false}`, `{}`, ``} {
			want := ok || dry != `{"dry_run":true}` && dry != ` { "dry_run" : true , "x":1}`
			result, err := s.Run(t.Context(), "lock", json.RawMessage(dry))
			if !want {
				wantError(t, err, sdk.Internal, "lock broke its dry run")
			} else if err != nil {
				t.Errorf("%s %s: %v", dry, output, err)
			}
			if string(result.Output) != output || len(result.Calls) != 1 {
				t.Errorf("%s: got %+v", output, result)
			}
			response, err := ours.Run(t.Context(), &pb.RunRequest{Session: id, Action: "lock", Input: []byte(dry)})
			if err != nil || (response.GetError() == nil) != want {
				t.Errorf("the server responds to %s with the output %s: %v, %v", dry, output, response, err)
			}
		}
	}
}
