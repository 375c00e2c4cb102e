package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	"soar.example/okta/internal/playbook"
	"soar.example/okta/internal/settings"
	"soar.example/okta/plugin/host"
	"soar.example/okta/sdk"
)

// A configuration is the playbooks and the open connections of a watch.
type configuration struct {
	settings    *settings.Config
	playbooks   []*playbook.Playbook
	alert       *playbook.Alert // of the settings; nil: none
	connections connectionList
	healths     []sdk.Health // of the connections
	failures    []error      // of the checks of the connections
}

// checkTimeout is the time limit of one check of a connection.
const checkTimeout = 30 * time.Second

// load reads the settings and the playbooks, and opens the connections. Connections that have not changed since the
// former configuration keep their sessions.
func (d *daemon) load(ctx context.Context, former *configuration) (_ *configuration, err error) {
	fresh := d.flags
	c := new(configuration)
	if c.playbooks, err = fresh.loadPlaybooks(ctx, d.files); err != nil {
		return nil, err
	}
	c.settings, c.alert = fresh.file, fresh.alert
	names := usedBy(c.playbooks)
	if c.alert != nil && !slices.Contains(names, c.alert.Connection) {
		names = append(names, c.alert.Connection)
	}
	err = c.settings.Resolve(ctx, names...)
	fresh.showWarnings(c.settings)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		one, err := c.settings.Connection(name)
		if err != nil {
			return nil, errors.Join(err, c.closeExcept(former))
		}
		opened := former.same(one)
		if opened == nil {
			opened, err = d.processes.open(ctx, one)
		}
		if err != nil {
			return nil, errors.Join(err, c.closeExcept(former))
		}
		c.connections = append(c.connections, opened)
	}
	if err := cmp.Or(d.o.checkLag(c.connections, c.playbooks), c.check(ctx, d, former)); err != nil {
		return nil, errors.Join(err, c.closeExcept(former))
	}
	if former == nil {
		return c, nil
	}
	for i, failure := range c.failures {
		if lasting(failure) && !slices.Contains(former.connections, c.connections[i]) {
			e := sdk.AsError(failure)
			changed := *e
			changed.Message = "the connection " + c.connections[i].settings.Name + " does not work: " + e.Message
			return nil, errors.Join(&changed, c.closeExcept(former))
		}
	}
	return c, nil
}

// same returns the connection with the same settings, nil if there is none.
func (c *configuration) same(s *settings.Connection) *connection {
	if c == nil {
		return nil
	}
	for _, one := range c.connections {
		if one.settings.Same(s) {
			return one
		}
	}
	return nil
}

// closeExcept closes the connections that the other configuration does not use.
func (c *configuration) closeExcept(other *configuration) (err error) {
	for _, one := range c.connections {
		if other == nil || !slices.Contains(other.connections, one) {
			err = errors.Join(err, one.Close())
		}
	}
	return err
}

// check checks the connections that are not healthy in the former configuration, at the same time, and sets their healths.
// It waits for the account of each connection.
func (c *configuration) check(ctx context.Context, d *daemon, former *configuration) error {
	if former == nil && !d.json {
		names := namesOf(c.connections, func(one *connection) string { return one.settings.Name })
		d.show.line(nil, "checking %s", strings.Join(names, ", "))
	}
	c.healths, c.failures = make([]sdk.Health, len(c.connections)), make([]error, len(c.connections))
	var g errgroup.Group
	for i, one := range c.connections {
		if former != nil {
			if at := slices.Index(former.connections, one); at >= 0 && former.failures[at] == nil {
				c.healths[i] = former.healths[at]
				continue
			}
		}
		g.Go(func() error {
			return host.Retry(ctx, func(s host.Status) { d.show.pollStatus(d.show.out, s, d.show.line) }, func(ctx context.Context) error {
				limited, cancel := context.WithTimeout(ctx, checkTimeout)
				defer cancel()
				health, failure := one.Check(limited)
				checked := func(context.Context) (sdk.Health, error) { return health, failure }
				org, err := d.store.Target(limited, checked, one.values)
				if org == "" {
					return err
				}
				health.Target = org
				c.healths[i], c.failures[i] = health, failure
				return nil
			})
		})
	}
	return cmp.Or(g.Wait(), ctx.Err())
}

// watched returns the connections of triggers, for people.
func (c *configuration) watched() (all []watched) {
	for i, one := range c.connections {
		name := one.settings.Name
		if slices.ContainsFunc(c.playbooks, func(p *playbook.Playbook) bool { return p.Connection == name }) {
			all = append(all, watched{name, c.healths[i].Target, c.healths[i].Account, one.shadow(), c.healths[i].Notes})
		}
	}
	return all
}

// lasting reports whether an error remains until somebody corrects its cause.
func lasting(err error) bool {
	e := sdk.AsError(err)
	return e != nil && (!e.Code.Transient() || len(e.Violations) > 0)
}

// onlyFailures returns an error if waiting cannot make any connection of a trigger work.
func onlyFailures(c *configuration) (err error) {
	for i, one := range c.connections {
		name := one.settings.Name
		if !slices.ContainsFunc(c.playbooks, func(p *playbook.Playbook) bool { return p.Connection == name }) {
			continue
		}
		if !lasting(c.failures[i]) {
			return nil
		}
		err = cmp.Or(err, c.failures[i])
	}
	return err
}
