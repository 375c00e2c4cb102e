package embedded

import (
	"fmt"
	"runtime/debug"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// guarded turns a panic into an error, so that one expression on one event does
// not take every other run down with the process.
func guarded[T any](e *Engine, what string, do func() (T, error)) (v T, err error) {
	defer func() {
		if r := recover(); r != nil {
			said := schema.MaskText(fmt.Sprint(r))
			e.o.Logger.Error("panic", "in", what, "panic", said, "stack", string(debug.Stack()))
			err = sdk.Errorf(sdk.Internal, "%s broke down: %s", what, said)
		}
	}()
	return do()
}
