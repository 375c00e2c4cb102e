package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/sdk"
)

func (a *app) eventsCommand() *cobra.Command {
	c := &cobra.Command{Use: "events", Short: "Print events as they come, look up their types, normalize them to ECS or EMM, or read a value of each", Args: none,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(a.eventTypesCommand(), a.showEventTypeCommand(), a.normalizeCommand(), a.readValueCommand(), a.tailCommand())
	return c
}

func (a *app) eventTypesCommand() *cobra.Command {
	var family, search string
	c := &cobra.Command{
		Use: "types [--family FAMILY] [--search TEXT]", Args: none, Short: "List the event types",
		Long: `List the event types of Okta's System Log, all of them or those of a family, such as user.session, that
hold every word of a text in their name, label, category or tags.`,
		RunE: func(*cobra.Command, []string) error {
			types, err := eventTypes(family, search)
			if err != nil {
				return err
			}
			a.listEventTypes(types)
			return nil
		},
	}
	c.Flags().StringVar(&family, "family", "", "only this family, such as user.session")
	c.Flags().StringVar(&search, "search", "", "only those with every word of this text")
	_ = c.RegisterFlagCompletionFunc("family", completeFamily)
	return c
}

// An eventType is all that there is to say of an event type, known or not.
type eventType struct {
	catalogue.Type
	Known   bool     `json:"known"`
	Nearest []string `json:"nearest,omitempty"` // of a type that is not known
}

func ecsText(c ecs.Class) string {
	return strings.Join(c.Category, ", ") + " / " + strings.Join(c.Type, ", ")
}

// eventTypes are those of the family, if one is given, that the search finds. A
// family that is new has none.
func eventTypes(family, search string) ([]eventType, error) {
	if family != "" && len(catalogue.Family(family)) == 0 {
		if _, err := catalogue.Check(strings.TrimSuffix(family, ".*") + ".*"); err != nil {
			return nil, sdk.Invalid("--family: " + oneLine(err.Error()))
		}
	}
	found := catalogue.Query{Text: search, Family: family}.Types()
	types := make([]eventType, len(found))
	for i, t := range found {
		types[i] = eventType{Type: *t, Known: true}
	}
	return types, nil
}

func (a *app) listEventTypes(types []eventType) {
	if a.json {
		a.out.indented(types)
		return
	}
	if len(types) == 0 {
		fmt.Fprintf(a.out, "no event type of Okta's release %s matches\n", catalogue.Release)
		return
	}
	rows := [][]string{{"EVENT TYPE", "LABEL", "CATEGORY", "ECS", "EMM", "ACTIONS"}}
	for _, t := range types {
		rows = append(rows, []string{t.Name, t.Label, t.Category, ecsText(t.ECS), t.EMM.EventType.Key, strings.Join(t.Actions, ", ")})
	}
	a.out.table(rows)
	fmt.Fprintln(a.out, a.out.faint(count(len(types), "event type")+" of Okta's release "+catalogue.Release))
}

func completeFamily(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
	parent := ""
	if dot := strings.LastIndexByte(typed, '.'); dot > 0 {
		parent = typed[:dot]
	}
	var names []string
	for _, b := range catalogue.Branches(parent) {
		if b.Types > 1 {
			names = append(names, b.Name+"\t"+b.Label)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
