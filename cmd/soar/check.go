package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/terminal"
	"soar.example/okta/sdk"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Args: none, Short: "Test the connections, and list the permissions of their principals",
		Long: `Test all connections, or that of --connection. The output names the principal, the requests that the service still allows, and
for each action whether the principal can run it and which permissions are missing. The check sends about
ten requests, which only read. A permission that reads cannot determine is unknown.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.check(c.Context()) },
	}
}

// check tests all connections, or that of --connection. Its error is the first failure.
func (a *app) check(ctx context.Context) error {
	selected, err := a.selected()
	if err != nil {
		return err
	}
	if len(selected) == 1 {
		return a.checkConnection(ctx, selected[0].Name)
	}
	var failed error
	for i, one := range selected {
		if !a.json && i > 0 {
			fmt.Fprintln(a.out)
		}
		if !a.json {
			fmt.Fprintln(a.out, a.out.Bold(one.Name))
		}
		if err := a.checkConnection(ctx, one.Name); err != nil {
			if ctx.Err() != nil {
				return err
			}
			e := *sdk.AsError(err)
			e.Message = "the connection " + one.Name + " does not work: " + e.Message
			a.report(&e)
			failed = worse(failed, &e)
		}
	}
	if failed != nil {
		return failedError{exitCode(ctx, failed)}
	}
	return nil
}

// worse returns the error with the higher exit status.
func worse(a, b error) error {
	if a == nil || exitCode(context.Background(), b) > exitCode(context.Background(), a) {
		return b
	}
	return a
}

func (a *app) checkConnection(ctx context.Context, name string) error {
	all, err := a.openAll(ctx, []string{name}, nil)
	if err != nil {
		return err
	}
	defer all.Close()
	conn := all[0]
	start := time.Now()
	health, err := conn.Check(ctx)
	if err != nil {
		return err
	}
	took := time.Since(start).Round(time.Millisecond)
	permissions, err := readPermissions(ctx, conn)
	if err != nil {
		return err
	}
	paused, err := a.pauseOf(ctx)
	if err != nil {
		return err
	}
	if a.json {
		a.out.JSON(map[string]any{
			"kind": "check", "connection": conn.settings.Name, "paused": paused,
			"settings_file": a.file.File, "guards": guardsOf(conn), "target": health.Target, "account": health.Account,
			"notes": health.Notes, "budgets": health.Budgets, "milliseconds": took.Milliseconds(), "permissions": permissions.raw,
		})
		return nil
	}
	fmt.Fprintf(a.out, "%s  connected to %s as %s  %s\n",
		a.out.Green("✓"), terminal.OneLine(health.Target), terminal.OneLine(health.Account), a.out.Faint(took.String()))
	if paused != nil {
		a.showNotes([]string{pauseText(paused)})
	}
	a.showSettings(conn)
	a.showNotes(health.Notes)
	if len(health.Budgets) > 0 {
		table(a, "", health.Budgets, []string{"RATE LIMIT", "REQUESTS LEFT", "ALL AGAIN IN"}, budgetRow)
	}
	a.showPermissions(permissions, health.Notes)
	return nil
}

// guardsOf returns the settings that limit what the connection may do.
func guardsOf(c *connection) map[string]any {
	set := maps.Clone(c.settings.Values)
	maps.DeleteFunc(set, func(name string, _ any) bool { return !slices.Contains(builtIn.guards, name) })
	return set
}

func (a *app) showSettings(c *connection) {
	fmt.Fprintf(a.out, "settings file: %s\n", terminal.OneLine(cmp.Or(a.file.File, "none, the environment alone")))
	set := guardsOf(c)
	if len(set) == 0 {
		fmt.Fprintln(a.out, "guards: none are set")
	}
	for _, name := range builtIn.guards {
		if v, ok := set[name]; ok {
			fmt.Fprintf(a.out, "guard: %s: %s\n", name, terminal.OneLine(cell(v)))
		}
	}
}

func (a *app) showNotes(notes []string) {
	for _, note := range notes {
		fmt.Fprintf(a.out, "%s  %s\n", a.out.Yellow("!"), terminal.OneLine(note))
	}
}

// budgetRow is a row of the table of requests that the service still allows.
func budgetRow(b sdk.Budget) []string {
	again := ""
	if wait := time.Until(b.Reset); !b.Reset.IsZero() && wait > 0 {
		again = wait.Round(time.Second).String()
	}
	return []string{b.Bucket, fmt.Sprintf("%d of %d", b.Remaining, b.Limit), again}
}

// checkPermissions is the action that reports the permissions of the principal.
const checkPermissions = "check_permissions"

// permissions are the permissions of the principal, as the connector reports them.
type permissions struct {
	raw        json.RawMessage
	Roles      []string `json:"roles"`
	RolesKnown bool     `json:"roles_known"`
	Notes      []string `json:"notes"`
	Actions    []actionPermission
}

type actionPermission struct {
	Action, Can, Why string
	Missing          []string
}

// readPermissions runs checkPermissions. Without that action, the permissions are empty.
func readPermissions(ctx context.Context, conn *connection) (*permissions, error) {
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
		return nil, fmt.Errorf("read the permissions of the principal: %w", err)
	}
	return p, nil
}

// showPermissions shows the permissions, and the notes that are not in shown.
func (a *app) showPermissions(p *permissions, shown []string) {
	if len(p.Actions) == 0 {
		return
	}
	if p.RolesKnown {
		fmt.Fprintf(a.out, "   admin roles: %s\n", terminal.OneLine(strings.Join(p.Roles, ", ")))
	}
	a.showNotes(slices.DeleteFunc(p.Notes, func(note string) bool { return slices.Contains(shown, note) }))
	count := map[string]int{}
	table(a, "", p.Actions, []string{"ACTION", "CAN RUN", "MISSING", "WHY"}, func(action actionPermission) []string {
		count[action.Can]++
		return []string{action.Action, action.Can, strings.Join(action.Missing, "; "), action.Why}
	})
	fmt.Fprintln(a.out, a.out.Faint(fmt.Sprintf("%d yes, %d partly, %d no, %d unknown", count["yes"], count["partly"], count["no"], count["unknown"])))
}
