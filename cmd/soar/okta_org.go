package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"soar.example/okta/internal/oktasim"
)

func (a *app) orgCommand() *cobra.Command {
	var listen, token, seed string
	c := &cobra.Command{
		Use: "org", Args: none,
		Short: "Run an Okta org on this machine, to try things on",
		Long: `Run an Okta org on this machine: users, groups, sessions and a System Log over HTTP, with Okta's rules
and error codes. It takes orders under /_org/, such as events to append and faults to show.
It listens on loopback only, and forgets everything when it ends.`,
		RunE: func(c *cobra.Command, _ []string) error {
			seeds := map[string]oktasim.Seed{"demo": oktasim.Demo, "empty": oktasim.Empty}
			s, ok := seeds[seed]
			if !ok {
				return usagef("--seed %q is neither demo nor empty", seed)
			}
			server, err := startOrg(listen, oktasim.Options{Token: token, Seed: s})
			if err != nil {
				return err
			}
			defer server.close()
			env := builtIn.environment
			a.print(map[string]any{"kind": "org", "url": server.url, "seed": seed},
				"an Okta org is at %s; to use it, in another terminal:\n\n  export %s=%s %s=%s\n  soar check\n\nCtrl-C ends it.\n",
				a.out.Bold(server.url), env.Address.Name, server.url, env.Credentials[0].Name, token)
			<-c.Context().Done()
			return nil
		},
	}
	c.Flags().StringVar(&listen, "listen", "127.0.0.1:8070", "loopback address to listen on")
	c.Flags().StringVar(&token, "token", "test-token", "API token that it accepts (of this make-believe org only)")
	c.Flags().StringVar(&seed, "seed", "demo", "what is in it: demo or empty")
	return c
}

// An orgServer is an embedded org that listens on this machine.
type orgServer struct {
	*oktasim.Org
	url  string
	http *http.Server
	done chan error
}

func startOrg(listen string, o oktasim.Options) (*orgServer, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return nil, usagef("--listen %q is not an address such as 127.0.0.1:8070", listen)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, usagef("--listen %q is not a loopback address: the org is a toy to the network, and takes orders from anybody", listen)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", listen, err)
	}
	org := oktasim.New(o)
	s := &orgServer{
		Org:  org,
		url:  "http://" + l.Addr().String(),
		http: &http.Server{Handler: org, ReadHeaderTimeout: 10 * time.Second},
		done: make(chan error, 1),
	}
	go func() { s.done <- s.http.Serve(l) }()
	return s, nil
}

func (s *orgServer) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
	if err := <-s.done; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
