package oktatest

import (
	"net/url"
	"time"
)

// placing makes an order of what puts something into the org.
func placing[N, A any](place func(*Org, N, time.Time) (A, error)) func(*Org, []byte, url.Values) (any, error) {
	return func(o *Org, body []byte, _ url.Values) (any, error) {
		n, err := readOrder[N](body)
		if err != nil {
			return nil, err
		}
		o.mu.Lock()
		defer o.mu.Unlock()
		return place(o, n, o.clock())
	}
}

func (o *Org) placeAppState(n NewApp, now time.Time) (AppState, error) {
	a, err := o.placeApp(n, now)
	if err != nil {
		return AppState{}, err
	}
	return a.state(), nil
}

// placedID is the answer to orders that make something of which only the id is worth telling.
type placedID struct {
	ID string `json:"id"`
}

func (o *Org) placeAssignmentRef(n NewAssignment, now time.Time) (map[string]any, error) {
	return done, o.placeAssignment(n, now)
}

func (o *Org) placePolicyID(n NewPolicy, now time.Time) (placedID, error) {
	p, err := o.placePolicy(n, now)
	if err != nil {
		return placedID{}, err
	}
	return placedID{p.id}, nil
}

func (o *Org) placeRoleState(n NewRole, now time.Time) (RoleState, error) {
	r, err := o.placeRole(n, now)
	if err != nil {
		return RoleState{}, err
	}
	return r.state(), nil
}

func (o *Org) placeGrantList(n NewGrant, now time.Time) (map[string]any, error) {
	grants, err := o.placeGrant(n, now)
	return map[string]any{"grants": grants}, err
}

func (o *Org) placeServiceAppID(n NewServiceApp, now time.Time) (map[string]any, error) {
	id, err := o.placeServiceApp(n, now)
	return map[string]any{"client_id": id}, err
}

func (o *Org) orderPush(body []byte, _ url.Values) (any, error) {
	p, err := readOrder[Push](body)
	if err != nil {
		return nil, err
	}
	return done, o.planPush(p)
}

func (o *Org) orderRisk(body []byte, _ url.Values) (any, error) {
	n, err := readOrder[struct {
		User   string `json:"user"`
		Level  string `json:"level"`
		Reason string `json:"reason"`
	}](body)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	return done, o.placeRisk(n.User, n.Level, n.Reason)
}
