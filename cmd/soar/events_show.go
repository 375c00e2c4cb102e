package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/sdk"
)

func (a *app) showEventTypeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show TYPE", Args: exactly(1, "an event type"), Short: "Show what is known of an event type",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return catalogue.Names(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			t, err := lookUp(args[0])
			if err != nil {
				return err
			}
			if a.json {
				a.out.indented(t)
				return nil
			}
			a.showEventType(t)
			return nil
		},
	}
}

// lookUp describes an event type, known or new. What cannot be the name of one, and
// a family, are refused.
func lookUp(name string) (eventType, error) {
	if t, ok := catalogue.Lookup(name); ok {
		return eventType{Type: t, Known: true}, nil
	}
	if err := sdk.CheckTypePattern(name); err != nil {
		return eventType{}, usageError{fmt.Errorf("%q is not the name of an event type, such as user.session.start", name)}
	}
	if name == "*" || strings.HasSuffix(name, ".*") || len(catalogue.Family(name)) > 0 {
		return eventType{}, usageError{fmt.Errorf("%s is a family: `soar events types --family %s` lists it", name, strings.TrimSuffix(name, ".*"))}
	}
	return eventType{Type: catalogue.Of(name), Nearest: catalogue.Closest(name)}, nil
}

func (a *app) showEventType(t eventType) {
	fmt.Fprintf(a.out, "%s  %s\n\n", a.out.bold(t.Label), a.out.faint(t.Name))
	if !t.Known {
		fmt.Fprintf(a.out, "%s this version knows the event types of Okta's release %s, and this is none of them. What follows comes from its name.\n",
			a.out.yellow("new:"), catalogue.Release)
		if len(t.Nearest) > 0 {
			fmt.Fprintf(a.out, "nearest: %s\n", strings.Join(t.Nearest, ", "))
		}
		fmt.Fprintln(a.out)
	}
	if t.Description != "" {
		fmt.Fprintf(a.out, "%s\n\n", t.Description)
	}
	facts := [][]string{{"", ""}}
	if t.Known {
		facts = append(facts, []string{"category", t.Category}, []string{"since release", t.Release},
			[]string{"event hooks", yes(t.HookEligible)}, []string{"tags", strings.Join(t.Tags, ", ")})
		if m := marks(t.Type); m != "" {
			facts = append(facts, []string{"marks", m})
		}
	}
	et := t.EMM.EventType
	facts = append(facts, []string{"ECS", ecsText(t.ECS)},
		[]string{"EMM", fmt.Sprintf("%s %s, %s %s", t.EMM.Category.Code, t.EMM.Category.Key, et.Code, et.Key)},
		[]string{"actions", strings.Join(t.Actions, ", ")})
	if t.Watched != "" {
		facts = append(facts, []string{"watch", t.Watched + ": " + t.Watch})
	}
	a.out.table(facts)
	if len(t.Fields) == 0 {
		return
	}
	fmt.Fprintf(a.out, "\n%s\n", a.out.bold("Fields"))
	rows := [][]string{{"MEMBER", "WHAT IT HOLDS"}}
	for _, f := range t.Fields {
		rows = append(rows, []string{f.Path, f.Meaning})
	}
	a.out.table(rows)
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return "no"
}

func marks(t catalogue.Type) string {
	var all []string
	for _, m := range []struct {
		name string
		is   bool
	}{{"beta", t.Beta}, {"internal", t.Internal}, {"deprecated", t.Deprecated}} {
		if m.is {
			all = append(all, m.name)
		}
	}
	return strings.Join(all, ", ")
}
