package oktatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
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
	// Document holds fields of the policy's JSON that take the place of the org's own.
	Document map[string]any `json:"document,omitempty"`
}

type policy struct {
	id, kind, name, status string

	order    int
	priority int // among the policies of its type, from 1
	system   bool
	document map[string]any
	created  time.Time
}

var policyTypes = []string{
	"ACCESS_POLICY", "ENTITY_RISK", "IDP_DISCOVERY", "MFA_ENROLL", "OKTA_SIGN_ON", "PASSWORD", "POST_AUTH_SESSION",
	"PROFILE_ENROLLMENT", "DEVICE_SIGNAL_COLLECTION", "SESSION_VIOLATION_DETECTION", "CLIENT_UPDATE", "IDENTITY_CLAIM_SOURCING",
}

// maxPolicies bounds a page of policies; without a limit one page holds them all.
const maxPolicies = 10_000

// AddPolicy puts a policy into the org without a trace in the log and returns its id. It panics when the id is
// taken, or type or status does not exist.
func (o *Org) AddPolicy(n NewPolicy) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return must(o.placePolicy(n, o.clock())).id
}

func (o *Org) placePolicy(n NewPolicy, now time.Time) (*policy, error) {
	n.Status = orElse(n.Status, "ACTIVE")
	document, err := plainProfile(n.Document)
	switch {
	case err != nil:
		return nil, err
	case n.Name == "":
		return nil, fmt.Errorf("policy: name is missing")
	case !slices.Contains(policyTypes, n.Type):
		return nil, fmt.Errorf("policy %s: there is no type %q", n.Name, n.Type)
	case n.Status != "ACTIVE" && n.Status != "INACTIVE":
		return nil, fmt.Errorf("policy %s: there is no status %q", n.Name, n.Status)
	case n.ID != "" && slices.ContainsFunc(o.policies, func(p *policy) bool { return p.id == n.ID }):
		return nil, fmt.Errorf("policy %s: the id %s is taken", n.Name, n.ID)
	}
	priority := 1
	for _, p := range o.policies {
		if p.kind == n.Type {
			priority++
		}
	}
	if n.ID == "" {
		n.ID = o.stable.object("00p")
	}
	o.created++
	p := &policy{
		id: n.ID, kind: n.Type, name: n.Name, status: n.Status, order: o.created, priority: priority, system: n.System,
		document: document, created: now,
	}
	o.policies = append(o.policies, p)
	return p, nil
}

// links are those of the policy's document, or what Okta offers on a policy of its kind.
func (p *policy) links(c *call) map[string]any {
	if given, ok := p.document["_links"].(map[string]any); ok {
		return given
	}
	self := c.url("/api/v1/policies/" + p.id)
	links := map[string]any{"self": hinted(self, "GET", "PUT"), "rules": hinted(self+"/rules", "GET", "POST")}
	if p.system {
		return links
	}
	operation := "deactivate"
	if p.status == "INACTIVE" {
		operation = "activate"
	}
	links["self"] = hinted(self, "GET", "PUT", "DELETE")
	links[operation] = hinted(self+"/lifecycle/"+operation, "POST")
	if p.kind == "ACCESS_POLICY" {
		links["mappings"] = hinted(self+"/mappings", "GET", "POST")
	}
	return links
}

func (p *policy) doc(c *call) map[string]any {
	doc := map[string]any{"conditions": nil}
	maps.Copy(doc, p.document)
	maps.Copy(doc, map[string]any{
		"id": p.id, "type": p.kind, "name": p.name, "status": p.status, "priority": p.priority, "system": p.system,
		"created": stamp(p.created), "lastUpdated": stamp(p.created), "_links": p.links(c),
	})
	return doc
}

// listPolicies lists the policies of one type, which has to be named.
func (o *Org) listPolicies(c *call) (*reply, error) {
	kind, status := c.query.Get("type"), c.query.Get("status")
	switch {
	case kind == "":
		return nil, oktaError("E0000028")
	case !slices.Contains(policyTypes, kind):
		return nil, invalid("type", "type: Invalid policy type "+kind)
	case status != "" && status != "ACTIVE" && status != "INACTIVE":
		return nil, invalid("status", "status: The value must be ACTIVE or INACTIVE")
	}
	limit, err := c.number("limit", maxPolicies, 1, maxPolicies)
	if err != nil {
		return nil, err
	}
	q := strings.ToLower(c.query.Get("q"))
	var found []listed[*policy]
	for _, p := range o.policies {
		if p.kind != kind || status != "" && p.status != status || !strings.HasPrefix(strings.ToLower(p.name), q) {
			continue
		}
		key := ""
		if c.query.Get("sortBy") == "name" {
			key = strings.ToLower(p.name)
		}
		found = append(found, listed[*policy]{p, key, p.order})
	}
	page, next, err := takePage(o, c, found, limit)
	if err != nil {
		return nil, err
	}
	docs := make([]any, len(page))
	for i, p := range page {
		docs[i] = p.doc(c)
	}
	return listReply(c, docs, next), nil
}
