package main

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"soar.example/okta/internal/terminal"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// completionTime is the longest time that a shell waits for the service.
const completionTime = 3 * time.Second

// completeRun completes a command line of soar run: the action, its flags, and the values of a
// flag that the schema or an action lists. On a failure it completes nothing, because a shell
// shows no messages.
func (a *app) completeRun(c *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	const nothing = cobra.ShellCompDirectiveNoFileComp
	_, rest, err := a.actionFlags(args)
	if err != nil {
		return nil, nothing
	}
	if len(rest) == 0 {
		return a.completeAction(c, nil, typed)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.Context()), completionTime)
	defer cancel()
	m, err := a.manifest(ctx)
	if err != nil {
		return nil, nothing
	}
	info := m.Action(rest[0])
	if info == nil {
		return nil, nothing
	}
	input, err := schema.Parse(json.RawMessage(info.Input))
	if err != nil {
		return nil, nothing
	}
	given := rest[1:]
	flag, value, inOne := strings.Cut(typed, "=")
	switch {
	case strings.HasPrefix(typed, "--") && inOne:
	case len(given) > 0 && takesValue(input.Root(), given[len(given)-1]):
		flag, value = given[len(given)-1], typed
		given = given[:len(given)-1]
	default:
		return flagNames(input.Root()), nothing
	}
	name := paramName(flag)
	n := input.Root().Property(name)
	if n == nil {
		return nil, cobra.ShellCompDirectiveDefault // --input, --config and --store take files
	}
	found := enumOf(n)
	if n.Options != nil {
		found = a.completeOptions(ctx, info, name, value, givenParams(input.Root(), given))
	}
	if inOne {
		for i := range found {
			found[i] = flag + "=" + found[i]
		}
	}
	return startingWith(found, typed), nothing
}

// completeOptions asks the service for the options of a parameter.
func (a *app) completeOptions(ctx context.Context, info *sdk.ActionInfo, param, typed string, given json.RawMessage) []string {
	conn, err := a.connect(ctx)
	if err != nil {
		return nil
	}
	defer conn.Close()
	page, err := sdk.ListOptions(ctx, conn, conn.manifest, info.Input, param, sdk.OptionQuery{Search: typed, Given: given})
	if err != nil {
		return nil
	}
	labels := map[string]int{}
	for _, o := range page.Options {
		labels[o.Label]++
	}
	var found []string
	for _, o := range page.Options {
		word, note := o.Value, o.Label
		// The service rejects a name that several objects share.
		if o.Typed && labels[o.Label] == 1 {
			word, note = o.Label, o.Description
		}
		found = append(found, word+"\t"+terminal.OneLine(note))
	}
	return found
}

func startingWith(words []string, typed string) []string {
	return slices.DeleteFunc(words, func(w string) bool {
		return len(w) < len(typed) || !strings.EqualFold(w[:len(typed)], typed)
	})
}

func paramName(flag string) string {
	return strings.ReplaceAll(strings.TrimPrefix(flag, "--"), "-", "_")
}

// takesValue reports whether the word after this one is a flag's value.
func takesValue(input *schema.Node, word string) bool {
	if !strings.HasPrefix(word, "--") || strings.Contains(word, "=") {
		return false
	}
	n := input.Property(paramName(word))
	return n == nil || !n.Is("boolean")
}

func flagNames(input *schema.Node) []string {
	var names []string
	for _, p := range input.Properties {
		if !p.Node.WriteOnly {
			names = append(names, flagName(p.Name)+"\t"+p.Node.Title)
		}
	}
	return append(names, "--input\tAll parameters as one JSON object")
}

func enumOf(n *schema.Node) []string {
	if n.Items != nil {
		n = n.Items
	}
	var words []string
	for _, v := range n.Enum {
		var word string
		if json.Unmarshal(v, &word) == nil {
			words = append(words, word)
		}
	}
	return words
}

// givenParams returns the parameters of the flags so far, nil if they cannot be read.
func givenParams(input *schema.Node, words []string) json.RawMessage {
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.Usage = func() {}
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.SetNormalizeFunc(dashed)
	values := inputFlags(flags, input)
	if flags.Parse(words) != nil {
		return nil
	}
	given := map[string]any{}
	for name, value := range values {
		if flags.Changed(name) {
			given[name] = value()
		}
	}
	raw, _ := json.Marshal(given)
	return raw
}
