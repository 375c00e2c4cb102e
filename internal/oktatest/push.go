package oktatest

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// The answers to a push, and what a verification shows for them.
const (
	PushWaiting  = "WAITING"
	PushSuccess  = "SUCCESS"
	PushRejected = "REJECTED"
	PushTimeout  = "TIMEOUT"
)

// Push says how a user reacts to the pushes on their phone: to those under way and to all later ones, until the
// next Push for the same factor. Without any, a push waits until it has expired.
type Push struct {
	// User is an id or login; Factor the id of a push factor of theirs, or empty for all of them.
	User   string `json:"user"`
	Factor string `json:"factor,omitempty"`
	// Answer is one of the Push constants. PushWaiting lets the push wait until it expires.
	Answer string `json:"answer"`
	// AfterPolls is how many polls of a verification still see it waiting first.
	AfterPolls int `json:"after_polls,omitempty"`
	// Number makes the verifications that begin from now on a number challenge with this as its correct answer; 0
	// means none.
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

// AnswerPush sets how a user reacts to pushes. It panics when there is no such user or push factor, or no such answer.
func (o *Org) AnswerPush(p Push) {
	must(struct{}{}, o.planPush(p))
}

func (o *Org) planPush(p Push) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	u, err := o.findUser(p.User)
	switch {
	case err != nil:
		return fmt.Errorf("push: %w", err)
	case !slices.Contains([]string{PushWaiting, PushSuccess, PushRejected, PushTimeout}, p.Answer):
		return fmt.Errorf("push: there is no answer %q", p.Answer)
	case p.AfterPolls < 0 || p.Number < 0 || p.Number > 99:
		return errors.New("push: after_polls cannot be negative, and number is at most 99")
	}
	var chosen []*factor
	for _, f := range o.factors.of(u) {
		if f.kind == "push" && (p.Factor == "" || p.Factor == f.id) {
			chosen = append(chosen, f)
		}
	}
	if len(chosen) == 0 {
		return fmt.Errorf("push: %s has no such push factor", u.login())
	}
	for _, f := range chosen {
		o.factors.plans[f] = p
		for _, t := range o.factors.pushes {
			if t.factor == f && t.result == "" {
				number := t.plan.Number
				t.plan = p
				t.plan.Number = number
			}
		}
	}
	return nil
}

// verifyFactor sends a push, or a code. The org knows no codes, so that none that is given can be right.
func (o *Org) verifyFactor(c *call) (*reply, error) {
	f, err := o.namedFactor(c)
	if err != nil {
		return nil, err
	}
	if slices.Contains([]string{StatusStaged, StatusSuspended, StatusDeprovisioned}, f.user.status) {
		return nil, oktaError("E0000038")
	}
	if f.status != "ACTIVE" {
		return nil, oktaError("E0000079")
	}
	body := map[string]any{}
	if len(c.body) > 0 {
		if err := c.decode(&body); err != nil {
			return nil, err
		}
	}
	switch f.kind {
	case "push":
		return o.sendPush(c, f), nil
	case "sms", "call", "email":
		if _, given := body["passCode"]; !given {
			return jsonReply(http.StatusOK, map[string]any{
				"factorResult": "CHALLENGE",
				"_links": map[string]any{
					"verify": hinted(c.factorURL(f)+"/verify", "POST"), "factor": hinted(c.factorURL(f), "GET", "DELETE"),
				},
			}), nil
		}
	}
	e := oktaError("E0000068")
	e.causes = []string{"Your passcode doesn't match our records. Please try again."}
	return nil, e
}

func (o *Org) sendPush(c *call, f *factor) *reply {
	t := &pushTransaction{
		id: o.fresh.transactionID(), factor: f, expires: c.now.Add(pushLife), plan: o.factors.plans[f],
	}
	o.factors.pushes = append(o.factors.pushes, t)
	o.record(c, "system.push.send_factor_verify_push", userTarget(f.user))
	return jsonReply(http.StatusCreated, c.pushDoc(t, false))
}

// pollPush tells how a push stands. Once it is decided it stays so.
func (o *Org) pollPush(c *call) (*reply, error) {
	f, err := o.namedFactor(c)
	if err != nil {
		return nil, err
	}
	for _, t := range o.factors.pushes {
		if t.factor == f && t.id == c.params[2] {
			o.decidePush(c, t)
			return jsonReply(http.StatusOK, c.pushDoc(t, true)), nil
		}
	}
	return nil, notFound(c.params[2], "FactorTransaction")
}

func (o *Org) decidePush(c *call, t *pushTransaction) {
	if t.result != "" {
		return
	}
	t.polls++
	switch {
	case !c.now.Before(t.expires):
		t.result = PushTimeout
	case t.plan.Answer != "" && t.plan.Answer != PushWaiting && t.polls > t.plan.AfterPolls:
		t.result = t.plan.Answer
	}
	user := userTarget(t.factor.user)
	switch t.result {
	case PushSuccess:
		o.recordDetail(c, "user.authentication.auth_via_mfa",
			detail{actor: user, debug: map[string]any{"factor": "OKTA_VERIFY_PUSH"}}, user)
	case PushRejected:
		o.recordDetail(c, "user.mfa.okta_verify.deny_push", detail{actor: user}, user)
	case PushTimeout:
		o.recordDetail(c, "user.authentication.auth_via_mfa", detail{
			actor: user, result: "FAILURE", reason: "INVALID_CREDENTIALS", debug: map[string]any{"factor": "OKTA_VERIFY_PUSH"},
		}, user)
	}
}

// pushDoc writes a verification; polls know also whose it is.
func (c *call) pushDoc(t *pushTransaction, poll bool) map[string]any {
	self := c.factorURL(t.factor)
	doc := map[string]any{"factorResult": orElse(t.result, PushWaiting)}
	switch t.result {
	case PushSuccess:
		return doc
	case "":
		at := self + "/transactions/" + t.id
		doc["expiresAt"] = stamp(t.expires)
		doc["_links"] = map[string]any{"poll": hinted(at, "GET"), "cancel": hinted(at, "DELETE")}
		if t.plan.Number > 0 {
			doc["_embedded"] = map[string]any{"challenge": map[string]any{"correctAnswer": t.plan.Number}}
		}
	default:
		doc["_links"] = map[string]any{"verify": hinted(self+"/verify", "POST"), "factor": hinted(self, "GET", "DELETE")}
	}
	if poll {
		doc["profile"] = map[string]any{"credentialId": t.factor.user.login()}
	}
	return doc
}
