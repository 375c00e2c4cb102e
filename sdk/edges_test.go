package sdk_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"soar.example/okta/sdk"
)

// TestManifestUnmarshal checks which manifests are rejected.
func TestManifestUnmarshal(t *testing.T) {
	for doc, want := range map[string]string{
		`{"schema_version":1,"name":"x"}`: "",
		`{"schema_version":2}`:            "its schema_version is 2, and this host knows only 1",
		`{}`:                              "its schema_version is 0",
		`{"schema_version":"1"}`:          "cannot unmarshal string",
		`{"schema_version":1,"name":7}`:   "cannot unmarshal number",
		`[]`:                              "cannot unmarshal array",
	} {
		err := json.Unmarshal([]byte(doc), new(sdk.Manifest))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", doc, err, want)
		}
	}
}

// unencodable is a checkpoint or event that has no JSON form.
type unencodable struct{}

func (unencodable) MarshalJSON() ([]byte, error) { return nil, errors.New("no form") }

// TestPollWithoutJSON checks that a page that cannot be encoded is an error, and not an
// empty page.
func TestPollWithoutJSON(t *testing.T) {
	c := connector()
	c.Triggers = []sdk.AnyTrigger[*client]{sdk.Trigger[*client, pollParams, unencodable, tick]{
		Name: "ticks", Summary: "Each tick.", Docs: "https://docs.example/ticks", Every: time.Minute,
		Poll: func(context.Context, *client, pollParams, unencodable) (sdk.Page[unencodable, tick], error) {
			return sdk.Page[unencodable, tick]{}, nil
		},
	}}
	b, err := c.Compile()
	if err != nil {
		t.Fatal(err)
	}
	s, err := b.Open(t.Context(), json.RawMessage(`{"url":"https://a.example","token":"hunter2"}`))
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Poll(t.Context(), "ticks", nil, nil)
	wantError(t, err, sdk.Internal, "encode checkpoint")
}

// TestNameLength checks the longest name of an action.
func TestNameLength(t *testing.T) {
	for length, valid := range map[int]bool{64: true, 65: false} {
		action := getAction
		action.Name = strings.Repeat("a", length)
		c := connector()
		c.Actions = append(c.Actions, action)
		if _, err := c.Compile(); (err == nil) != valid {
			t.Errorf("a name of %d letters: %v", length, err)
		}
	}
}

// TestErrorWait checks the wait in the text of an error.
func TestErrorWait(t *testing.T) {
	for wait, want := range map[time.Duration]string{
		0:                         "later (rate_limited)",
		time.Nanosecond:           "later (rate_limited, try again in 1ns)",
		time.Millisecond:          "later (rate_limited, try again in 1ms)",
		1500400 * time.Nanosecond: "later (rate_limited, try again in 2ms)",
	} {
		if got := (&sdk.Error{Code: sdk.RateLimited, Message: "later", RetryAfter: wait}).Error(); got != want {
			t.Errorf("%s: got %q, want %q", wait, got, want)
		}
	}
}

// TestListOptionsErrors checks the errors of options that cannot be listed.
func TestListOptionsErrors(t *testing.T) {
	params := sdk.JSON(`{"properties":{"a":{"x-options":{"action":"list"}}}}`)
	action := func(effect sdk.Effect, list *sdk.OptionList) *sdk.Manifest {
		return &sdk.Manifest{Actions: []sdk.ActionInfo{{Name: "list", Effect: effect, Options: list}}}
	}
	list := &sdk.OptionList{Items: "all", Value: "v", Label: "v"}
	for name, c := range map[string]struct {
		manifest *sdk.Manifest
		params   sdk.JSON
		output   string
		code     sdk.Code
		want     string
	}{
		"no action":         {&sdk.Manifest{}, params, "", sdk.InvalidInput, "no action list that lists options"},
		"no list":           {action(sdk.Reads, nil), params, "", sdk.InvalidInput, "no action list that lists options"},
		"a write":           {action(sdk.Writes, list), params, "", sdk.InvalidInput, "no action list that lists options"},
		"no schema":         {action(sdk.Reads, list), sdk.JSON(`{`), "", sdk.Internal, "cannot be read"},
		"no object":         {action(sdk.Reads, list), params, `[]`, sdk.Internal, "in the output of list"},
		"no list in output": {action(sdk.Reads, list), params, `{"all":1}`, sdk.Internal, "in the output of list"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sdk.ListOptions(t.Context(), answering{output: c.output}, c.manifest, c.params, "a", sdk.OptionQuery{})
			wantError(t, err, c.code, c.want)
		})
	}
}

// answering is a session that returns one output for each action.
type answering struct {
	sdk.Session
	output string
}

func (a answering) Run(context.Context, string, json.RawMessage) (sdk.Result, error) {
	return sdk.Result{Output: json.RawMessage(a.output)}, nil
}
