package okta

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/internal/okta"
	"soar.example/okta/internal/okta/permission"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// open returns a client. A service app without scopes in the settings requests only the
// scopes of the triggers, guards and allowed actions. An unknown name in allowed_actions is
// an error.
func open(ctx context.Context, settings okta.Settings) (*okta.Client, error) {
	noScopes := settings.ClientID != "" && len(settings.Scopes) == 0
	if len(settings.AllowedActions) > 0 || noScopes {
		manifest, err := offered(ctx)
		if err != nil {
			return nil, err
		}
		if err := checkAllowed(manifest.ActionNames(), settings.AllowedActions); err != nil {
			return nil, err
		}
		if noScopes {
			settings.Scopes = scopes(manifest, settings)
		}
	}
	client, err := okta.Open(ctx, settings)
	if err != nil {
		return nil, err
	}
	client.SetActions(operations)
	return client, nil
}

func checkAllowed(names, allowed []string) error {
	var unknown []schema.Violation
	for i, name := range allowed {
		if slices.Contains(names, name) {
			continue
		}
		message := fmt.Sprintf("there is no action %q", name)
		if near := nearest.To(name, names, 3); len(near) > 0 {
			message += "; did you mean " + strings.Join(near, ", ") + "?"
		}
		unknown = append(unknown, schema.Violation{Pointer: fmt.Sprintf("/allowed_actions/%d", i), Message: message})
	}
	if len(unknown) > 0 {
		return sdk.Invalid("allowed_actions names actions that do not exist. Correct or remove these names", unknown...)
	}
	return nil
}

// withoutOpen returns the connector without [open], which would depend on itself. It
// compiles the connector once, because that takes time.
var withoutOpen = sync.OnceValues(func() (sdk.Backend, error) { return offer(okta.Open).Compile() })

// offered returns the connector's manifest.
func offered(ctx context.Context) (*sdk.Manifest, error) {
	backend, err := withoutOpen()
	if err != nil {
		return nil, err
	}
	return backend.Manifest(ctx)
}

// operations returns the actions for check_permissions.
func operations(ctx context.Context) ([]permission.Action, error) {
	manifest, err := offered(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]permission.Action, len(manifest.Actions))
	for i, a := range manifest.Actions {
		all[i] = permission.Action{Name: a.Name, Writes: a.Effect != sdk.Reads, Scopes: a.Scopes}
	}
	return all, nil
}

// scopes returns the scopes of all triggers, of the guards, and of the actions that the
// settings allow.
func scopes(manifest *sdk.Manifest, settings okta.Settings) []string {
	all := settings.GuardScopes()
	for _, a := range manifest.Actions {
		named := len(settings.AllowedActions) == 0 || slices.Contains(settings.AllowedActions, a.Name)
		if named && (a.Effect == sdk.Reads || !settings.ReadOnly) {
			all = append(all, a.Scopes...)
		}
	}
	for _, t := range manifest.Triggers {
		all = append(all, t.Scopes...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
