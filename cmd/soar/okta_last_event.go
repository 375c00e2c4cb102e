package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/sdk"
)

// lastEvent returns the latest event of the System Log on the object whose undo failed, since
// it was changed by the operation. An event is only a hint, so that an error means none.
func (a *app) lastEvent(ctx context.Context, store *embedded.Store, conn *connection, r embedded.UndoResult) string {
	failed := slices.IndexFunc(r.Steps, func(s embedded.UndoStep) bool { return s.Error != nil && s.Error.Code == sdk.Conflict })
	if a.plugin != "" || failed < 0 {
		return ""
	}
	id, _, _ := strings.Cut(r.Steps[failed].State, " ")
	op, err := store.Operation(ctx, r.Steps[failed].Undoes)
	if err != nil || id == "" || strings.ContainsAny(id, `"\`) {
		return ""
	}
	input, err := json.Marshal(map[string]any{
		"filter": `target.id eq "` + id + `"`, "sort_order": "DESCENDING", "limit": 20, "since": cmp.Or(op.Finished, op.Created),
	})
	if err != nil {
		return ""
	}
	result, err := conn.Run(ctx, "get_logs", input)
	var output struct{ Events []any }
	if err != nil || json.Unmarshal(result.Output, &output) != nil || len(output.Events) == 0 {
		return ""
	}
	// A deactivation also removes the apps of the account: these events say less.
	n := slices.IndexFunc(output.Events, func(e any) bool { return !strings.HasPrefix(builtIn.describe(e).kind, "application.") })
	e := builtIn.describe(output.Events[max(0, n)])
	return fmt.Sprintf(". The latest event on it is %s by %s at %s", e.kind, e.actor, e.published)
}
