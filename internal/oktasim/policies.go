package oktasim

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// NewPolicy describes a policy. Type and Name are required.
type NewPolicy struct {
	ID   string `json:"id,omitempty"`
	Type string `json:"type"`
	Name string `json:"name"`
	// Status is ACTIVE (the default) or INACTIVE.
	Status string `json:"status,omitempty"`
	// System marks a policy that Okta made.
	System bool `json:"system,omitempty"`
	// Document holds fields of the policy's JSON that replace the org's own.
	Document map[string]any `json:"document,omitempty"`
}

type policy struct {
	object
	kind, name, status string

	priority int // among the policies of its type, from 1
	system   bool
	document doc
}

var policyTypes = []string{
	"ACCESS_POLICY", "ENTITY_RISK", "IDP_DISCOVERY", "MFA_ENROLL", "OKTA_SIGN_ON", "PASSWORD", "POST_AUTH_SESSION",
	"PROFILE_ENROLLMENT", "DEVICE_SIGNAL_COLLECTION", "SESSION_VIOLATION_DETECTION", "CLIENT_UPDATE", "IDENTITY_CLAIM_SOURCING",
}

// AddPolicy puts a policy into the org without a log event and returns its ID. It panics if the ID is taken, or the type
// or status unknown.
func (o *Org) AddPolicy(n NewPolicy) string { return add(o, n, (*Org).insertPolicy).ID }

// createdID is the result of a control command that creates an object of which callers need only the ID.
type createdID struct {
	ID string `json:"id"`
}

func (o *Org) insertPolicy(n NewPolicy, now time.Time) (createdID, error) {
	n.Status = cmp.Or(n.Status, statusActive)
	document, err := wire.Plain(n.Document)
	if err := invalid("policy "+n.Name,
		err, missing("name", n.Name), unknown("type", n.Type, policyTypes...), unknown("status", n.Status, onOff...), taken(o.policies, n.ID),
	); err != nil {
		return createdID{}, err
	}
	same := where(o.policies, func(p *policy) bool { return p.kind == n.Type })
	p := &policy{o.newObject(n.ID, "00p", now), n.Type, n.Name, n.Status, len(same) + 1, n.System, document}
	o.policies = append(o.policies, p)
	return createdID{p.id}, nil
}

func (c *call) policyDoc(p *policy) doc {
	self := c.URL("/api/v1/policies/" + p.id)
	links := doc{"self": wire.Hinted(self, "GET", "PUT"), "rules": wire.Hinted(self+"/rules", "GET", "POST")}
	if !p.system {
		operation := nextOperation(p.status)
		links["self"] = wire.Hinted(self, "GET", "PUT", "DELETE")
		links[operation] = wire.Hinted(self+"/lifecycle/"+operation, "POST")
		if p.kind == "ACCESS_POLICY" {
			links["mappings"] = wire.Hinted(self+"/mappings", "GET", "POST")
		}
	}
	d := doc{"conditions": nil, "_links": links}
	maps.Copy(d, p.document)
	maps.Copy(d, doc{
		"id": p.id, "type": p.kind, "name": p.name, "status": p.status, "priority": p.priority, "system": p.system,
		"created": wire.Stamp(p.created), "lastUpdated": wire.Stamp(p.created),
	})
	return d
}

// listPolicies lists the policies of one type, which the call must name.
func (o *Org) listPolicies(c *call) (any, error) {
	kind, status := c.Query.Get("type"), c.Query.Get("status")
	switch {
	case kind == "":
		return nil, wire.Code("E0000028")
	case !slices.Contains(policyTypes, kind):
		return nil, wire.Invalid("type", "type: Invalid policy type "+kind)
	case status != "" && !slices.Contains(onOff, status):
		return nil, wire.Invalid("status", "status: The value must be ACTIVE or INACTIVE")
	}
	q := strings.ToLower(c.Query.Get("q"))
	found := where(o.policies, func(p *policy) bool {
		return p.kind == kind && (status == "" || p.status == status) && anyStartsWith(q, p.name)
	})
	var key func(*policy) string
	if c.Query.Get("sortBy") == "name" {
		key = func(p *policy) string { return strings.ToLower(p.name) }
	}
	return list(o, c, found, upTo(10_000, 10_000), key, c.policyDoc)
}
