package oktatest

const maxMembers = 1000

func (o *Org) listUserGroups(c *call) (*reply, error) {
	u, err := o.findUser(c.params[0])
	if err != nil {
		return nil, err
	}
	return listReply(c, c.groupDocs(o.groupsOf(u)), ""), nil
}

// groupsOf returns a user's groups in the order of their creation.
func (o *Org) groupsOf(u *user) []*group {
	var groups []*group
	for _, g := range o.groups {
		if g.members[u] {
			groups = append(groups, g)
		}
	}
	return groups
}

func (o *Org) listGroupUsers(c *call) (*reply, error) {
	g, err := o.findGroup(c.params[0])
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit", maxMembers, 1, maxMembers)
	if err != nil {
		return nil, err
	}
	var members []listed[*user]
	for u := range g.members {
		members = append(members, listed[*user]{u, "", u.order})
	}
	page, next, err := takePage(o, c, members, limit)
	if err != nil {
		return nil, err
	}
	return listReply(c, c.userDocs(page), next), nil
}

func (o *Org) addGroupUser(c *call) (*reply, error) {
	return o.changeMembership(c, "group.user_membership.add", func(g *group, u *user) bool { return g.add(u, c.now) })
}

func (o *Org) removeGroupUser(c *call) (*reply, error) {
	return o.changeMembership(c, "group.user_membership.remove", func(g *group, u *user) bool { return g.remove(u, c.now) })
}

// changeMembership succeeds also where nothing is left to change, but only a change is logged. Unlike other
// calls this one takes no login for the user.
func (o *Org) changeMembership(c *call, event string, change func(*group, *user) bool) (*reply, error) {
	g, err := o.findGroup(c.params[0])
	if err != nil {
		return nil, err
	}
	u := o.userByID(c.params[1])
	if u == nil {
		return nil, notFound(c.params[1], "User")
	}
	if err := g.takesMembers(); err != nil {
		return nil, err
	}
	if change(g, u) {
		o.record(c, event, userTarget(u), groupTarget(g))
	}
	return noContent(), nil
}
