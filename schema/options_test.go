package schema

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

type optionsInner struct {
	Group string `json:"group" jsonschema:"title=Group" jsonschema_extras:"x-options=list_groups" jsonschema_description:"Group."`
}

type optionsInput struct {
	User   string         `json:"user" jsonschema_extras:"x-options=list_users status=ACTIVE,x-group=advanced" jsonschema_description:"User."`
	Factor string         `json:"factor" jsonschema:"title=Factor" jsonschema_extras:"x-options=get_factors user=$user kind=push" jsonschema_description:"Factor."`
	Groups []optionsInner `json:"groups" jsonschema:"title=Groups" jsonschema_description:"Groups."`
	Free   string         `json:"free" jsonschema:"title=Free" jsonschema_description:"Free."`
}

func TestOptionsArePublishedAsAnObject(t *testing.T) {
	s, err := Input[optionsInput]()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Verify(); err != nil {
		t.Fatal(err)
	}
	root := s.Root()
	got := map[string]*Options{
		"user": root.Property("user").Options, "factor": root.Property("factor").Options,
		"group": root.Property("groups").Items.Property("group").Options, "free": root.Property("free").Options,
	}
	want := map[string]*Options{
		"user":   {Action: "list_users", Input: map[string]string{"status": "ACTIVE"}},
		"factor": {Action: "get_factors", Input: map[string]string{"kind": "push"}, From: map[string]string{"user": "user"}},
		"group":  {Action: "list_groups"}, "free": nil,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if root.Property("user").Group != "advanced" || root.Property("factor").Group != "basic" {
		t.Error("the groups are missing")
	}
	if _, err := Output[optionsInput](); err == nil {
		t.Error("an output has options")
	}
}
