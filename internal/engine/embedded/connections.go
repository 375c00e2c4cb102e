package embedded

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"soar.example/okta/internal/playbook"
	"soar.example/okta/sdk"
)

// A Connection is a session that an engine uses. Name, Org, Manifest and Session are required.
type Connection struct {
	Name     string // as playbooks name the connection
	Org      string // account that Session acts on, see [Store.Target]
	Manifest *sdk.Manifest
	Session  sdk.Session
	Limits   Limits // of the calls of this engine and of others on the store
	Shadow   bool   // all writes are dry runs, and no undos are executed; new runs are shadow runs
}

// caller returns the origin of the calls that the engine makes on the connection.
func (c *Connection) caller(incident string) Caller {
	return Caller{Org: c.Org, Manifest: c.Manifest, Limits: c.Limits, Shadow: c.Shadow, Connection: c.Name, Case: incident}
}

// A connectionSet is the connections that an engine uses at one time. A run uses the same
// set from its start to its end.
type connectionSet struct {
	all       []Connection
	playbooks sync.Map // hash → *playbook.Playbook, loaded with these connections

	users    int // under Engine.mu: the runs and undos that use the set
	replaced bool
	unused   chan struct{} // closed when the set is replaced and has no users
}

func newConnectionSet(all []Connection) (*connectionSet, error) {
	if len(all) == 0 {
		return nil, errors.New("an engine needs a connection")
	}
	names := map[string]bool{}
	for _, c := range all {
		switch {
		case c.Name == "" || c.Org == "" || c.Manifest == nil || c.Session == nil:
			return nil, errors.New("a connection of an engine needs a name, an org, a manifest and a session")
		case names[c.Name]:
			return nil, fmt.Errorf("two connections of an engine are named %s", c.Name)
		}
		names[c.Name] = true
	}
	return &connectionSet{all: slices.Clone(all), unused: make(chan struct{})}, nil
}

// named returns the connection with this name, nil if there is none.
func (s *connectionSet) named(name string) *Connection {
	i := slices.IndexFunc(s.all, func(c Connection) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &s.all[i]
}

// forUndo returns the first connection that can run the action of an undo, nil if there is none.
func (s *connectionSet) forUndo(org, action string) *Connection {
	i := slices.IndexFunc(s.all, func(c Connection) bool { return c.Org == org && !c.Shadow && c.Manifest.Action(action) != nil })
	if i < 0 {
		return nil
	}
	return &s.all[i]
}

// manifests returns the manifests of the connections, for playbooks.
func (s *connectionSet) manifests() playbook.Connections {
	all := playbook.Connections{}
	for _, c := range s.all {
		all[c.Name] = c.Manifest
	}
	return all
}

// orgs returns the orgs that pass the test, each once.
func (s *connectionSet) orgs(test func(Connection) bool) []string {
	orgs := []string{}
	for _, c := range s.all {
		if test(c) {
			orgs = append(orgs, c.Org)
		}
	}
	slices.Sort(orgs)
	return slices.Compact(orgs)
}

// allOrgs returns the orgs of all connections.
func (s *connectionSet) allOrgs() []string { return s.orgs(func(Connection) bool { return true }) }

// connections returns the present set.
func (e *Engine) connections() *connectionSet { return e.set.Load() }

// useConnections returns the present set, which stays usable until the caller calls release.
// The caller holds mu.
func (e *Engine) useConnections() (s *connectionSet, release func()) {
	s = e.connections()
	s.users++
	return s, func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		s.users--
		s.close()
	}
}

// close reports that the set is no longer in use. The caller holds mu.
func (s *connectionSet) close() {
	if s.replaced && s.users == 0 {
		close(s.unused)
	}
}

// SetConnections replaces the connections of the engine. Runs and undos that have begun end
// with the former connections; unused is closed when the last of them has ended, and the
// former sessions can be closed. Feeds of the former connections must have ended before.
func (e *Engine) SetConnections(all []Connection) (unused <-chan struct{}, err error) {
	set, err := newConnectionSet(all)
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return nil, fmt.Errorf("set the connections: %w", errClosed)
	}
	former := e.connections()
	e.set.Store(set)
	former.replaced = true
	former.close()
	e.queued.wake()
	e.undoStored.wake()
	return former.unused, nil
}
