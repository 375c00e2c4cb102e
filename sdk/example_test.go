package sdk_test

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/sdk"
)

type greetSettings struct {
	Greeting string `json:"greeting" jsonschema_description:"First word."`
}

type greetInput struct {
	Name string `json:"name" jsonschema:"minLength=1" jsonschema_description:"Name of the person."`
}

type greetOutput struct {
	Text string `json:"text" jsonschema_description:"Greeting."`
}

// A connector is a value. Compile checks it and returns a Backend, which a host uses or a
// plugin serves.
func Example() {
	backend, err := sdk.Connector[greetSettings, string]{
		Name: "greeter", Title: "Greeter", Summary: "Greets people.", Docs: "https://greeter.example", Version: "1.0.0",
		Open: func(_ context.Context, s greetSettings) (string, error) { return s.Greeting, nil },
		Check: func(context.Context, string) (sdk.Health, error) {
			return sdk.Health{Target: "greeter", Account: "me"}, nil
		},
		Actions: []sdk.AnyAction[string]{sdk.Action[string, greetInput, greetOutput]{
			Name: "greet", Summary: "Greets a person.", Docs: "https://greeter.example/greet", Effect: sdk.Reads,
			Run: func(_ context.Context, greeting string, in greetInput) (greetOutput, error) {
				return greetOutput{Text: greeting + " " + in.Name}, nil
			},
		}},
	}.Compile()
	if err != nil {
		panic(err)
	}
	ctx := hclog.WithContext(context.Background(), hclog.NewNullLogger())
	session, err := backend.Open(ctx, json.RawMessage(`{"greeting":"hello"}`))
	if err != nil {
		panic(err)
	}
	defer session.Close()
	result, err := session.Run(ctx, "greet", json.RawMessage(`{"name":"Ann"}`))
	fmt.Println(string(result.Output), err)
	_, err = session.Run(ctx, "greet", json.RawMessage(`{"nam":"Ann"}`))
	for _, v := range sdk.AsError(err).Violations {
		fmt.Println(v)
	}
	// Output:
	// {"text":"hello Ann"} <nil>
	// /nam: unknown field; did you mean "name"?
	// /name: is required
}

// An error is data: a code for playbooks, and a sentence for people.
func ExampleErrorf() {
	err := fmt.Errorf("block the badge: %w", sdk.Errorf(sdk.NotFound, "there is no badge %s", "b-2"))
	fmt.Println(sdk.AsError(err).Code, sdk.AsError(err).Code.Transient())
	fmt.Println(err)
	// Output:
	// not_found false
	// block the badge: there is no badge b-2 (not_found)
}

// A secret does not print itself.
func ExampleSecret() {
	token := sdk.NewSecret("s3cr3t")
	fmt.Println(token)
	fmt.Println(len(token.Reveal()))
	// Output:
	// ********
	// 6
}

// A host reads from the output of a write how to revert it.
func ExampleUndosOf() {
	undos, err := sdk.UndosOf(json.RawMessage(`{"outcome":"changed","undo":[{"subject":"b-1","action":"set_badge","input":{"badge":"b-1","active":true}}]}`))
	for _, u := range undos {
		fmt.Println(u.Subject, u.Action, string(u.Input), err)
	}
	// Output: b-1 set_badge {"badge":"b-1","active":true} <nil>
}

func ExampleMatchType() {
	for _, pattern := range []string{"user.session.start", "user.session.*", "user.*", "group.*", "*"} {
		fmt.Println(pattern, sdk.MatchType(pattern, "user.session.start"))
	}
	// Output:
	// user.session.start true
	// user.session.* true
	// user.* true
	// group.* false
	// * true
}

func ExampleParseDuration() {
	fmt.Println(sdk.ParseDuration("7d"))
	fmt.Println(sdk.ParseDuration("1h30m"))
	fmt.Println(sdk.ParseDuration("soon"))
	// Output:
	// 168h0m0s <nil>
	// 1h30m0s <nil>
	// 0s "soon" is not a duration such as 90s, 15m, 1h30m or 7d
}
