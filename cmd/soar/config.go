package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/settings"
	"soar.example/okta/internal/terminal"
)

func (a *app) configCommand() *cobra.Command {
	c := group("config", "Check and show the settings")
	c.AddCommand(&cobra.Command{
		Use: "check", Args: none, Short: "Check the settings without a request to a service",
		Long: `Check the settings file, the environment variables and the files with secrets. The output lists all problems.
The check starts the plugins of the connections and sends no request to a service: soar check tests a connection.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.configCheck(c.Context()) },
	}, &cobra.Command{
		Use: "show", Args: none, Short: "Show the settings and the origin of each value",
		Long: `Show the settings of each connection, with the origin of each value: a line of a file, an environment variable or
the default. Secrets are masked.`,
		RunE: func(c *cobra.Command, _ []string) error { return a.configShow(c.Context()) },
	})
	return c
}

// allSettings returns the settings with the values of all connections, or of the connection of --connection.
func (a *app) allSettings(ctx context.Context) (*settings.Config, error) {
	s, err := a.settings()
	if s == nil {
		return nil, err
	}
	var names []string
	if a.conn != "" {
		names = []string{a.conn}
	}
	err = s.Resolve(ctx, names...)
	a.showWarnings(s)
	return s, err
}

func (a *app) configCheck(ctx context.Context) error {
	s, err := a.allSettings(ctx)
	if err != nil {
		return err
	}
	if _, err := s.PlaybookFiles(); err != nil {
		return err
	}
	all, err := a.manifests(ctx)
	if err != nil {
		return err
	}
	if _, err := a.loadAlert(all); err != nil {
		return err
	}
	notes := s.Notes()
	a.print(map[string]any{"kind": "config_check", "settings_file": s.File, "connections": s.Names(), "notes": slices.Concat([]string{}, notes)},
		"%s the settings are valid. Connections: %s\nsettings file: %s\n", a.out.Green("✓"), strings.Join(s.Names(), ", "),
		terminal.OneLine(cmp.Or(s.File, "none, the environment alone")))
	if !a.json {
		a.showNotes(notes)
	}
	return nil
}

func (a *app) configShow(ctx context.Context) error {
	s, err := a.allSettings(ctx)
	if err != nil {
		return err
	}
	fields, err := s.Fields(settings.Flag{Pointer: "/engine/store", Name: "--store", Value: a.store})
	if err != nil {
		return err
	}
	if a.json {
		a.out.JSON(map[string]any{"kind": "config", "settings_file": s.File, "settings": fields})
		return nil
	}
	if a.output == "table" {
		fmt.Fprintf(a.out, "settings file: %s\n", terminal.OneLine(cmp.Or(s.File, "none, the environment alone")))
	}
	return list(a, fields, "", []string{"CONNECTION", "SETTING", "VALUE", "ORIGIN"}, func(f settings.Field) []string {
		value := string(f.Value)
		if text := ""; json.Unmarshal(f.Value, &text) == nil {
			value = text
		}
		return []string{f.Connection, f.Setting, value, f.Origin.String()}
	})
}
