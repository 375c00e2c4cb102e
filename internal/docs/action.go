package docs

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"soar.example/okta/actions"
	"soar.example/okta/internal/okta/permission"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// zeroUnits matches the parts of a duration that say nothing, as in 24h0m0s.
var zeroUnits = regexp.MustCompile(`"(\d+[hm])(?:0m)?0s"`)

// exampleInput returns the input of the example, with durations as a person writes them.
func exampleInput(a sdk.ActionInfo) sdk.JSON {
	return sdk.JSON(zeroUnits.ReplaceAll(a.Example.Input, []byte(`"$1"`)))
}

// commandLine returns the soar command that runs the example of an action. A secret has no
// flag and an object is hard to type, so such an input comes from standard input.
func commandLine(a sdk.ActionInfo) (string, error) {
	input, err := schema.Parse(json.RawMessage(a.Input))
	if err != nil {
		return "", err
	}
	var values map[string]json.RawMessage
	if err := json.Unmarshal(exampleInput(a), &values); err != nil {
		return "", err
	}
	line := "soar run " + a.Name
	for _, p := range input.Root().Properties {
		value, given := values[p.Name]
		switch {
		case !given || string(value) == string(p.Node.Default):
			continue
		case p.Node.WriteOnly || value[0] == '{':
			text, err := indent(exampleInput(a))
			return "soar run " + a.Name + " --input - <<'EOF'\n" + text + "\nEOF", err
		}
		flag := " --" + strings.ReplaceAll(p.Name, "_", "-")
		var text string
		var list []string
		switch {
		case string(value) == "true":
			line += flag
		case json.Unmarshal(value, &text) == nil:
			line += flag + " " + shellQuoted(text)
		case json.Unmarshal(value, &list) == nil:
			line += flag + " " + shellQuoted(strings.Join(list, ","))
		default:
			line += flag + "=" + shellQuoted(string(value))
		}
	}
	return line, nil
}

// shellQuoted quotes a text for a POSIX shell, if it must be quoted.
func shellQuoted(text string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("@%+:,./_-", r)
	}
	if text != "" && !strings.ContainsFunc(text, func(r rune) bool { return !plain(r) }) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}

// step returns the example of an action as a step of a playbook.
func step(a sdk.ActionInfo) (string, error) {
	block := fmt.Sprintf("- id: %s\n  action: %s\n", a.Name, a.Name)
	with, err := yaml.JSONToYAML(exampleInput(a))
	if err != nil || strings.TrimSpace(string(with)) == "{}" {
		return strings.TrimSuffix(block, "\n"), err
	}
	return block + "  with:\n    " + strings.ReplaceAll(strings.TrimSpace(string(with)), "\n", "\n    "), nil
}

// needs returns the scopes and the admin roles that an action needs.
func needs(a sdk.ActionInfo) permission.Needs {
	return permission.NeedsOf(permission.Action{Name: a.Name, Writes: a.Effect != sdk.Reads, Scopes: a.Scopes})
}

// A failure is an error that an action can return.
type failure struct {
	Code       sdk.Code
	When, Next string
}

// failures lists the errors that an action can return, from its declaration.
func failures(a sdk.ActionInfo) (all []failure, err error) {
	input, err := schema.Parse(json.RawMessage(a.Input))
	if err != nil {
		return nil, err
	}
	writes := a.Effect != sdk.Reads
	add := func(code sdk.Code, next string, when ...string) {
		all = append(all, failure{code, strings.Join(slices.DeleteFunc(when, func(s string) bool { return s == "" }), " "), next})
	}
	only := func(applies bool, text string) string {
		if applies {
			return text
		}
		return ""
	}
	named := slices.ContainsFunc(input.Root().Properties, func(p schema.Property) bool {
		return p.Node.Options != nil || p.Node.Items != nil && p.Node.Items.Options != nil
	})
	add(sdk.InvalidInput, "Correct the parameters that `violations` lists.",
		"A parameter is missing or has a wrong value.", only(named, "Or several objects have the given name."))
	if !a.Offline {
		add(sdk.Unauthenticated, "Replace the token or the key.", "Okta rejects the credentials.")
		add(sdk.Forbidden, "Run `soar check`. The message names the scope, the rule or the feature.",
			"The credentials lack a scope or an admin role.",
			only(writes, "Or a guard of the connection rejects the write."),
			only(slices.Equal(a.Editions, []string{actions.IdentityEngine}), "Or the org runs Classic Engine."))
		if len(input.Root().Required) > 0 {
			add(sdk.NotFound, "Check the ID or the name.", "Okta has no object with the given ID or name.")
		}
		if writes {
			add(sdk.Conflict, "Read the state, then decide.",
				"The state does not allow the change, or differs from `expected_before`. Or verification failed after the write.")
		} else {
			add(sdk.Conflict, "Run the action again.", "Okta rejects the request in the object's current state, or a list could not be read to its end.")
		}
		add(sdk.RateLimited, "Wait for `retry_after`. A playbook waits by itself.", "Okta's rate limit for these requests is used up.")
		add(sdk.Unavailable, only(writes, "Read the state. ")+"Check the network and the proxy, then repeat.",
			"Okta is down, or a proxy responded instead.", only(writes, "A write may have happened."))
	}
	unknown := only(writes, "A write may have happened.")
	again := only(writes, "Read the state before you repeat the call.")
	if !writes {
		again = "Run the action again."
	}
	timeout := again
	if a.Once {
		timeout += " A second call repeats the effect, so a playbook does not retry it after a request was sent."
	}
	add(sdk.Timeout, timeout, "The call took longer than its time limit.", unknown)
	add(sdk.Canceled, again, "The caller stopped the call.", unknown)
	add(sdk.Internal, "Report it with the message.", "The connector has a fault.")
	return all, nil
}
