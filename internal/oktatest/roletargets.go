package oktatest

import "net/http"

// listGroupTargets shows the groups that a role is limited to, none if it is not.
func (o *Org) listGroupTargets(c *call) (*reply, error) {
	r, err := o.namedRole(c)
	if err != nil {
		return nil, err
	}
	groups := []*group{}
	for _, name := range r.targets {
		if g := o.groupNamed(name); g != nil {
			groups = append(groups, g)
		}
	}
	return jsonReply(http.StatusOK, c.groupDocs(groups)), nil
}

// listAppTargets shows the apps of the catalogue that a role is limited to, none if it is not.
func (o *Org) listAppTargets(c *call) (*reply, error) {
	r, err := o.namedRole(c)
	if err != nil {
		return nil, err
	}
	apps := []any{}
	for _, name := range r.targets {
		apps = append(apps, map[string]any{
			"name": name, "displayName": name, "status": "ACTIVE", "lastUpdated": stamp(r.created), "category": "SOCIAL",
			"verificationStatus": "OKTA_VERIFIED", "signOnModes": []string{"SAML_2_0"},
		})
	}
	return jsonReply(http.StatusOK, apps), nil
}
