package oktasim

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// command is one control command below /_org/.
type command struct {
	method, path string
	run          func(*Org, []byte, url.Values) (any, error)
}

var commands = []command{
	{http.MethodPost, "users", creating((*Org).insertUser)},
	{http.MethodPost, "groups", creating((*Org).insertGroup)},
	{http.MethodPost, "sessions", creating((*Org).insertSession)},
	{http.MethodPost, "factors", creating((*Org).insertFactor)},
	{http.MethodPost, "push", creating((*Org).insertPush)},
	{http.MethodPost, "devices", creating((*Org).insertDevice)},
	{http.MethodPost, "zones", creating((*Org).insertZone)},
	{http.MethodPost, "apps", creating((*Org).insertApp)},
	{http.MethodPost, "assignments", creating((*Org).insertAssignment)},
	{http.MethodPost, "policies", creating((*Org).insertPolicy)},
	{http.MethodPost, "roles", creating((*Org).insertRole)},
	{http.MethodPost, "grants", creating(func(o *Org, n NewGrant, now time.Time) (doc, error) {
		grants, err := o.insertGrant(n, now)
		return doc{"grants": grants}, err
	})},
	{http.MethodPost, "risk", creating((*Org).insertRisk)},
	{http.MethodPost, "api-tokens", creating((*Org).insertAPIToken)},
	{http.MethodPost, "apps-oauth", creating((*Org).insertServiceApp)},
	{http.MethodPost, "events", creating(func(o *Org, n newEvents, now time.Time) (doc, error) {
		uuids, err := o.insertEvents(n.Events, now)
		return doc{"uuids": uuids}, err
	})},
	{http.MethodDelete, "tokens", func(o *Org, _ []byte, q url.Values) (any, error) {
		return doc{"revoked": o.RevokeTokens(q.Get("client"))}, nil
	}},
	{http.MethodDelete, "nonces", doing((*Org).ExpireNonces)},
	{http.MethodPost, "faults", creating((*Org).insertFault)},
	{http.MethodDelete, "faults", doing((*Org).ClearFaults)},
	{http.MethodPost, "limits", creating((*Org).insertLimit)},
	{http.MethodDelete, "limits", doing((*Org).ClearLimits)},
	{http.MethodGet, "state", (*Org).showState},
	{http.MethodGet, "requests", func(o *Org, _ []byte, _ url.Values) (any, error) { return doc{"requests": o.Requests()}, nil }},
	{http.MethodDelete, "requests", doing((*Org).ForgetRequests)},
}

type newEvents struct {
	Events []Event `json:"events"`
}

// creating is a command that reads the description of an object and creates the object under the lock.
func creating[N, S any](create func(*Org, N, time.Time) (S, error)) func(*Org, []byte, url.Values) (any, error) {
	return func(o *Org, body []byte, _ url.Values) (any, error) {
		n, err := readCommand[N](body)
		if err != nil {
			return nil, err
		}
		defer o.lock()()
		return create(o, n, o.clock())
	}
}

// doing is a command without a body and without a result.
func doing(do func(*Org)) func(*Org, []byte, url.Values) (any, error) {
	return func(o *Org, _ []byte, _ url.Values) (any, error) {
		do(o)
		return doc{}, nil
	}
}

// errNoUser is the only failure of a command with status 404.
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
		result, err = c.run(o, body, r.URL.Query())
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

// readCommand is stricter than the API, because a misspelt key would silently change the test.
func readCommand[T any](body []byte) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("the body is not valid for this command: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return v, errors.New("the body holds more than one JSON value")
	}
	return v, nil
}

func (o *Org) showState(_ []byte, query url.Values) (any, error) {
	state := o.State()
	if !query.Has("user") {
		return state, nil
	}
	for _, u := range state.Users {
		if who := query.Get("user"); u.ID == who || strings.EqualFold(u.Login, who) {
			return u, nil
		}
	}
	return nil, errNoUser
}
