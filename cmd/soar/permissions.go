package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// checkPermissions is the action that says what the login can do.
const checkPermissions = "check_permissions"

// permissions are what a login can do, by the connector's own word.
type permissions struct {
	raw        json.RawMessage
	Roles      []string `json:"roles"`
	RolesKnown bool     `json:"roles_known"`
	Notes      []string `json:"notes"`
	Actions    []struct {
		Action  string   `json:"action"`
		Can     string   `json:"can"`
		Missing []string `json:"missing"`
		Why     string   `json:"why"`
	} `json:"actions"`
}

// permissionsOf asks a connector that can tell; of another they are empty.
func permissionsOf(ctx context.Context, conn *connection) (*permissions, error) {
	p := new(permissions)
	if conn.manifest.Action(checkPermissions) == nil {
		return p, nil
	}
	result, err := conn.Run(ctx, checkPermissions, json.RawMessage("{}"))
	if err != nil {
		return nil, err
	}
	p.raw = result.Output
	if err := json.Unmarshal(result.Output, p); err != nil {
		return nil, fmt.Errorf("read what the login can do: %w", err)
	}
	return p, nil
}

// showPermissions shows them as a table, without the notes that were shown before.
func (a *app) showPermissions(p *permissions, shown []string) {
	if len(p.Actions) == 0 {
		return
	}
	if p.RolesKnown {
		fmt.Fprintf(a.out, "   admin roles: %s\n", oneLine(strings.Join(p.Roles, ", ")))
	}
	for _, note := range p.Notes {
		if !slices.Contains(shown, note) {
			fmt.Fprintf(a.out, "%s  %s\n", a.out.yellow("!"), oneLine(note))
		}
	}
	rows := [][]string{{"ACTION", "CAN RUN", "MISSING", "WHY"}}
	counts := map[string]int{}
	for _, action := range p.Actions {
		counts[action.Can]++
		rows = append(rows, []string{action.Action, action.Can, strings.Join(action.Missing, "; "), action.Why})
	}
	a.out.table(rows)
	fmt.Fprintln(a.out, a.out.faint(fmt.Sprintf("%d yes, %d partly, %d no, %d unknown", counts["yes"], counts["partly"], counts["no"], counts["unknown"])))
}
