package main

import "github.com/spf13/cobra"

func (a *app) manifestCommand() *cobra.Command {
	return &cobra.Command{
		Use: "manifest", Args: none, Short: "Print everything the connector offers, as JSON",
		RunE: func(c *cobra.Command, _ []string) error {
			m, err := a.manifest(c.Context())
			if err != nil {
				return err
			}
			a.out.indented(m)
			return nil
		},
	}
}
