package actions

import (
	"errors"

	"soar.example/okta/sdk"
)

// eachOf runs act on each item, to the end even if one fails, and returns the first
// failure. In a dry run every item gives its part of the plan.
func eachOf[T any](items []T, act func(T) error) error {
	var first error
	planned := false
	for _, item := range items {
		err := act(item)
		if errors.Is(err, sdk.ErrPlanned) {
			planned = true
		} else if first == nil {
			first = err
		}
	}
	if first == nil && planned {
		return sdk.ErrPlanned
	}
	return first
}
