package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"soar.example/okta/internal/engine/embedded"
	"soar.example/okta/internal/playbook"
)

// shownEvents is how many events of a run people are shown; --json has them all.
const shownEvents = 50

// grouped shows that a run gathers events.
func (l *live) grouped(r *embedded.Run) {
	line := fmt.Sprintf("%s  run %s  %s  %s", l.clock(), l.out.bold(short(r.ID)), oneLine(r.Playbook), groupFacts(r.Group))
	if r.Waits != "" {
		line += l.out.faint("  " + r.Waits)
	}
	fmt.Fprintln(l.out, line)
	if r.Group.Note != "" {
		fmt.Fprintf(l.out, "%s    %s %s\n", l.clock(), l.out.yellow("note"), oneLine(r.Group.Note))
	}
}

func groupFacts(g *embedded.Group) string {
	facts := count(g.Events, "event")
	if len(g.Key) > 0 {
		facts += " of " + oneLine(string(g.Key))
	}
	return facts
}

// eventOf is what started the run, in a column.
func eventOf(r *embedded.Run) string {
	if r.Group == nil || r.Group.Events == 1 {
		return r.EventType
	}
	return fmt.Sprintf("%s ×%d", r.EventType, r.Group.Events)
}

// remark is what is to be said of a run: that it is a replay, and what it failed with,
// or what it waits for, or what is odd about its group.
func remark(r *embedded.Run) string {
	note := ""
	if r.Group != nil {
		note = r.Group.Note
	}
	note = cmp.Or(message(r.Error), r.Waits, note)
	if !r.Replay.IsZero() {
		note = strings.TrimSuffix("replay of "+when(r.Replay)+": "+note, ": ")
	}
	return note
}

// groupingRows are what its group, and what holds it back, add to what is shown of a
// run.
func groupingRows(r *embedded.Run) [][]string {
	var rows [][]string
	if r.Waits != "" {
		rows = append(rows, []string{"status", r.Waits})
	}
	if r.Group == nil {
		return rows
	}
	rows = append(rows, []string{"group", groupFacts(r.Group)},
		[]string{"window", when(r.Group.Opened) + " to " + r.Group.Closes.UTC().Format(time.TimeOnly+"Z")})
	if r.Group.Taken > 0 && r.Group.Taken < r.Group.Events {
		rows = append(rows, []string{"", fmt.Sprintf("the steps read the first %d; the others came after the run had begun", r.Group.Taken)})
	}
	if r.Group.Note != "" {
		rows = append(rows, []string{"note", r.Group.Note})
	}
	return rows
}

// groupEvents shows the events of a run that stands for several.
func (a *app) groupEvents(r *embedded.Run) {
	if len(r.Events) < 2 {
		return
	}
	rows := [][]string{{"ARRIVED", "PUBLISHED", "EVENT TYPE", "ID"}}
	for _, e := range r.Events[:min(len(r.Events), shownEvents)] {
		rows = append(rows, []string{when(e.Arrived), when(e.Time), e.Type, e.ID})
	}
	fmt.Fprintf(a.out, "\n%s\n", a.out.bold("Events"))
	a.out.table(rows)
	if more := len(r.Events) - shownEvents; more > 0 {
		fmt.Fprintf(a.out, "%s\n", a.out.faint(fmt.Sprintf("and %d more; --json shows all", more)))
	}
}

// groupingText describes the playbook's grouping and throttling.
func groupingText(b *playbook.Playbook) string {
	facts := ""
	if b.Grouping.Window > 0 {
		facts += ", events grouped over " + b.Grouping.Window.String()
	}
	if b.MaxRunsPerMinute > 0 {
		facts += ", at most " + count(b.MaxRunsPerMinute, "run") + " a minute"
	}
	return facts
}
