package okta

// GuardScopes are the OAuth scopes by which the guards find out, before a write,
// whom it is to and who is left to administer the org.
func (s Settings) GuardScopes() []string {
	if s.ReadOnly {
		return nil
	}
	scopes := []string{"okta.roles.read", "okta.users.read"}
	if len(s.ProtectedGroups) > 0 {
		scopes = append(scopes, "okta.groups.read")
	}
	return scopes
}
