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

// open makes a client. A service app whose settings name no scopes asks for those of
// what the connection may do, and for no more. A name in allowed_actions that no action
// has is an error.
func open(ctx context.Context, settings okta.Settings) (*okta.Client, error) {
	if err := checkAllowed(ctx, settings.AllowedActions); err != nil {
		return nil, err
	}
	if settings.ClientID != "" && len(settings.Scopes) == 0 {
		scopes, err := scopes(ctx, settings)
		if err != nil {
			return nil, err
		}
		settings.Scopes = scopes
	}
	client, err := okta.Open(ctx, settings)
	if err != nil {
		return nil, err
	}
	client.SetActions(operations)
	return client, nil
}

func checkAllowed(ctx context.Context, allowed []string) error {
	if len(allowed) == 0 {
		return nil
	}
	all, err := operations(ctx)
	if err != nil {
		return err
	}
	names := make([]string, len(all))
	for i, op := range all {
		names[i] = op.Name
	}
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

// operations are the actions as a client sees them.
func operations(ctx context.Context) ([]permission.Action, error) {
	backend, err := offered()
	if err != nil {
		return nil, err
	}
	manifest, err := backend.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]permission.Action, len(manifest.Actions))
	for i, a := range manifest.Actions {
		all[i] = permission.Action{Name: a.Name, Writes: a.Effect != sdk.Reads, Scopes: a.Scopes}
	}
	return all, nil
}

// offered is the connector as a list to look things up in; making it takes a while.
var offered = sync.OnceValues(func() (sdk.Backend, error) { return offer(okta.Open).Compile() })

// scopes are those of every trigger, of every action that the settings allow, and of
// the guards.
func scopes(ctx context.Context, settings okta.Settings) ([]string, error) {
	backend, err := offered()
	if err != nil {
		return nil, err
	}
	manifest, err := backend.Manifest(ctx)
	if err != nil {
		return nil, err
	}
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
	return slices.Compact(all), nil
}
