package oktasim

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// The reactions to a push, and the results of its verification.
const (
	PushWaiting  = "WAITING"
	PushSuccess  = "SUCCESS"
	PushRejected = "REJECTED"
	PushTimeout  = "TIMEOUT"
)

// Push says how a user reacts to the pushes on their phone: to the waiting ones and to all later ones, until the next
// Push for the same factor. Without a Push, a push waits until it has expired.
type Push struct {
	// User is an ID or login. Factor is the ID of a push factor of the user, or empty for all of them.
	User   string `json:"user"`
	Factor string `json:"factor,omitempty"`
	// Answer is one of the Push constants. PushWaiting lets the push wait until it expires.
	Answer string `json:"answer"`
	// AfterPolls is the number of polls of a verification that still see it waiting.
	AfterPolls int `json:"after_polls,omitempty"`
	// Number makes later verifications a number challenge with this correct answer; 0 means no challenge.
	Number int `json:"number,omitempty"`
}

// pushLife is how long a push waits for its answer.
const pushLife = 5 * time.Minute

// pushTransaction is one verification by push.
type pushTransaction struct {
	id      string
	factor  *factor
	expires time.Time
	plan    Push
	polls   int
	result  string // empty while it waits
}

// AnswerPush sets how a user reacts to pushes. It panics if there is no such user, push factor or answer.
func (o *Org) AnswerPush(p Push) { add(o, p, (*Org).insertPush) }

func (o *Org) insertPush(p Push, _ time.Time) (doc, error) {
	u, err := o.findUser(p.User)
	if err := invalid("push",
		err, unknown("answer", p.Answer, PushWaiting, PushSuccess, PushRejected, PushTimeout),
		wrong(p.AfterPolls < 0 || p.Number < 0 || p.Number > 99, "after_polls cannot be negative, and number is at most 99"),
	); err != nil {
		return nil, err
	}
	chosen := where(o.factors.of(u), func(f *factor) bool { return f.kind == "push" && (p.Factor == "" || p.Factor == f.id) })
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

// verifyFactor sends a push, or a code. The org has no codes, so that no code in a call is right.
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
	switch _, given := body["passCode"]; f.kind {
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

// factorResult is the result of a verification that can begin again.
func (c *call) factorResult(f *factor, result string) doc {
	return c.shape("factor result", &f.object, doc{"user": f.user.id, "result": result})
}

// pollPush returns the state of a push. A decided push keeps its result.
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

// pushDoc writes a verification. Polls also show its user.
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
