package oktasim

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// NewFactor describes an enrolled factor of a user. User, an ID or login, and Type are required.
type NewFactor struct {
	ID   string `json:"id,omitempty"`
	User string `json:"user"`
	// Type is Okta's factorType, such as push, signed_nonce, token:software:totp, sms or webauthn.
	Type string `json:"type"`
	// Provider defaults to OKTA, and to FIDO for webauthn.
	Provider string `json:"provider,omitempty"`
	// Status defaults to ACTIVE.
	Status string `json:"status,omitempty"`
	// Profile replaces the default profile of the type.
	Profile map[string]any `json:"profile,omitempty"`
	// Device is the ID of the device with the factor's keys. The deactivation of the device removes the factor.
	Device string `json:"device,omitempty"`
}

// FactorState is one enrolled factor.
type FactorState struct {
	ID       string `json:"id"`
	Type     string `json:"type"`
	Provider string `json:"provider"`
	Status   string `json:"status"`
}

// factor is one enrolled factor of a user. Its status is in object.
type factor struct {
	object
	NewFactor
	user   *user
	device *device
}

// factorStore contains all factors, in the order of enrolment, and the pushes sent to them.
type factorStore struct {
	all    []*factor
	pushes []*pushTransaction
	plans  map[*factor]Push
}

// factorType contains the prefix of the IDs, the name in the log, and the template of the default profile.
type factorType struct {
	Prefix  string `json:"prefix"`
	Logged  string `json:"logged"`
	Profile doc    `json:"profile"`
}

var factorStatuses = []string{statusActive, "PENDING_ACTIVATION", statusInactive, "ENROLLED", "NOT_SETUP", "DISABLED", "EXPIRED"}

// AddFactor enrolls a factor.
func (o *Org) AddFactor(n NewFactor) FactorState { return add(o, n, (*Org).insertFactor) }

func (o *Org) insertFactor(n NewFactor, now time.Time) (FactorState, error) {
	n.Status = cmp.Or(n.Status, statusActive)
	n.Provider = cmp.Or(n.Provider, map[string]string{"webauthn": "FIDO", "u2f": "FIDO"}[n.Type], "OKTA")
	u, errUser := o.findUser(n.User)
	d, errDevice := find(o.devices, n.Device, "UDDevice")
	if n.Device == "" {
		errDevice = nil
	}
	profile, err := wire.Plain(n.Profile)
	kind, isKnown := factorTypes[n.Type]
	if err := invalid("factor",
		errUser, errDevice, err, wrong(!isKnown, "there is no type "+n.Type), unknown("status", n.Status, factorStatuses...), taken(o.factors.all, n.ID),
	); err != nil {
		return FactorState{}, err
	}
	f := &factor{o.newObject(n.ID, kind.Prefix, n.Status, now), n, u, d}
	if f.Profile = profile; n.Profile == nil {
		f.Profile = fill(kind.Profile, f.profileValues()).(doc)
	}
	o.factors.all = append(o.factors.all, f)
	return f.state(), nil
}

// profileValues returns the values for the default profiles.
func (f *factor) profileValues() doc {
	device, number := "Phone of "+f.user.name(), 0
	if f.device != nil {
		device = text(f.device.profile, "displayName")
	}
	for _, letter := range f.id {
		number = (10*number + int(letter)) % 10_000
	}
	return doc{
		"login": f.user.login(), "email": text(f.user.profile, "email"), "device": device, "phone": fmt.Sprintf("+1555010%04d", number),
	}
}

func (f *factor) state() FactorState {
	return FactorState{ID: f.id, Type: f.Type, Provider: f.Provider, Status: f.status}
}

// isOktaVerify reports whether the factor belongs to the Okta Verify app. Its factors are enrolled and reset
// together.
func (f *factor) isOktaVerify() bool {
	return f.Provider == "OKTA" && slices.Contains([]string{"push", "signed_nonce", "token:software:totp"}, f.Type)
}

// factorsOf returns a user's factors in the order of enrolment.
func (o *Org) factorsOf(u *user) []*factor {
	return where(o.factors.all, func(f *factor) bool { return f.user == u })
}

// remove removes and returns the factors that match gone. It also removes their pushes.
func (s *factorStore) remove(gone func(*factor) bool) []*factor {
	out := where(s.all, gone)
	s.all = slices.DeleteFunc(s.all, gone)
	s.pushes = slices.DeleteFunc(s.pushes, func(p *pushTransaction) bool { return slices.Contains(out, p.factor) })
	maps.DeleteFunc(s.plans, func(f *factor, _ Push) bool { return slices.Contains(out, f) })
	return out
}

// pathFactor returns the factor in the call's path, if it belongs to the user in the path.
func (o *Org) pathFactor(c *call) (*factor, error) {
	u, err := o.pathUser(c)
	if err != nil {
		return nil, err
	}
	return find(o.factorsOf(u), c.Params[1], "UserFactor")
}

func (c *call) factorDoc(f *factor) doc {
	d := c.shape("factor", &f.object, doc{"type": f.Type, "provider": f.Provider, "profile": f.Profile, "user": f.user.id})
	links, owner := d["_links"].(doc), c.URL("/api/v1/users/"+f.user.id+"/factors/")
	switch {
	case f.Type == "question":
		links["questions"] = wire.Hinted(owner+"questions", "GET")
	case f.status == statusActive:
		links["verify"] = wire.Hinted(owner+f.id+"/verify", "POST")
	}
	return d
}

// deleteFactor removes a factor. For a push or signed_nonce factor, it removes all Okta Verify factors of the
// user.
func (o *Org) deleteFactor(c *call, f *factor) (any, error) {
	if f.user.status == StatusDeprovisioned {
		return nil, wire.Code("E0000038")
	}
	withOthers := f.isOktaVerify() && f.Type != "token:software:totp"
	o.removeFactors(c, func(other *factor) bool {
		return other == f || withOthers && other.user == f.user && other.isOktaVerify()
	})
	return nil, nil
}

// removeFactors removes factors and logs each removal.
func (o *Org) removeFactors(c *call, gone func(*factor) bool) {
	for _, f := range o.factors.remove(gone) {
		o.logDetail(c, "user.mfa.factor.deactivate", detail{reason: "User reset " + factorTypes[f.Type].Logged + " factor"}, f.user.target())
	}
}

// These are the reactions to a push, and the results of its verification.
const (
	PushWaiting  = "WAITING"
	PushSuccess  = "SUCCESS"
	PushRejected = "REJECTED"
	PushTimeout  = "TIMEOUT"
)

// Push sets the reaction of a user to pushes: to the waiting ones and to all later ones, until the next Push for the
// same factor. Without a Push, each push waits until it expires.
type Push struct {
	// User is an ID or login. Factor is the ID of a push factor of the user, or empty for all of them.
	User   string `json:"user"`
	Factor string `json:"factor,omitempty"`
	// Answer is one of the Push constants. PushWaiting makes the push wait until it expires.
	Answer string `json:"answer"`
	// AfterPolls is the number of polls of a verification before the reaction.
	AfterPolls int `json:"after_polls,omitempty"`
	// Number makes later verifications a number challenge with this correct number. 0 means no challenge.
	Number int `json:"number,omitempty"`
}

// pushLife is the maximum wait of a push.
const pushLife = 5 * time.Minute

// pushTransaction is one verification by push.
type pushTransaction struct {
	id      string
	factor  *factor
	expires time.Time
	plan    Push
	polls   int
	result  string // empty while the push waits
}

// AnswerPush sets the reaction of a user to pushes.
func (o *Org) AnswerPush(p Push) { add(o, p, (*Org).insertPush) }

func (o *Org) insertPush(p Push, _ time.Time) (doc, error) {
	u, err := o.findUser(p.User)
	if err := invalid("push",
		err, unknown("answer", p.Answer, PushWaiting, PushSuccess, PushRejected, PushTimeout),
		wrong(p.AfterPolls < 0 || p.Number < 0 || p.Number > 99, "after_polls cannot be negative, and number is at most 99"),
	); err != nil {
		return nil, err
	}
	chosen := where(o.factorsOf(u), func(f *factor) bool { return f.Type == "push" && (p.Factor == "" || p.Factor == f.id) })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("push: %s has no such push factor", u.login())
	}
	for _, f := range chosen {
		o.factors.plans[f] = p
	}
	for _, t := range o.factors.pushes {
		if t.result == "" && slices.Contains(chosen, t.factor) {
			number := t.plan.Number
			t.plan = p
			t.plan.Number = number
		}
	}
	return doc{}, nil
}

// verifyFactor sends a push or checks a code. The org sends no codes, so every code is wrong.
func (o *Org) verifyFactor(c *call, f *factor) (any, error) {
	if slices.Contains([]string{StatusStaged, StatusSuspended, StatusDeprovisioned}, f.user.status) {
		return nil, wire.Code("E0000038")
	}
	if f.status != statusActive {
		return nil, wire.Code("E0000079")
	}
	body := doc{}
	if len(c.Body) > 0 {
		if err := c.Decode(&body); err != nil {
			return nil, err
		}
	}
	switch _, given := body["passCode"]; f.Type {
	case "push":
		t := &pushTransaction{id: "v2mst." + o.fresh.Text("transaction", 22), factor: f, expires: c.Now.Add(pushLife), plan: o.factors.plans[f]}
		o.factors.pushes = append(o.factors.pushes, t)
		o.logEvent(c, "system.push.send_factor_verify_push", f.user.target())
		return wire.JSON(http.StatusCreated, c.pushDoc(t, false)), nil
	case "sms", "call", "email":
		if !given {
			return c.factorResult(f, "CHALLENGE"), nil
		}
	}
	e := wire.Code("E0000068")
	e.Causes = []string{"Your passcode doesn't match our records. Please try again."}
	return nil, e
}

// factorResult returns the result of a verification that can be repeated.
func (c *call) factorResult(f *factor, result string) doc {
	return c.shape("factor result", &f.object, doc{"user": f.user.id, "result": result})
}

// pollPush returns the state of a push. A push with a result does not change any more.
func (o *Org) pollPush(c *call, f *factor) (any, error) {
	t := first(o.factors.pushes, func(t *pushTransaction) bool { return t.factor == f && t.id == c.Params[2] })
	if t == nil {
		return nil, wire.NotFound(c.Params[2], "FactorTransaction")
	}
	o.decidePush(c, t)
	return c.pushDoc(t, true), nil
}

func (o *Org) decidePush(c *call, t *pushTransaction) {
	if t.result != "" {
		return
	}
	t.polls++
	switch {
	case !c.Now.Before(t.expires):
		t.result = PushTimeout
	case t.plan.Answer != PushWaiting && t.polls > t.plan.AfterPolls:
		t.result = t.plan.Answer
	}
	user := t.factor.user.target()
	d := detail{actor: user, debug: doc{"factor": "OKTA_VERIFY_PUSH"}}
	switch t.result {
	case PushSuccess:
		o.logDetail(c, "user.authentication.auth_via_mfa", d, user)
	case PushRejected:
		o.logDetail(c, "user.mfa.okta_verify.deny_push", detail{actor: user}, user)
	case PushTimeout:
		d.result, d.reason = "FAILURE", "INVALID_CREDENTIALS"
		o.logDetail(c, "user.authentication.auth_via_mfa", d, user)
	}
}

// pushDoc returns the document of a verification. Polls also show its user.
func (c *call) pushDoc(t *pushTransaction, poll bool) doc {
	user, d := t.factor.user, c.factorResult(t.factor, t.result)
	switch t.result {
	case PushSuccess:
		return doc{"factorResult": t.result}
	case "":
		d = c.shape("waiting push", &t.factor.object, doc{
			"id": t.id, "factor": t.factor.id, "user": user.id, "expires": wire.Stamp(t.expires),
		})
		if t.plan.Number > 0 {
			d["_embedded"] = doc{"challenge": doc{"correctAnswer": t.plan.Number}}
		}
	}
	if poll {
		d["profile"] = doc{"credentialId": user.login()}
	}
	return d
}
