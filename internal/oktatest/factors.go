package oktatest

import "net/http"

type factorDoc struct {
	ID          string         `json:"id"`
	FactorType  string         `json:"factorType"`
	Provider    string         `json:"provider"`
	VendorName  string         `json:"vendorName"`
	Status      string         `json:"status"`
	Created     string         `json:"created"`
	LastUpdated string         `json:"lastUpdated"`
	Profile     map[string]any `json:"profile"`
	Links       map[string]any `json:"_links"`
}

// hinted is a link with the methods that may be used on it.
func hinted(href string, methods ...string) map[string]any {
	return map[string]any{"href": href, "hints": map[string]any{"allow": methods}}
}

func (c *call) factorURL(f *factor) string {
	return c.url("/api/v1/users/" + f.user.id + "/factors/" + f.id)
}

func (c *call) factorDoc(f *factor) factorDoc {
	self, owner := c.factorURL(f), c.url("/api/v1/users/"+f.user.id)
	links := map[string]any{"self": hinted(self, "GET", "DELETE"), "user": hinted(owner, "GET")}
	switch {
	case f.kind == "question":
		links["questions"] = hinted(owner+"/factors/questions", "GET")
	case f.status == "ACTIVE":
		links["verify"] = hinted(self+"/verify", "POST")
	}
	return factorDoc{
		ID: f.id, FactorType: f.kind, Provider: f.provider, VendorName: f.provider, Status: f.status,
		Created: stamp(f.created), LastUpdated: stamp(f.lastUpdated), Profile: f.profile, Links: links,
	}
}

func (o *Org) listFactors(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	docs := []factorDoc{}
	for _, f := range o.factors.of(u) {
		docs = append(docs, c.factorDoc(f))
	}
	return jsonReply(http.StatusOK, docs), nil
}

// namedFactor is the factor that the call's path names.
func (o *Org) namedFactor(c *call) (*factor, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	return o.findFactor(u, c.params[1])
}

func (o *Org) getFactor(c *call) (*reply, error) {
	f, err := o.namedFactor(c)
	if err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.factorDoc(f)), nil
}

// deleteFactor takes with a push or signed_nonce factor all that the user has in Okta Verify.
func (o *Org) deleteFactor(c *call) (*reply, error) {
	f, err := o.namedFactor(c)
	if err != nil {
		return nil, err
	}
	if _, err := c.flag("removeRecoveryEnrollment", false); err != nil {
		return nil, err
	}
	if f.user.status == StatusDeprovisioned {
		return nil, oktaError("E0000038")
	}
	takesAll := f.isOktaVerify() && f.kind != "token:software:totp"
	o.removeFactors(c, func(other *factor) bool {
		return other == f || takesAll && other.user == f.user && other.isOktaVerify()
	})
	return noContent(), nil
}

// removeFactors takes factors away and logs each.
func (o *Org) removeFactors(c *call, gone func(*factor) bool) {
	for _, f := range o.factors.remove(gone) {
		o.recordDetail(c, "user.mfa.factor.deactivate",
			detail{reason: "User reset " + factorKinds[f.kind].logged + " factor"}, userTarget(f.user))
	}
}

// resetFactors also succeeds where there is none to reset.
func (o *Org) resetFactors(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	o.factors.remove(func(f *factor) bool { return f.user == u })
	o.record(c, "user.mfa.factor.reset_all", userTarget(u))
	return jsonReply(http.StatusOK, empty), nil
}
