package oktatest

import (
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	maxGroups    = 10_000
	pickerGroups = 300
)

func (o *Org) listGroups(c *call) (*reply, error) {
	q := strings.ToLower(c.query.Get("q"))
	expr, err := c.expression(groupSearch, groupFilter)
	if err != nil {
		return nil, err
	}
	size := maxGroups
	if q != "" {
		size = pickerGroups
	}
	limit, err := c.number("limit", size, 1, maxGroups)
	if err != nil {
		return nil, err
	}
	sortBy := c.query.Get("sortBy")
	if sortBy != "" && !groupSearch(sortBy, "eq") {
		return nil, invalid("sortBy", "sortBy: Unknown property "+sortBy)
	}
	var found []listed[*group]
	for _, g := range o.groups {
		if expr != nil && !expr.match(g.values) || !strings.HasPrefix(strings.ToLower(g.name), q) {
			continue
		}
		found = append(found, listed[*group]{g, sortKey(g.values, sortBy), g.order})
	}
	page, next, err := takePage(o, c, found, limit)
	if err != nil {
		return nil, err
	}
	if q != "" {
		// Okta does not page a q, and answers it without links.
		return jsonReply(http.StatusOK, c.groupDocs(page)), nil
	}
	return listReply(c, c.groupDocs(page), next), nil
}

func (o *Org) getGroup(c *call) (*reply, error) {
	g, err := o.findGroup(c.params[0])
	if err != nil {
		return nil, err
	}
	return jsonReply(http.StatusOK, c.groupDoc(g)), nil
}

type groupBody struct {
	Profile struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"profile"`
}

// readGroup reads and checks the body of a group that is to be made, or to take the place of another.
func (o *Org) readGroup(c *call, instead *group) (groupBody, error) {
	var body groupBody
	if err := c.decode(&body); err != nil {
		return body, err
	}
	switch name := body.Profile.Name; {
	case strings.TrimSpace(name) == "":
		return body, invalid("name", "name: The field cannot be left blank")
	case utf8.RuneCountInString(name) > 255:
		return body, invalid("name", "name: String is too long")
	case o.nameTaken(name, instead):
		return body, invalid("name", "name: An object with this field already exists in the current organization")
	case utf8.RuneCountInString(body.Profile.Description) > 1024:
		return body, invalid("description", "description: String is too long")
	}
	return body, nil
}

func (o *Org) createGroup(c *call) (*reply, error) {
	body, err := o.readGroup(c, nil)
	if err != nil {
		return nil, err
	}
	g := o.newGroup("", body.Profile.Name, body.Profile.Description, TypeOkta, c.now)
	o.record(c, "group.lifecycle.create", groupTarget(g))
	return jsonReply(http.StatusOK, c.groupDoc(g)), nil
}

// replaceGroup changes the profile of a group that Okta itself manages.
func (o *Org) replaceGroup(c *call) (*reply, error) {
	g, err := o.findGroup(c.params[0])
	if err != nil {
		return nil, err
	}
	if err := g.takesMembers(); err != nil {
		return nil, err
	}
	body, err := o.readGroup(c, g)
	if err != nil {
		return nil, err
	}
	g.name, g.description, g.lastUpdated = body.Profile.Name, body.Profile.Description, c.now
	o.record(c, "group.profile.update", groupTarget(g))
	return jsonReply(http.StatusOK, c.groupDoc(g)), nil
}

// deleteGroup takes groups of both Okta and apps, but none that is built in.
func (o *Org) deleteGroup(c *call) (*reply, error) {
	g, err := o.findGroup(c.params[0])
	if err != nil {
		return nil, err
	}
	if g.kind == TypeBuiltIn {
		return nil, oktaError("E0000060")
	}
	o.groups = slices.DeleteFunc(o.groups, func(other *group) bool { return other == g })
	o.dropRoles(func(r *role) bool { return r.group == g })
	o.record(c, "group.lifecycle.delete", groupTarget(g))
	return noContent(), nil
}
