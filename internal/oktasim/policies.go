package oktasim

import (
	"cmp"
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
	// System marks a policy that Okta created.
	System bool `json:"system,omitempty"`
	// Document contains fields that replace those of the policy's document.
	Document map[string]any `json:"document,omitempty"`
}

type policy struct {
	object
	NewPolicy
	priority int // among the policies of its type, starting at 1
}

var policyTypes = strings.Fields(`ACCESS_POLICY ENTITY_RISK IDP_DISCOVERY MFA_ENROLL OKTA_SIGN_ON PASSWORD POST_AUTH_SESSION
	PROFILE_ENROLLMENT DEVICE_SIGNAL_COLLECTION SESSION_VIOLATION_DETECTION CLIENT_UPDATE IDENTITY_CLAIM_SOURCING`)

// AddPolicy adds a policy to the org and returns its ID.
func (o *Org) AddPolicy(n NewPolicy) string { return add(o, n, (*Org).insertPolicy)["id"].(string) }

func (o *Org) insertPolicy(n NewPolicy, now time.Time) (doc, error) {
	n.Status = cmp.Or(n.Status, statusActive)
	document, err := wire.Plain(n.Document)
	n.Document = document
	if err := invalid("policy "+n.Name,
		err, missing("name", n.Name), unknown("type", n.Type, policyTypes...), unknown("status", n.Status, onOff...), taken(o.policies, n.ID),
	); err != nil {
		return nil, err
	}
	same := where(o.policies, func(p *policy) bool { return p.Type == n.Type })
	p := &policy{o.newObject(n.ID, "00p", n.Status, now), n, len(same) + 1}
	o.policies = append(o.policies, p)
	return doc{"id": p.id}, nil
}

func (c *call) policyDoc(p *policy) doc {
	d := c.shape("policy", &p.object, doc{"type": p.Type, "name": p.Name, "priority": p.priority, "system": p.System})
	if !p.System {
		links, self, operation := d["_links"].(doc), c.URL("/api/v1/policies/"+p.id), nextOperation(p.status)
		links["self"] = wire.Hinted(self, "GET", "PUT", "DELETE")
		links[operation] = wire.Hinted(self+"/lifecycle/"+operation, "POST")
		if p.Type == "ACCESS_POLICY" {
			links["mappings"] = wire.Hinted(self+"/mappings", "GET", "POST")
		}
	}
	for name, v := range p.Document {
		if _, own := d[name]; !own || name == "conditions" || name == "_links" {
			d[name] = v
		}
	}
	return d
}

// listPolicies lists the policies of the required type.
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
	found := where(o.policies, func(p *policy) bool { return p.Type == kind && (status == "" || p.status == status) })
	l := listing[*policy]{size: upTo(10_000, 10_000), write: (*call).policyDoc, texts: func(p *policy) []string { return []string{p.Name} }}
	if c.Query.Get("sortBy") == "name" {
		l.sorts, l.search = true, func(string, string) bool { return true }
	}
	return list(o, c, found, l)
}
