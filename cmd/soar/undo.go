package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/engine"
	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/sdk"
)

func (a *app) undoCommand() *cobra.Command {
	var o embedded.UndoOptions
	var q embedded.UndoQuery
	var last, shows bool
	c := &cobra.Command{
		Use: "undo {OPERATION | --last | --list}", Short: "Undo a write, or list the writes that can be undone",
		Long: `Undo a write. Each write that soar makes is an operation with an ID; soar run prints the ID, and soar undo --list
and soar audit list them. The first letters of an ID suffice. Operations that are open on the same state are undone
together, newest first, so that the state before the first of them is restored. The ID of a batch undoes all its operations.

If somebody changed the object since, the command stops, and says who or what did. --force undoes the write anyway.
A write that is already undone is no error.

--list shows the open operations, and the changes that are reverted after a time, such as the blocks of block_ip. A
soar watch on the same store reverts these. soar run and soar runs retry only record them.`,
		Example: "  soar undo --last --dry-run\n  soar undo 3f9c2a77\n  soar undo --list",
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case !shows && q.Status != "":
				return usagef("--status needs --list")
			case last && shows, len(args) > 1, len(args) == 1 && (last || shows), len(args) == 0 && !last && !shows:
				return usagef("soar undo needs the ID of an operation, --last or --list, and only one of them")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if shows {
				return a.withStore(func(ctx context.Context, store *embedded.Store, _ []string) error { return a.listUndos(ctx, store, q) })(c, nil)
			}
			var id string
			return a.undo(&o, func(ctx context.Context, store *embedded.Store) (org, connection string, err error) {
				if last {
					id, err = a.lastOpen(ctx, store, "")
				} else {
					id = args[0]
				}
				if err == nil {
					org, connection, err = store.Origin(ctx, id)
				}
				return org, connection, err
			}, func(ctx context.Context, store *embedded.Store, conn *connection) (_ embedded.UndoResult, err error) {
				if last {
					id, err = a.lastOpen(ctx, store, o.Caller.Org)
				} else {
					id = args[0]
				}
				if err != nil {
					return embedded.UndoResult{}, err
				}
				return store.UndoOperation(ctx, conn, conn.manifest, id, o)
			})(c, args)
		},
	}
	c.Flags().BoolVar(&last, "last", false, "undo the latest open operation of the store")
	c.Flags().BoolVar(&shows, "list", false, "list the open operations, and the changes that end by themselves")
	c.Flags().StringVar(&q.Status, "status", "", "with --list: only changes that end by themselves, whose undo is pending, running, done, failed, standing "+
		"or superseded")
	c.Flags().IntVar(&q.Limit, "limit", 50, "with --list: maximum number of each kind")
	a.undoFlags(c, &o)
	return c
}

func (a *app) restoreCommand() *cobra.Command {
	var o embedded.UndoOptions
	c := &cobra.Command{
		Use: "restore NAME", Args: exactly(1, "the ID or login of a user, or the ID or name of another object"),
		Short: "Undo the latest containment of a user",
		Long: `Undo the latest containment of a user. If the user was contained several times, the state before the first
containment is restored. Without a containment, the command undoes the latest open operation on the object.
It works like soar undo (see soar undo --help).`,
		Example: "  soar restore alice@corp.example --dry-run\n  soar restore alice@corp.example",
		RunE: func(c *cobra.Command, args []string) error {
			return a.undo(&o, func(ctx context.Context, store *embedded.Store) (org, connection string, err error) {
				return a.originOf(ctx, store, args[0])
			}, func(ctx context.Context, store *embedded.Store, conn *connection) (embedded.UndoResult, error) {
				return store.RestoreSubject(ctx, conn, conn.manifest, args[0], o)
			})(c, args)
		},
	}
	a.undoFlags(c, &o)
	return c
}

func (a *app) undoFlags(c *cobra.Command, o *embedded.UndoOptions) {
	c.Flags().BoolVar(&o.DryRun, "dry-run", false, "show the requests that would be sent, and write nothing")
	c.Flags().BoolVar(&o.Force, "force", false, "undo also if somebody changed the object since")
	c.Flags().StringVar(&o.Caller.Reason, "reason", "", "reason for the audit trail")
	a.caseFlag(c.Flags())
}

// lastOpen returns the ID of the latest open operation, of the org if one is given.
func (a *app) lastOpen(ctx context.Context, store *embedded.Store, org string) (string, error) {
	open, err := store.Operations(ctx, embedded.OperationQuery{Org: org, Open: true, Limit: 1})
	switch {
	case err != nil:
		return "", err
	case len(open) == 0 && org == "":
		return "", sdk.Errorf(sdk.NotFound, "%s has no open operation", a.storePath())
	case len(open) == 0:
		return "", sdk.Errorf(sdk.NotFound, "%s has no open operation on %s", a.storePath(), org)
	}
	return open[0].ID, nil
}

// originOf returns the account and the connection of the operations on a subject.
func (a *app) originOf(ctx context.Context, store *embedded.Store, subject string) (org, connection string, err error) {
	q := embedded.OperationQuery{Subject: subject, Open: true, Limit: 10_000}
	found, err := store.Operations(ctx, q)
	if q.Open = false; err == nil && len(found) == 0 {
		found, err = store.Operations(ctx, q)
	}
	if err != nil || len(found) == 0 {
		return "", "", cmp.Or(err, error(sdk.Errorf(sdk.NotFound, "no operation of this store on %q can be undone", subject)))
	}
	for _, op := range found {
		if op.Org != found[0].Org {
			return "", "", sdk.Invalid(fmt.Sprintf("%q has operations on %s and on %s: choose one with --connection", subject, found[0].Org, op.Org))
		}
	}
	return found[0].Org, found[0].Actor.Connection, nil
}

// findOrigin returns the account and the connection of the operations to undo.
type findOrigin func(context.Context, *embedded.Store) (org, connection string, err error)

// connectTo opens the connection of --connection or, if there are several, one to the org: preferably that with this name.
func (a *app) connectTo(ctx context.Context, store *embedded.Store, find findOrigin) (*connection, error) {
	s, err := a.settings()
	if err != nil {
		return nil, err
	}
	if a.connectionName(s) != "" || len(s.Connections) == 1 {
		return a.connect(ctx, store)
	}
	org, preferred, err := find(ctx, store)
	if err != nil {
		return nil, err
	}
	names := s.Names()
	slices.SortStableFunc(names, func(x, y string) int { return cmp.Compare(distance(x, preferred), distance(y, preferred)) })
	for _, name := range names {
		all, failed := a.openAll(ctx, []string{name}, store)
		if failed != nil {
			err = cmp.Or(err, failed)
			continue
		}
		target, failed := store.Target(ctx, all[0].Check, all[0].values)
		if target == org {
			return all[0], nil
		}
		err = cmp.Or(err, failed, all.Close())
	}
	if err != nil {
		return nil, err
	}
	return nil, sdk.Invalid("the operation was made on " + org + ", and no connection of the settings is to that org")
}

// distance is 0 for the preferred name, and 1 for any other.
func distance(name, preferred string) int {
	if name == preferred {
		return 0
	}
	return 1
}

// undo returns the body of a command that undoes operations with do. If there are several connections, find names the
// account of the operations.
func (a *app) undo(o *embedded.UndoOptions, find findOrigin,
	do func(context.Context, *embedded.Store, *connection) (embedded.UndoResult, error)) func(*cobra.Command, []string) error {
	return a.withStore(func(ctx context.Context, store *embedded.Store, _ []string) error {
		conn, err := a.connectTo(ctx, store, find)
		if err != nil {
			return err
		}
		defer conn.Close()
		reason := o.Caller.Reason
		o.Caller = a.caller(conn)
		o.Caller.Reason = reason
		if o.Caller.Org, err = store.Target(ctx, conn.Check, conn.values); err != nil {
			return err
		}
		r, failure := do(ctx, store, conn)
		switch {
		case failure == nil && r.UndoneBy != "":
			if a.output == "csv" {
				return nil
			}
			a.print(r, "%s operation %s is already undone, by operation %s. Nothing was sent\n", a.out.Green("✓"), a.out.Bold(r.Operation), r.UndoneBy)
		case len(r.Steps) > 0:
			if err := a.showUndo(ctx, store, r, o, failure == nil); err != nil {
				return errors.Join(failure, err)
			}
		}
		if e := sdk.AsError(failure); failure != nil && e.Code == sdk.Conflict && !o.Force {
			forced := *e
			forced.Message = strings.TrimRight(e.Message, ".") + a.lastEvent(ctx, store, conn, r) + ". To undo the operation anyway, add --force"
			return &forced
		}
		return failure
	})
}

// showUndo shows the calls of an undo.
func (a *app) showUndo(ctx context.Context, store *embedded.Store, r embedded.UndoResult, o *embedded.UndoOptions, done bool) error {
	if a.json {
		a.out.JSON(r)
		return nil
	}
	if a.output == "csv" {
		return a.csv(r.Steps)
	}
	dry := o.DryRun || o.Caller.Shadow
	rows := [][]string{{"OPERATION", "SUBJECT", "WITH", "OUTCOME", "RECORDED AS", "REMARK"}}
	for _, s := range r.Steps {
		op, err := store.Operation(ctx, s.Undoes)
		if err != nil {
			return err
		}
		outcome := s.Outcome
		if s.Error != nil {
			outcome = string(s.Error.Code)
		}
		rows = append(rows, []string{s.Undoes, subjectOfState(op, s.State), s.Action, outcome, s.By, cmp.Or(message(s.Error), s.Reason)})
	}
	switch {
	case dry:
		fmt.Fprintf(a.out, "%s\n", a.out.Yellow("dry run: nothing was written"))
	case done:
		fmt.Fprintf(a.out, "%s %s\n", a.out.Green("✓ undone:"), count(len(r.Steps), "change"))
	}
	a.out.Table(rows)
	if done && !dry {
		fmt.Fprintln(a.out, "an undo cannot be undone; to make the change again, run its action again")
	}
	for _, s := range r.Steps {
		for _, p := range s.Plan {
			if dry {
				fmt.Fprintf(a.out, "  %s\n", terminal.OneLine(p.Method+" "+p.Path+"  "+p.Body))
			}
		}
	}
	return nil
}

// subjectOfState returns the names of the subjects whose IDs a state contains, or of all.
func subjectOfState(op *embedded.Operation, state string) string {
	var names, all []string
	for _, s := range op.Subjects {
		name := cmp.Or(s.Name, s.ID)
		all = append(all, name)
		if slices.Contains(strings.Fields(state), s.ID) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		names = all
	}
	return strings.Join(names, ", ")
}

// listUndos lists the open operations, and the undos that have a time. A status selects only these.
func (a *app) listUndos(ctx context.Context, store *embedded.Store, q embedded.UndoQuery) error {
	undos, err := store.Undos(ctx, q)
	if err != nil {
		return err
	}
	var open []embedded.Operation
	if q.Status == "" {
		if open, err = store.Operations(ctx, embedded.OperationQuery{Open: true, Limit: q.Limit}); err != nil {
			return err
		}
	}
	switch {
	case a.output == "csv" && q.Status == "":
		return a.csv(open)
	case a.output == "csv":
		return a.csv(undos)
	case a.json:
		for _, op := range open {
			a.out.JSON(struct {
				Kind string `json:"kind"`
				embedded.Operation
			}{"operation", op})
		}
		for _, u := range undos {
			a.out.JSON(struct {
				Kind string `json:"kind"`
				embedded.Undo
			}{"undo", u})
		}
		return nil
	}
	if len(open) == 0 && len(undos) == 0 {
		fmt.Fprintln(a.out, "there is nothing to undo")
	}
	if len(open) > 0 {
		head := []string{"OPERATION", "WHEN", "ACTION", "SUBJECT", "RESULT", "UNDO WITH", "BY", "CASE", "BATCH"}
		table(a, "Open operations", open, head, func(op embedded.Operation) []string {
			with := op.Undos[0].Action
			if slices.ContainsFunc(op.Undos, func(u embedded.OperationUndo) bool { return u.Input == nil }) {
				with += " (run it yourself: it needs a secret)"
			}
			return []string{op.ID, when(op.Created), op.Action, truncate(subjectOfState(&op, ""), 60),
				strings.TrimSpace(op.Status + " " + op.Outcome), with, cmp.Or(op.Playbook, op.OSUser), op.Case, op.Batch}
		})
	}
	if len(undos) > 0 {
		table(a, "Changes that end by themselves", undos, undoHead, undoRow)
	}
	return nil
}

var undoHead = []string{"DUE", "STATUS", "REVERTS", "WITH", "INPUT", "RUN", "ATTEMPTS", "ERROR"}

func undoRow(u embedded.Undo) []string {
	status := u.Status
	if u.Outcome != "" {
		status += " (" + u.Outcome + ")"
	}
	return []string{when(u.Due), status, u.Of, u.Action, string(u.Input), short(u.RunID), fmt.Sprint(u.Attempts), message(u.Error)}
}

// undoSummary shows the numbers of pending and failed undos, unless they are 0.
func (a *app) undoSummary(ctx context.Context, store *embedded.Store) error {
	for _, kind := range []struct{ status, text string }{
		{engine.Pending, "to be reverted later"},
		{engine.Failed, "that could not be reverted"},
	} {
		undos, err := store.Undos(ctx, embedded.UndoQuery{Status: kind.status, Limit: 10_000})
		if err != nil {
			return err
		}
		if n := len(undos); n > 0 {
			fmt.Fprintf(a.out, "%s %s; see: soar undo --list --status %s\n", count(n, "change"), kind.text, kind.status)
		}
	}
	return nil
}

// noteUndo notes how the operation of a call is undone. It also notes when the result is
// undone by itself, and by which process: this command ends before that time.
func (a *app) noteUndo(ctx context.Context, store *embedded.Store, info *sdk.ActionInfo, org string, result embedded.Result) error {
	if err := a.noteOperation(ctx, store, info, result.Operation); err != nil {
		return err
	}
	undos, err := sdk.UndosOf(result.Output)
	if err != nil {
		return err
	}
	for _, asked := range undos {
		if asked.At == nil {
			continue
		}
		u, err := store.UndoOf(ctx, org, &asked)
		if err != nil {
			return err
		}
		if u == nil {
			continue
		}
		if u.Status != engine.Pending {
			a.note("nothing is reverted at " + asked.At.UTC().Format(time.RFC3339) + ": the state existed before this call, or has no end")
			continue
		}
		inUse, err := store.InUse()
		if err != nil {
			return err
		}
		who := "nobody does that unless soar watch runs on this store then, or later"
		if inUse {
			who = "the soar watch that works on this store does that"
		}
		a.note(fmt.Sprintf("%s is due at %s; %s (%s)", u.Action, u.Due.Format(time.RFC3339), who, store.Path()))
	}
	return nil
}

// noteOperation prints the command that undoes an operation, or that nothing undoes it. With
// --json, it prints an object with the ID of the operation to standard error.
func (a *app) noteOperation(ctx context.Context, store *embedded.Store, info *sdk.ActionInfo, id string) error {
	if id == "" {
		return nil
	}
	op, err := store.Operation(ctx, id)
	if err != nil {
		return err
	}
	object := map[string]any{"kind": "operation", "operation": op.ID, "status": op.Status, "outcome": op.Outcome}
	text := "operation " + op.ID + " cannot be undone: no action reverts " + info.Name
	if info.Undo != "" {
		text = "operation " + op.ID + " changed nothing that " + info.Undo + " can undo"
	}
	switch outcome := sdk.Outcome(op.Outcome); {
	case op.Open() && slices.ContainsFunc(op.Undos, func(u embedded.OperationUndo) bool { return u.Input == nil }):
		text = fmt.Sprintf("operation %s cannot be undone by soar undo: the store does not keep the secret that %s needs. Run that action yourself",
			op.ID, op.Undos[0].Action)
	case op.Open():
		object["undo"] = "soar undo " + op.ID
		if a.store != "" {
			object["undo"] = "soar undo " + op.ID + " --store " + a.store
		}
		text = fmt.Sprint("undo it with: ", object["undo"])
	case outcome == sdk.Unchanged, outcome == sdk.NotApplicable, op.Status == engine.Failed && len(op.Undos) == 0:
		text = "" // nothing was changed
	}
	switch {
	case a.json:
		a.err.JSON(object)
	case text != "" && a.output == "csv":
		fmt.Fprintln(a.err, terminal.OneLine(text))
	case text != "":
		fmt.Fprintln(a.out, terminal.OneLine(text))
	}
	return nil
}

// noteShadow notes that a write was only planned, since the connection has shadow: true.
func (a *app) noteShadow(c embedded.Caller, info *sdk.ActionInfo) {
	if c.Shadow && info.Effect != sdk.Reads {
		a.note("nothing was written: this connection has shadow: true, so " + info.Name + " was a dry run")
	}
}
