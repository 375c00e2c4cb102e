package embedded

import (
	"encoding/json"

	"soar.example/okta/sdk"
)

// firstUndo returns the first undo of an output, nil if it has none.
func firstUndo(output json.RawMessage) (*sdk.Undo, error) {
	undos, err := sdk.UndosOf(output)
	if err != nil || len(undos) == 0 {
		return nil, err
	}
	return &undos[0], nil
}
