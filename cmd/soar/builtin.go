package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/httpconnector"
	"soar.example/okta/internal/settings"
	"soar.example/okta/plugin/okta"
	"soar.example/okta/sdk"
)

// A connector is a connector that this program contains.
type connector struct {
	name, title string // of the service
	version     string
	backend     func() (sdk.Backend, error)
	settings    settings.Connector
	guards      []string                   // settings that limit the connection, in the order of soar check
	describe    func(event any) eventFacts // reads an event of any shape that its triggers offer
	about, help string                     // of soar itself
}

// builtIns lists the connectors that a connection can name. The first is the connector of the short form.
var builtIns = []connector{builtIn, {
	name:    httpconnector.Connector.Name,
	title:   httpconnector.Connector.Title,
	version: httpconnector.Connector.Version,
	backend: httpconnector.Backend,
	settings: settings.Connector{
		Name: httpconnector.Connector.Name, Manifest: manifestOf(httpconnector.Backend),
		Proof: []string{"base_url", "headers"}, // the address is itself a secret
	},
}}

// builtInNamed returns the built-in connector with this name, or that of the short form.
func builtInNamed(name string) connector {
	for _, c := range builtIns {
		if c.name == name {
			return c
		}
	}
	return builtIn
}

// builtIn is the connector of the short form.
var builtIn = connector{
	name:    okta.Connector.Name,
	title:   okta.Connector.Title,
	version: okta.Connector.Version,
	backend: okta.Backend,
	settings: settings.Connector{
		Name:     okta.Connector.Name,
		Manifest: manifestOf(okta.Backend),
		Variables: map[string]string{
			"org_url": "OKTA_ORG_URL", "token": "OKTA_API_TOKEN", "client_id": "OKTA_CLIENT_ID", "private_key": "OKTA_PRIVATE_KEY",
			"key_id": "OKTA_KEY_ID", "scopes": "OKTA_SCOPES", "dpop": "OKTA_DPOP",
		},
		Address:    "org_url",
		Proof:      []string{"token", "client_id", "private_key", "key_id", "algorithm", "scopes", "dpop"},
		Sufficient: [][]string{{"token"}, {"client_id", "private_key"}},
		Keys:       []string{"private_key"},
		Advice:     "; to try soar without one, type: soar demo",
	},
	guards: []string{
		"read_only", "allowed_actions", "protected_users", "protected_groups", "max_users_per_call", "max_writes_per_minute",
		"max_contained_per_hour", "shadow",
		"allow_unknown_admins", "allow_custom_writes",
	},
	describe: describeLogEvent,
	about:    "Reliable, audited control of an Okta org: actions, and playbooks that start on System Log events",
	help: `soar runs actions on an Okta org and watches its System Log for events that start playbooks.

The org and the credentials come from OKTA_ORG_URL and OKTA_API_TOKEN, or from soar.yaml.
To try soar without an org, type: soar demo`,
}

// manifestOf returns the manifest of a connector that needs no process.
func manifestOf(backend func() (sdk.Backend, error)) func(context.Context) (*sdk.Manifest, error) {
	return func(ctx context.Context) (*sdk.Manifest, error) {
		b, err := backend()
		if err != nil {
			return nil, err
		}
		return b.Manifest(ctx)
	}
}

// builtInCommands returns the commands that only the built-in connector has. With --plugin
// they are hidden, and another connector has none of them.
func builtInCommands(a *app) []*cobra.Command {
	all := []*cobra.Command{a.demoCommand(), a.orgCommand(), a.eventsCommand()}
	missing := func(c *cobra.Command) error {
		if a.plugin == "" {
			return nil
		}
		m, err := a.manifest(context.WithoutCancel(cmp.Or(c.Context(), context.Background())))
		if err == nil && a.foreign() {
			err = usagef("the connector %s has no command %q. Leave out --plugin", m.Title, c.CommandPath())
		}
		return err
	}
	for _, c := range all {
		c.Hidden = a.plugin != ""
		c.PersistentPreRunE = func(c *cobra.Command, args []string) error {
			if err := c.Root().PersistentPreRunE(c, args); err != nil {
				return err
			}
			return missing(c)
		}
		c.SetHelpFunc(func(c *cobra.Command, args []string) {
			if a.helpFailed = missing(c); a.helpFailed == nil {
				c.Root().HelpFunc()(c, args)
			}
		})
	}
	return all
}
