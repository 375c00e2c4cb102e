package main

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/watch"
)

func (a *app) auditCommand() *cobra.Command {
	var since, until string
	var q embedded.AuditQuery
	c := &cobra.Command{
		Use: "audit", Args: none,
		Short: "List the calls of actions, by playbooks and by people, newest first",
		Long: `List the calls of actions, by playbooks and by people, newest first. A line shows one call in 80 columns, or in as
many as COLUMNS says: long values are cut, and a time of this year has no year.

--json prints each call whole, with the account of the operating system, the host, the process, the connection, the
operation, the case, the reason and the playbook.`,
		Example: "  soar audit --user alice@corp.example --since 24h\n  soar audit --case INC-1042 --json",
		RunE: a.withStore(func(ctx context.Context, store *embedded.Store, _ []string) (err error) {
			for flag, at := range map[string]struct {
				text string
				time *time.Time
			}{"since": {since, &q.Since}, "until": {until, &q.Until}} {
				if at.text == "" {
					continue
				}
				if *at.time, err = watch.ParseTime(at.text, time.Now()); err != nil {
					return usagef("--%s %w", flag, err)
				}
			}
			entries, err := store.AuditTrail(ctx, q)
			if err != nil {
				return err
			}
			if a.output != "table" || len(entries) == 0 {
				return list(a, entries, "no call matches", nil, auditRow)
			}
			a.out.FitTable(tableRows(entries, []string{"WHEN", "WHO", "ACTION", "SUBJECT", "OUTCOME", "CASE", "OPERATION"}, auditRow), columns())
			return nil
		}),
	}
	f := c.Flags()
	f.StringVar(&q.User, "user", "", "only calls that this account of the operating system made, or that concern this user (ID or login)")
	f.StringVar(&since, "since", "", `only calls from this time on, such as 2026-03-14T02:00:00Z or "2h ago"`)
	f.StringVar(&until, "until", "", "only calls before this time")
	f.StringVar(&q.Action, "action", "", "only calls of this action")
	f.StringVar(&q.Case, "case", "", "only calls for this case")
	f.StringVar(&q.Connection, "connection", "", "only calls on this connection")
	f.StringVar(&q.Outcome, "outcome", "", "only calls with this outcome (such as changed), status (such as failed) or error code")
	f.StringVar(&q.Operation, "operation", "", "only calls of this operation")
	f.IntVar(&q.Limit, "limit", 50, "maximum number of calls")
	return c
}

// columns returns the width for tables with one line per entry.
func columns() int {
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n >= 40 {
		return n
	}
	return 80
}

func auditRow(e embedded.AuditEntry) []string {
	who := e.OSUser
	if e.Playbook != "" {
		who = e.Playbook
	}
	action := e.Action
	if e.Cause != "" {
		action += " (" + e.Cause + ")"
	}
	at := when(e.Time)
	if year := time.Now().UTC().Format("2006-"); strings.HasPrefix(at, year) {
		at = strings.TrimPrefix(at, year)
	}
	return []string{
		at, who, action, cmp.Or(strings.Join(e.Subjects, ", "), inputLine(e.Input)), cmp.Or(e.Code, e.Outcome, e.Status), e.Case,
		e.Operation[:min(8, len(e.Operation))],
	}
}

// inputLine returns the input of a call on one line, for a call whose objects are unknown:
// one that only reads, or that failed before it found them. It leaves out the parameters
// that say how the call is made, and the name of a parameter that is alone.
func inputLine(input json.RawMessage) string {
	var members map[string]any
	if json.Unmarshal(input, &members) != nil {
		return strings.Join(strings.Fields(string(input)), " ")
	}
	for _, name := range []string{"reason", "dry_run", "force", "expected_before"} {
		delete(members, name)
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		text := strings.Join(strings.Fields(plainJSON(members[name])), " ")
		if len(members) > 1 {
			text = name + "=" + text
		}
		parts = append(parts, text)
	}
	return strings.Join(parts, ", ")
}

// plainJSON returns a text without quotes, a list without brackets, and any other value as
// JSON.
func plainJSON(value any) string {
	switch value := value.(type) {
	case string:
		return value
	case []any:
		var items []string
		for _, item := range value {
			items = append(items, plainJSON(item))
		}
		return strings.Join(items, ", ")
	}
	raw, _ := json.Marshal(value) // it was JSON
	return string(raw)
}
