package reconcile_test

import (
	"context"
	"fmt"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/reconcile"
)

type lamp struct {
	On bool `json:"on"`
}

// The action of a connector reads the state, sends one write, and verifies the new state.
func ExampleGoal() {
	service := lamp{}
	on := reconcile.Goal[lamp]{
		Name: "lamp is on",
		Done: func(l lamp) bool { return l.On },
		Act:  func(context.Context) error { service.On = true; return nil },
		Read: func(context.Context) (lamp, error) { return service, nil },
	}
	for range 2 {
		change, err := on.Run(context.Background())
		fmt.Println(change.Outcome, change.Before, change.After, err)
	}
	// Output:
	// changed {false} {true} <nil>
	// unchanged {true} {true} <nil>
}

// A write with expected_before is not sent if another client has changed the state since the dry
// run.
func ExampleExpected() {
	service := lamp{On: true}
	off := reconcile.Goal[lamp]{
		Name: "lamp is off",
		Done: func(l lamp) bool { return !l.On },
		Act:  func(context.Context) error { service.On = false; return nil },
		Read: func(context.Context) (lamp, error) { return service, nil },
	}
	ctx := sdk.WithExpectedBefore(context.Background(), []byte(`{"on":false}`))
	_, err := off.Run(ctx)
	fmt.Println(sdk.AsError(err).Code, sdk.AsError(err).Violations[0].Pointer, service)
	// Output: conflict /expected_before/on {true}
}
