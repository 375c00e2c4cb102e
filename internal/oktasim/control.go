package oktasim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// command is one control command below /_org/.
type command struct {
	method, path string
	// create creates an object from the body at the time, under the lock. If it is nil, the command calls run.
	create func(*Org, []byte, time.Time) (any, error)
	run    func(*Org, url.Values) (any, error)
}

var commands = []command{
	creating("users", (*Org).insertUser),
	creating("groups", (*Org).insertGroup),
	creating("sessions", (*Org).insertSession),
	creating("factors", (*Org).insertFactor),
	creating("push", (*Org).insertPush),
	creating("devices", (*Org).insertDevice),
	creating("zones", (*Org).insertZone),
	creating("apps", (*Org).insertApp),
	creating("assignments", (*Org).insertAssignment),
	creating("policies", (*Org).insertPolicy),
	creating("roles", (*Org).insertRole),
	creating("grants", (*Org).insertGrant),
	creating("risk", (*Org).insertRisk),
	creating("api-tokens", (*Org).insertAPIToken),
	creating("apps-oauth", (*Org).insertServiceApp),
	creating("events", (*Org).insertEvents),
	creating("faults", (*Org).insertFault),
	creating("limits", (*Org).insertLimit),
	running(http.MethodDelete, "tokens", func(o *Org, q url.Values) any { return doc{"revoked": o.RevokeTokens(q.Get("client"))} }),
	running(http.MethodDelete, "nonces", func(o *Org, _ url.Values) any { o.ExpireNonces(); return doc{} }),
	running(http.MethodDelete, "faults", func(o *Org, _ url.Values) any { o.ClearFaults(); return doc{} }),
	running(http.MethodDelete, "limits", func(o *Org, _ url.Values) any { o.ClearLimits(); return doc{} }),
	running(http.MethodDelete, "requests", func(o *Org, _ url.Values) any { o.ForgetRequests(); return doc{} }),
	running(http.MethodGet, "requests", func(o *Org, _ url.Values) any { return doc{"requests": o.Requests()} }),
	{http.MethodGet, "state", nil, (*Org).showState},
}

// creating returns a command that parses the description of an object and creates the object.
func creating[N, S any](path string, create func(*Org, N, time.Time) (S, error)) command {
	return command{http.MethodPost, path, func(o *Org, body []byte, now time.Time) (any, error) {
		n, err := readStrict[N](body)
		if err != nil {
			return nil, fmt.Errorf("the body is not valid for this command: %w", err)
		}
		return create(o, n, now)
	}, nil}
}

// running returns a command that cannot fail.
func running(method, path string, run func(*Org, url.Values) any) command {
	return command{method, path, nil, func(o *Org, q url.Values) (any, error) { return run(o, q), nil }}
}

// do runs the command with a request's body and query.
func (c command) do(o *Org, body []byte, query url.Values) (any, error) {
	if c.create == nil {
		return c.run(o, query)
	}
	defer o.lock()()
	return c.create(o, body, o.clock())
}

// errNoUser is the only failure of a command with the status 404.
var errNoUser = errors.New("there is no such user")

func (o *Org) control(r *http.Request, body []byte) *wire.Reply {
	status, result := http.StatusNotFound, any(doc{"error": "there is no such command"})
	for _, c := range commands {
		if "/_org/"+c.path != r.URL.Path {
			continue
		}
		if c.method != r.Method {
			status, result = http.StatusMethodNotAllowed, doc{"error": "the command does not support " + r.Method}
			continue
		}
		var err error
		result, err = c.do(o, body, r.URL.Query())
		switch status = http.StatusOK; {
		case errors.Is(err, errNoUser):
			status, result = http.StatusNotFound, doc{"error": err.Error()}
		case err != nil:
			status, result = http.StatusBadRequest, doc{"error": err.Error()}
		}
		break
	}
	return wire.JSON(status, result)
}

// readStrict is stricter than the API, because a misspelled key would silently change the test.
func readStrict[T any](text []byte) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return v, errors.New("it contains more than one JSON value")
	}
	return v, nil
}

func (o *Org) showState(query url.Values) (any, error) {
	state, login := o.State(), query.Get("user")
	if !query.Has("user") {
		return state, nil
	}
	i := slices.IndexFunc(state.Users, func(u UserState) bool { return u.ID == login || strings.EqualFold(u.Login, login) })
	if i < 0 {
		return nil, errNoUser
	}
	return state.Users[i], nil
}
