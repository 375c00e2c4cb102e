package main

import (
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/oktasim"
)

func (a *app) orgCommand() *cobra.Command {
	var listen, token, seed string
	var classic bool
	c := &cobra.Command{
		Use: "org", Args: none,
		Short: "Run an Okta org for tests on this machine",
		Long: `Run an Okta org on this machine: users, groups, sessions and a System Log over HTTP, with Okta's rules
and error codes. Requests under /_org/ control it: they append events or set faults, for example.
It listens on loopback only, and keeps no data after it ends.`,
		RunE: func(c *cobra.Command, _ []string) error {
			seeds := map[string]oktasim.Seed{"demo": oktasim.Demo, "empty": oktasim.Empty}
			s, ok := seeds[seed]
			if !ok {
				return usagef("--seed %q is neither demo nor empty", seed)
			}
			_, url, end, err := startOrg(listen, oktasim.Options{Token: token, Seed: s, Classic: classic})
			if err != nil {
				return err
			}
			defer end()
			variables := builtIn.settings.Variables
			a.print(map[string]any{"kind": "org", "url": url, "seed": seed},
				"an Okta org is at %s; to use it, in another terminal:\n\n  export %s=%s %s=%s\n  soar check\n\nCtrl-C ends it.\n",
				a.out.Bold(url), variables["org_url"], url, variables["token"], token)
			<-c.Context().Done()
			return nil
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8070", "loopback address to listen on")
	c.Flags().StringVar(&token, "token", "test-token", "API token that the org accepts")
	c.Flags().StringVar(&seed, "seed", "demo", "initial data: demo or empty")
	c.Flags().BoolVar(&classic, "classic", false, "run Classic Engine, which has no devices, user risk and universal logout")
	return c
}

// startOrg starts an Okta org that listens on this machine. It returns its address and a function that ends it.
func startOrg(listen string, o oktasim.Options) (org *oktasim.Org, url string, end func() error, err error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, "", nil, usagef("--listen %q is not an address such as 127.0.0.1:8070", listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, "", nil, usagef("--listen %q is not a loopback address: everybody on the network could control the org", listen)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, "", nil, fmt.Errorf("listen on %s: %w", listen, err)
	}
	org = oktasim.New(o)
	server := &http.Server{Handler: org, ReadHeaderTimeout: 10 * time.Second}
	go server.Serve(l)
	return org, "http://" + l.Addr().String(), server.Close, nil
}
