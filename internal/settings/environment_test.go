package settings

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
)

type doorSettings struct {
	URL   string                `json:"url" jsonschema:"format=uri" jsonschema_description:"Address."`
	Token sdk.Secret            `json:"token" jsonschema_description:"Token."`
	Site  string                `json:"site,omitempty" jsonschema_description:"Site."`
	Doors []string              `json:"doors,omitempty" jsonschema_description:"Doors."`
	Limit int                   `json:"limit,omitempty" jsonschema_description:"Limit."`
	Quiet bool                  `json:"quiet,omitempty" jsonschema_description:"Quiet."`
	Heads map[string]sdk.Secret `json:"heads,omitempty" jsonschema_description:"Headers."`
	Other struct {
		A string `json:"a,omitempty" jsonschema_description:"A."`
	} `json:"other,omitzero" jsonschema_description:"Other."`
}

// TestEnvironmentOfAnotherConnector checks that any connector has a variable for each setting, named after the setting.
func TestEnvironmentOfAnotherConnector(t *testing.T) {
	backend, err := sdk.Connector[doorSettings, int]{
		Name: "doors", Title: "Doors", Summary: "Doors.", Docs: "https://docs.example", Version: "1.0.0",
		Open:  func(context.Context, doorSettings) (int, error) { return 0, nil },
		Check: func(context.Context, int) (sdk.Health, error) { return sdk.Health{}, nil },
	}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		env  map[string]string
		want map[string]any
		err  string
	}{
		"all": {
			env: map[string]string{
				"DOORS_URL": "https://d.example", "DOORS_TOKEN": "t", "DOORS_SITE": "s", "DOORS_DOORS": "a,b", "DOORS_LIMIT": "3", "DOORS_QUIET": "true",
			},
			want: map[string]any{
				"url": "https://d.example", "token": "t", "site": "s", "doors": []any{"a", "b"}, "limit": 3.0, "quiet": true,
			},
		},
		"none":        {err: "cannot connect to Doors: set url (DOORS_URL, or url in soar.yaml) and token (DOORS_TOKEN, or token in soar.yaml)"},
		"no token":    {env: map[string]string{"DOORS_URL": "https://d.example"}, err: "set token (DOORS_TOKEN"},
		"no number":   {env: map[string]string{"DOORS_URL": "https://d.example", "DOORS_TOKEN": "t", "DOORS_LIMIT": "many"}, err: "DOORS_LIMIT is not a number"},
		"Okta's":      {env: map[string]string{"OKTA_ORG_URL": "https://o.example", "OKTA_API_TOKEN": "t"}, err: "set url (DOORS_URL"},
		"a reference": {env: map[string]string{"DOORS_URL": "https://d.example", "DOORS_TOKEN": "t", "DOORS_SITE": "${SITE}"}, err: "variables are not expanded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			s := Source{Plugin: "./doors", Launch: func(context.Context, string, string) (*sdk.Manifest, error) { return m, nil }}
			got, err := s.Read()
			if err == nil {
				err = got.Resolve(t.Context())
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v, want %s", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got.Connections[0].Values); diff != "" {
				t.Error(diff)
			}
		})
	}
}
