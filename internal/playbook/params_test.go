package playbook

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// TestParamProblemsHavePositions checks that violations that the connector finds get positions
// in the file, also for event types, which are no params in the file.
func TestParamProblemsHavePositions(t *testing.T) {
	source := "name: a\ntitle: A\ntrigger: feed\nevent_types:\n  - a.b\n  - c.d\nparams:\n  format:   okta\n" +
		"steps: [{id: look, action: get_user, with: {user: ann}}]\n"
	p, err := Load("f.yaml", []byte(source), Connections{"test": shaped(t)})
	if err != nil {
		t.Fatal(err)
	}
	for want, refusal := range map[string]error{
		"f.yaml:6:5: item 1: is misspelled": sdk.Invalid("no", schema.Violation{Pointer: "/event_types/1", Message: "is misspelled"}),
		"f.yaml:8:13: format: is odd":       sdk.Invalid("no", schema.Violation{Pointer: "/format", Message: "is odd"}),
		"f.yaml:3:10: also: is missing":     sdk.Invalid("no", schema.Violation{Pointer: "/also", Message: "is missing"}),
		"f.yaml:3:10: cannot be both":       sdk.Invalid("cannot be both"),
		"gone (unavailable)":                sdk.Errorf(sdk.Unavailable, "gone"),
	} {
		if diff := cmp.Diff(want, p.ParamProblems(refusal).Error()); diff != "" {
			t.Error(diff)
		}
	}
	two := p.ParamProblems(sdk.Invalid("no", schema.Violation{Pointer: "/event_types/1", Message: "x"}, schema.Violation{Pointer: "/event_types/0", Message: "y"}))
	var problems Problems
	if !errors.As(two, &problems) || len(problems) != 2 || problems[0].Message != "item 0: y" {
		t.Errorf("got %v", two)
	}
}
