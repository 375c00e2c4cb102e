package okta

import (
	"context"
	"slices"
	"sync"

	"soar.example/okta/internal/okta"
	"soar.example/okta/sdk"
)

// open makes a client. A service app whose settings name no scopes asks for those of
// what the connection may do, and for no more.
func open(ctx context.Context, settings okta.Settings) (*okta.Client, error) {
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
	client.Offer(operations)
	return client, nil
}

// operations are the actions as a client sees them.
func operations(ctx context.Context) ([]okta.Operation, error) {
	backend, err := offered()
	if err != nil {
		return nil, err
	}
	manifest, err := backend.Manifest(ctx)
	if err != nil {
		return nil, err
	}
	all := make([]okta.Operation, len(manifest.Actions))
	for i, a := range manifest.Actions {
		all[i] = okta.Operation{Name: a.Name, Writes: a.Effect != sdk.Reads, Scopes: a.Scopes}
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
