package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/systemlog/catalogue"
	"soar.example/okta/internal/systemlog/ecs"
	"soar.example/okta/internal/terminal"
	"soar.example/okta/sdk"
)

func (a *app) eventsCommand() *cobra.Command {
	c := group("events", "Print new events, look up event types, normalize events to ECS or EMM, or print a value of each event")
	c.AddCommand(a.eventTypesCommand(), a.showEventTypeCommand(), a.normalizeCommand(), a.readValueCommand(), a.tailCommand())
	return c
}

func (a *app) eventTypesCommand() *cobra.Command {
	var family, search string
	c := &cobra.Command{
		Use: "types [--family FAMILY] [--search TEXT]", Args: none, Short: "List the event types",
		Long: `List the event types of Okta's System Log. --family selects a family such as user.session. --search selects
types that have every word of a text in their name, label, category or tags.`,
		RunE: func(*cobra.Command, []string) error {
			types, err := eventTypes(family, search)
			if err != nil {
				return err
			}
			head := []string{"EVENT TYPE", "LABEL", "CATEGORY", "ECS", "EMM", "ACTIONS"}
			err = list(a, types, "no event type matches", head, func(t eventType) []string {
				return []string{t.Name, t.Label, t.Category, ecsText(t.ECS), t.EMM.EventType.Key, strings.Join(t.Actions, ", ")}
			})
			if err == nil && a.output == "table" {
				fmt.Fprintln(a.out, a.out.Faint(count(len(types), "event type")+" of Okta's release "+catalogue.Release))
			}
			return err
		},
	}
	c.Flags().StringVar(&family, "family", "", "only this family, such as user.session")
	c.Flags().StringVar(&search, "search", "", "only types that have every word of this text")
	_ = c.RegisterFlagCompletionFunc("family", completeFamily)
	return c
}

// An eventType describes an event type, known or not.
type eventType struct {
	catalogue.Type
	Known   bool     `json:"known"`
	Nearest []string `json:"nearest,omitempty"` // names close to an unknown type
}

func ecsText(c ecs.Class) string {
	return strings.Join(c.Category, ", ") + " / " + strings.Join(c.Type, ", ")
}

// eventTypes returns the types of the family, if one is given, that the search finds. A
// new family has none.
func eventTypes(family, search string) ([]eventType, error) {
	if family != "" && len(catalogue.Family(family)) == 0 {
		if _, err := catalogue.Check(strings.TrimSuffix(family, ".*") + ".*"); err != nil {
			return nil, sdk.Invalid("--family: " + terminal.OneLine(err.Error()))
		}
	}
	found := catalogue.Query{Text: search, Family: family}.Types()
	types := make([]eventType, len(found))
	for i, t := range found {
		types[i] = eventType{Type: *t, Known: true}
	}
	return types, nil
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

func (a *app) showEventTypeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "show TYPE", Args: exactly(1, "an event type"), Short: "Show an event type",
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
			return a.show(t, func() { a.showEventType(t) })
		},
	}
}

// lookUp describes an event type, known or new. It rejects a family, and a text that cannot be the name
// of a type.
func lookUp(name string) (eventType, error) {
	if t, ok := catalogue.Lookup(name); ok {
		return eventType{Type: t, Known: true}, nil
	}
	if err := sdk.CheckTypePattern(name); err != nil {
		return eventType{}, usagef("%q is not the name of an event type, such as user.session.start", name)
	}
	if strings.Contains(name, "*") || len(catalogue.Family(name)) > 0 {
		return eventType{}, usagef("%s is a family: `soar events types --family %s` lists it", name, strings.TrimSuffix(name, ".*"))
	}
	return eventType{Type: catalogue.Of(name), Nearest: catalogue.Closest(name)}, nil
}

func (a *app) showEventType(t eventType) {
	fmt.Fprintf(a.out, "%s  %s\n\n", a.out.Bold(t.Label), a.out.Faint(t.Name))
	if !t.Known {
		fmt.Fprintf(a.out, "%s this version knows the event types of Okta's release %s, and this is none of them. The following is derived from its name.\n",
			a.out.Yellow("new:"), catalogue.Release)
		if len(t.Nearest) > 0 {
			fmt.Fprintf(a.out, "nearest: %s\n", strings.Join(t.Nearest, ", "))
		}
		fmt.Fprintln(a.out)
	}
	if t.Description != "" {
		fmt.Fprintf(a.out, "%s\n\n", t.Description)
	}
	var facts [][]string
	if t.Known {
		facts = [][]string{
			{"category", t.Category}, {"since release", t.Release}, {"event hooks", map[bool]string{true: "yes", false: "no"}[t.HookEligible]},
			{"tags", strings.Join(t.Tags, ", ")}, {"marks", marks(t.Type)},
		}
	}
	et := t.EMM.EventType
	facts = append(facts, []string{"ECS", ecsText(t.ECS)},
		[]string{"EMM", fmt.Sprintf("%s %s, %s %s", t.EMM.Category.Code, t.EMM.Category.Key, et.Code, et.Key)},
		[]string{"actions", strings.Join(t.Actions, ", ")}, []string{"watch", strings.TrimSuffix(t.Watched+": "+t.Watch, ": ")})
	a.facts(facts...)
	if len(t.Fields) > 0 {
		table(a, "Fields", t.Fields, []string{"MEMBER", "DESCRIPTION"}, func(f catalogue.Field) []string { return []string{f.Path, f.Meaning} })
	}
}

func marks(t catalogue.Type) string {
	var all []string
	for name, is := range map[string]bool{"beta": t.Beta, "internal": t.Internal, "deprecated": t.Deprecated} {
		if is {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return strings.Join(all, ", ")
}

// describeLogEvent returns the facts of a System Log event, of any shape that the parameter
// format offers.
func describeLogEvent(e any) eventFacts {
	first := func(paths ...string) (found string) {
		for _, path := range paths {
			found = cmp.Or(found, text(e, strings.Split(path, ".")...))
		}
		return found
	}
	return eventFacts{
		published: first("published", "@timestamp", "attributes.timestamp"),
		kind:      first("eventType", "event.action", "attributes.event_code_or_type", "event_type.key"),
		actor:     first("actor.alternateId", "okta.actor.alternate_id", "attributes.username"),
		address:   first("client.ipAddress", "source.ip", "attributes.ip_address"),
		country:   first("client.geographicalContext.country", "source.geo.country_name", "attributes.ip_geolocation_or_asn.country"),
		result:    first("outcome.result", "okta.outcome.result", "attributes.result", "result"),
	}
}
