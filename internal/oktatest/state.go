package oktatest

import "slices"

// State returns what the org holds, users and groups in the order of their creation.
func (o *Org) State() State {
	o.mu.Lock()
	defer o.mu.Unlock()
	s := State{
		Users: []UserState{}, Groups: []GroupState{}, Defects: slices.Clone(o.defects),
		Events: len(o.log.events), Requests: len(o.requests),
	}
	if s.Defects == nil {
		s.Defects = []string{}
	}
	for _, u := range o.users {
		s.Users = append(s.Users, o.userState(u))
	}
	for _, g := range o.groups {
		state := GroupState{ID: g.id, Name: g.name, Type: g.kind, Members: []string{}}
		for _, u := range g.sorted() {
			state.Members = append(state.Members, u.id)
		}
		s.Groups = append(s.Groups, state)
	}
	return s
}

func (o *Org) userState(u *user) UserState {
	s := UserState{
		ID: u.id, Login: u.login(), Email: text(u.profile, "email"), Status: u.status,
		Sessions: []string{}, OAuthTokens: u.oauthTokens, RememberedDevices: u.devices, Groups: []GroupRef{},
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
	return s
}
