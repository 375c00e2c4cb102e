package playbook

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"soar.example/okta/internal/nearest"
	"soar.example/okta/sdk"
)

// Connections are the manifests of the connections that playbooks can use, by the names of the connections.
type Connections map[string]*sdk.Manifest

// Find returns the connection and the action that a name such as chat/post_message or suspend_user
// means. The connection can be left out if only one connection has the action.
func (c Connections) Find(name string) (connection string, info *sdk.ActionInfo, err error) {
	return lookUp(c, name, "action", (*sdk.Manifest).Action, (*sdk.Manifest).ActionNames)
}

// FindTrigger is [Connections.Find] for a trigger.
func (c Connections) FindTrigger(name string) (connection string, info *sdk.TriggerInfo, err error) {
	return lookUp(c, name, "trigger", (*sdk.Manifest).Trigger, (*sdk.Manifest).TriggerNames)
}

// find looks up the text of n with a function of the connections. It reports why there is no such action or trigger.
func find[T any](l *loader, n *node, by func(Connections, string) (string, *T, error)) (string, *T) {
	connection, info, err := by(l.connections, n.text)
	if err != nil {
		l.on(n, "%v", err)
	}
	return connection, info
}

func lookUp[T any](c Connections, text, kind string, of func(*sdk.Manifest, string) *T, names func(*sdk.Manifest) []string) (string, *T, error) {
	connection, name, given := strings.Cut(text, "/")
	if given {
		m := c[connection]
		if m == nil {
			return "", nil, fmt.Errorf("there is no connection %q%s", shorten(connection), among(connection, slices.Sorted(maps.Keys(c))))
		}
		if info := of(m, name); info != nil {
			return connection, info, nil
		}
		return "", nil, fmt.Errorf("the connection %s has no %s %q%s", connection, kind, shorten(name), nearest.Hint(name, names(m)))
	}
	var found, known []string
	for _, connection := range slices.Sorted(maps.Keys(c)) {
		known = append(known, names(c[connection])...)
		if of(c[connection], text) != nil {
			found = append(found, connection)
		}
	}
	switch len(found) {
	case 0:
		return "", nil, fmt.Errorf("there is no %s %q%s", kind, shorten(text), nearest.Hint(text, known))
	case 1:
		return found[0], of(c[found[0]], text), nil
	}
	return "", nil, fmt.Errorf(
		"several connections have the %s %s: write %s/%[2]s for one of them. They are %[4]s", kind, text, found[0], strings.Join(found, ", "))
}

// among suggests the nearest connection, or lists all of them.
func among(name string, known []string) string {
	return cmp.Or(nearest.Hint(name, known), ". The connections are "+strings.Join(known, ", "))
}
