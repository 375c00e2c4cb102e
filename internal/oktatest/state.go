package oktatest

import "slices"

// State returns what the org holds, users and groups in the order of their creation.
func (o *Org) State() State {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := State{
		Users: []UserState{}, Groups: []GroupState{}, Devices: []DeviceState{}, Zones: []ZoneState{}, Apps: []AppState{},
		Defects: slices.Clone(o.defects),
		Events:  len(o.log.events), Requests: len(o.requests),
	}
	if s.Defects == nil {
		s.Defects = []string{}
	}
	for _, u := range o.users {
		s.Users = append(s.Users, o.userState(u))
	}
	for _, g := range o.groups {
		state := GroupState{ID: g.id, Name: g.name, Type: g.kind, Members: []string{}, Roles: []RoleState{}}
		for _, r := range o.rolesHeldBy(holder{group: g}) {
			state.Roles = append(state.Roles, r.state())
		}
		for _, u := range g.sorted() {
			state.Members = append(state.Members, u.id)
		}
		s.Groups = append(s.Groups, state)
	}
	for _, d := range o.devices {
		s.Devices = append(s.Devices, d.state())
	}
	for _, z := range o.zones {
		s.Zones = append(s.Zones, z.state())
	}
	for _, a := range o.apps {
		s.Apps = append(s.Apps, a.state())
	}
	return s
}

func (o *Org) userState(u *user) UserState {
	s := UserState{
		ID: u.id, Login: u.login(), Email: text(u.profile, "email"), Status: u.status,
		Sessions: []string{}, OAuthTokens: u.oauthTokens, RememberedDevices: u.devices, Groups: []GroupRef{},
		Factors: []FactorState{}, Devices: []DeviceState{}, Apps: []AppRef{}, Roles: []RoleState{}, Grants: []GrantState{}, Risk: "NONE",
	}
	now := o.clock()
	for _, live := range o.sessions {
		if live.user == u && !live.expired(now) {
			s.Sessions = append(s.Sessions, live.id)
		}
	}
	for _, g := range o.groupsOf(u) {
		s.Groups = append(s.Groups, GroupRef{ID: g.id, Name: g.name})
	}
	for _, f := range o.factors.of(u) {
		s.Factors = append(s.Factors, f.state())
	}
	for _, d := range o.devices {
		if d.usedBy(u) {
			s.Devices = append(s.Devices, d.state())
		}
	}
	for _, a := range o.apps {
		if a.has(u) != nil {
			s.Apps = append(s.Apps, AppRef{a.id, a.label, a.status})
		}
	}
	for _, r := range o.rolesOf(u) {
		s.Roles = append(s.Roles, r.state())
	}
	for _, g := range o.grants.of(u) {
		s.Grants = append(s.Grants, g.state())
	}
	if u.risk != nil {
		s.Risk = u.risk.level
	}
	return s
}
