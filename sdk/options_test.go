package sdk_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
)

type listInput struct {
	Kind  string `json:"kind" jsonschema:"title=Kind" jsonschema_description:"Kind."`
	Of    string `json:"of,omitempty" jsonschema:"title=Of" jsonschema_description:"Whose."`
	Q     string `json:"q,omitempty" jsonschema:"title=Q" jsonschema_description:"Beginning."`
	Limit int    `json:"limit,omitempty" jsonschema:"title=Limit,default=2" jsonschema_description:"Most."`
	After string `json:"after,omitempty" jsonschema:"title=After" jsonschema_description:"From."`
}

type thing struct {
	ID   int    `json:"id,omitempty" jsonschema_description:"Id."`
	Name string `json:"name,omitempty" jsonschema_description:"Name."`
	Note string `json:"note,omitempty" jsonschema_description:"Note."`
}

type listOutput struct {
	Things []thing `json:"things" jsonschema_description:"Things."`
	Next   string  `json:"next,omitempty" jsonschema_description:"Place."`
}

var wholeList = sdk.OptionList{
	Items: "things", Value: "id", Label: "name", Description: "note",
	Typed: true, Search: "q", Limit: "limit", After: "after", Next: "next",
}

// listThings lists its own input as the first thing.
func listThings(o *sdk.OptionList) sdk.AnyAction[*client] {
	return sdk.Action[*client, listInput, listOutput]{
		Name: "list_things", Title: "List", Summary: "Lists.", Docs: "https://docs.example", Effect: sdk.Reads, Options: o,
		Example: sdk.Example[listInput, listOutput]{Input: listInput{Kind: "a"}, Output: listOutput{Things: []thing{}}},
		Run: func(_ context.Context, _ *client, in listInput) (listOutput, error) {
			if in.Kind == "broken" {
				return listOutput{}, sdk.Errorf(sdk.Forbidden, "no")
			}
			asked, err := json.Marshal(in)
			return listOutput{Next: "p2", Things: []thing{{1, string(asked), "asked"}, {2, "", "nameless"}, {0, "no value", ""}}}, err
		},
	}
}

type pickInput struct {
	Thing string `json:"thing,omitempty" jsonschema:"title=Thing" jsonschema_extras:"x-options=list_things kind=a" jsonschema_description:"Thing."`
	Part  string `json:"part,omitempty" jsonschema_extras:"x-options=list_things kind=b of=$thing,x-group=advanced" jsonschema_description:"Part."`
	Gone  string `json:"gone,omitempty" jsonschema:"title=Gone" jsonschema_extras:"x-options=list_things kind=broken" jsonschema_description:"Gone."`
	Free  string `json:"free,omitempty" jsonschema:"title=Free" jsonschema_description:"Free."`
}

func picking[In any](o *sdk.OptionList) sdk.Connector[settings, *client] {
	c := connector()
	c.Actions = []sdk.AnyAction[*client]{listThings(o), sdk.Action[*client, In, short]{
		Name: "pick", Title: "Pick", Summary: "Picks.", Docs: "https://docs.example", Effect: sdk.Reads,
		Run: func(context.Context, *client, In) (short, error) { return short{}, nil },
	}}
	return c
}

func TestListOptions(t *testing.T) {
	offline := wholeList
	offline.Search, offline.Typed = "", false
	for name, test := range map[string]struct {
		list  sdk.OptionList
		param string
		q     sdk.OptionQuery
		asked string // "" is an error
		err   string
	}{
		"the first page":         {wholeList, "thing", sdk.OptionQuery{}, `{"kind":"a","limit":2}`, ""},
		"a search and a page":    {wholeList, "thing", sdk.OptionQuery{Search: "x y", After: "p1", Limit: 7}, `{"kind":"a","q":"x y","limit":7,"after":"p1"}`, ""},
		"of another parameter":   {wholeList, "part", sdk.OptionQuery{Given: json.RawMessage(`{"thing":"t-1","free":7}`)}, `{"kind":"b","of":"t-1","limit":2}`, ""},
		"which is not there yet": {wholeList, "part", sdk.OptionQuery{Given: json.RawMessage(`{}`)}, "", "/thing: is needed first"},
		"nor known":              {wholeList, "part", sdk.OptionQuery{}, "", "/thing: is needed first"},
		"or is broken":           {wholeList, "part", sdk.OptionQuery{Given: json.RawMessage(`[]`)}, "", "not a JSON object"},
		"no such parameter":      {wholeList, "thin", sdk.OptionQuery{}, "", `there is no parameter "thin"; did you mean "thing"?`},
		"no options":             {wholeList, "free", sdk.OptionQuery{}, "", "the parameter free has no list of options"},
		"the action fails":       {wholeList, "gone", sdk.OptionQuery{}, "", "no (forbidden)"},
		"the host searches":      {offline, "thing", sdk.OptionQuery{Search: "ASKED"}, `{"kind":"a","limit":2}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := picking[pickInput](&test.list).Compile()
			if err != nil {
				t.Fatal(err)
			}
			if err := sdk.Verify(b); err != nil {
				t.Fatal(err)
			}
			m, err := b.Manifest(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s, err := b.Open(t.Context(), json.RawMessage(goodSettings))
			if err != nil {
				t.Fatal(err)
			}
			got, err := sdk.ListOptions(t.Context(), s, m, m.Action("pick").Input, test.param, test.q)
			if test.asked == "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			want := sdk.OptionPage{Next: "p2", Options: []sdk.Option{{Value: "1", Label: test.asked, Description: "asked", Typed: test.list.Typed}}}
			if test.list.Search != "" {
				// A label that is not there is the value.
				want.Options = append(want.Options, sdk.Option{Value: "2", Label: "2", Description: "nameless", Typed: true})
			}
			if err != nil {
				t.Fatal(err)
			}
			got.Options[0].Label = compact(t, got.Options[0].Label)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// compact drops the members of an input that are zero.
func compact(t *testing.T, raw string) string {
	t.Helper()
	var in listInput
	if err := json.Unmarshal([]byte(raw), &in); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

type noAction struct {
	Thing string `json:"thing,omitempty" jsonschema:"title=Thing" jsonschema_extras:"x-options=list_thinks kind=a" jsonschema_description:"Thing."`
}

type noList struct {
	Thing string `json:"thing,omitempty" jsonschema:"title=Thing" jsonschema_extras:"x-options=pick" jsonschema_description:"Thing."`
}

type wrongInputs struct {
	Thing string `json:"thing,omitempty" jsonschema:"title=Thing" jsonschema_extras:"x-options=list_things sort=a of=$nobody" jsonschema_description:"Thing."`
}

type within struct {
	Any  []noAction `json:"any,omitempty" jsonschema:"title=Any" jsonschema_description:"Any."`
	Deep struct {
		Wrong wrongInputs `json:"wrong,omitzero" jsonschema:"title=Wrong" jsonschema_description:"Wrong."`
	} `json:"deep,omitzero" jsonschema:"title=Deep" jsonschema_description:"Deep."`
}

func TestOptionsThatNobodyCanList(t *testing.T) {
	change := func(f func(*sdk.OptionList)) *sdk.OptionList {
		o := wholeList
		f(&o)
		return &o
	}
	for want, c := range map[string]sdk.Connector[settings, *client]{
		`action "pick": thing: x-options: there is no action "list_thinks"`:     picking[noAction](&wholeList),
		`thing: x-options: action pick does not say how it lists options`:       picking[noList](&wholeList),
		`action list_things does not say how it lists options`:                  picking[pickInput](nil),
		`action list_things has no input "sort"`:                                picking[wrongInputs](&wholeList),
		`there is no parameter "nobody" to take of from`:                        picking[wrongInputs](&wholeList),
		`any: thing: x-options: there is no action "list_thinks"`:               picking[within](&wholeList),
		`deep: wrong: thing: x-options: action list_things has no input "sort"`: picking[within](&wholeList),
		`action list_things needs the input "kind"`:                             picking[wrongInputs](&wholeList),
		`action "list_things": options: items: the answer has no list "thinks"`: picking[pickInput](change(func(o *sdk.OptionList) { o.Items = "thinks" })),
		`options: items: the answer has no list "next"`:                         picking[pickInput](change(func(o *sdk.OptionList) { o.Items = "next" })),
		`options: need a value and a label`:                                     picking[pickInput](change(func(o *sdk.OptionList) { o.Label = "" })),
		`options: value: the items of things have no "uid"`:                     picking[pickInput](change(func(o *sdk.OptionList) { o.Value = "uid" })),
		`options: search: there is no input "search"`:                           picking[pickInput](change(func(o *sdk.OptionList) { o.Search = "search" })),
		`options: after and next go together`:                                   picking[pickInput](change(func(o *sdk.OptionList) { o.Next = "" })),
		`options: next: the answer has no "more"`:                               picking[pickInput](change(func(o *sdk.OptionList) { o.Next = "more" })),
	} {
		b, err := c.Compile()
		if err == nil {
			err = sdk.Verify(b)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %s, got %v", want, err)
		}
	}
}
