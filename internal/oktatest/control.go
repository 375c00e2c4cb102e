package oktatest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

// order is one thing that /_org/ can be told or asked.
type order struct {
	method, path string
	follow       func(*Org, []byte, url.Values) (any, error)
}

var orders = []order{
	{http.MethodPost, "/_org/users", (*Org).orderUser},
	{http.MethodPost, "/_org/groups", (*Org).orderGroup},
	{http.MethodPost, "/_org/sessions", (*Org).orderSession},
	{http.MethodPost, "/_org/factors", placing((*Org).placeFactor)},
	{http.MethodPost, "/_org/push", (*Org).orderPush},
	{http.MethodPost, "/_org/devices", placing((*Org).placeDevice)},
	{http.MethodPost, "/_org/zones", placing((*Org).placeZone)},
	{http.MethodPost, "/_org/apps", placing((*Org).placeAppState)},
	{http.MethodPost, "/_org/assignments", placing((*Org).placeAssignmentRef)},
	{http.MethodPost, "/_org/policies", placing((*Org).placePolicyID)},
	{http.MethodPost, "/_org/roles", placing((*Org).placeRoleState)},
	{http.MethodPost, "/_org/grants", placing((*Org).placeGrantList)},
	{http.MethodPost, "/_org/risk", (*Org).orderRisk},
	{http.MethodPost, "/_org/api-tokens", placing((*Org).placeAPIToken)},
	{http.MethodPost, "/_org/apps-oauth", placing((*Org).placeServiceAppID)},
	{http.MethodDelete, "/_org/tokens", func(o *Org, _ []byte, q url.Values) (any, error) {
		return map[string]any{"revoked": o.RevokeTokens(q.Get("client"))}, nil
	}},
	{http.MethodDelete, "/_org/nonces", func(o *Org, _ []byte, _ url.Values) (any, error) { o.ExpireNonces(); return done, nil }},
	{http.MethodPost, "/_org/events", (*Org).orderEvents},
	{http.MethodPost, "/_org/faults", (*Org).orderFault},
	{http.MethodDelete, "/_org/faults", func(o *Org, _ []byte, _ url.Values) (any, error) { o.ClearFaults(); return done, nil }},
	{http.MethodPost, "/_org/limits", (*Org).orderLimit},
	{http.MethodDelete, "/_org/limits", func(o *Org, _ []byte, _ url.Values) (any, error) { o.ClearLimits(); return done, nil }},
	{http.MethodGet, "/_org/state", (*Org).orderState},
	{http.MethodGet, "/_org/requests", func(o *Org, _ []byte, _ url.Values) (any, error) {
		return map[string]any{"requests": o.Requests()}, nil
	}},
	{http.MethodDelete, "/_org/requests", func(o *Org, _ []byte, _ url.Values) (any, error) { o.ForgetRequests(); return done, nil }},
}

// done is the answer to orders that have nothing to tell.
var done = map[string]any{}

// errNobody is the one failure of an order that is a 404.
var errNobody = errors.New("there is no such user")

func (o *Org) serveOrder(w http.ResponseWriter, r *http.Request, body []byte) {
	status, answer := http.StatusNotFound, any(map[string]any{"error": "there is no such order"})
	for _, order := range orders {
		if order.path != r.URL.Path {
			continue
		}
		if order.method != r.Method {
			status, answer = http.StatusMethodNotAllowed, map[string]any{"error": r.Method + " is not an order here"}
			continue
		}
		result, err := order.follow(o, body, r.URL.Query())
		switch {
		case errors.Is(err, errNobody):
			status, answer = http.StatusNotFound, map[string]any{"error": err.Error()}
		case err != nil:
			status, answer = http.StatusBadRequest, map[string]any{"error": err.Error()}
		default:
			status, answer = http.StatusOK, result
		}
		break
	}
	send(w, r, jsonReply(status, answer), "")
}

// readOrder is stricter than the API: a misspelt key in an order would set another scene than was meant.
func readOrder[T any](body []byte) (T, error) {
	var v T
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fmt.Errorf("the body is not such an order: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return v, fmt.Errorf("the body holds more than one JSON value")
	}
	return v, nil
}

func (o *Org) orderUser(body []byte, _ url.Values) (any, error) {
	n, err := readOrder[NewUser](body)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.placeUser(n, o.clock())
}

func (o *Org) orderGroup(body []byte, _ url.Values) (any, error) {
	n, err := readOrder[NewGroup](body)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.placeGroup(n, o.clock())
}

func (o *Org) orderSession(body []byte, _ url.Values) (any, error) {
	n, err := readOrder[struct {
		User string `json:"user"`
	}](body)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	u, err := o.findUser(n.User)
	if err != nil {
		return nil, err
	}
	return map[string]any{"id": o.signIn(u, o.clock()).id}, nil
}

func (o *Org) orderEvents(body []byte, _ url.Values) (any, error) {
	n, err := readOrder[struct {
		Events []Event `json:"events"`
	}](body)
	if err != nil {
		return nil, err
	}
	uuids, err := o.appendAll(n.Events)
	if err != nil {
		return nil, err
	}
	return map[string]any{"uuids": uuids}, nil
}

func (o *Org) orderFault(body []byte, _ url.Values) (any, error) {
	f, err := readOrder[Fault](body)
	if err != nil {
		return nil, err
	}
	return done, o.arm(f)
}

func (o *Org) orderLimit(body []byte, _ url.Values) (any, error) {
	l, err := readOrder[Limit](body)
	if err != nil {
		return nil, err
	}
	return done, o.setLimit(l)
}

func (o *Org) orderState(_ []byte, query url.Values) (any, error) {
	state := o.State()
	if !query.Has("user") {
		return state, nil
	}
	for _, u := range state.Users {
		if who := query.Get("user"); u.ID == who || strings.EqualFold(u.Login, who) {
			return u, nil
		}
	}
	return nil, errNobody
}
