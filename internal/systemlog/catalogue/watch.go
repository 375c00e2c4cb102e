package catalogue

import "soar.example/okta/sdk"

// A Watch is an event type or a family that a responder should watch, and why.
type Watch struct {
	Pattern string `json:"pattern"` // Event type or family, as the trigger takes it.
	Reason  string `json:"reason"`  // Why, in one line.
}

// watched goes from the most specific to the least: a type has the reason of the
// first line that it matches.
var watched = []Watch{
	{"user.account.report_suspicious_activity_by_enduser", "a user says that it was not them: nobody knows better"},
	{"user.mfa.okta_verify.deny_push", "a refused push is often the victim's answer to a stolen password"},
	{"user.mfa.attempt_bypass", "somebody tries to get round the second factor"},
	{"user.mfa.factor.*", "an intruder enrols a factor of their own, or resets the victim's, to stay"},
	{"user.session.impersonation.*", "support staff, or who took their place, act as somebody else"},
	{"user.session.access_admin_app", "whoever opens the Admin Console can change everything"},
	{"user.session.context.change", "a session that goes on from another network or device may be stolen"},
	{"user.session.start", "sign-ins show guessed passwords, odd places and odd devices first"},
	{"user.authentication.auth_via_mfa", "many in a row are a tired user being asked until they agree"},
	{"user.authentication.auth_via_IDP", "sign-ins by way of another identity provider pass Okta's own checks"},
	{"user.account.privilege.grant", "admin rights given to a user are what an intruder wants most"},
	{"group.privilege.grant", "admin rights given to a group reach every member, late ones too"},
	{"user.account.lock", "lock-outs are what guessing looks like from the victim's side"},
	{"user.account.reset_password", "a reset by the help desk is a known way in"},
	{"user.account.update_primary_email", "whoever owns the address can reset the password"},
	{"user.risk.*", "Okta itself holds the user for compromised"},
	{"user.lifecycle.create", "an account that nobody ordered is a way back in"},
	{"user.lifecycle.activate", "an old account come to life again is a way back in"},
	{"security.threat.*", "Okta saw an address that attacks other orgs too"},
	{"security.attack.*", "Okta holds the org for under attack"},
	{"security.password_spray.*", "one password is being tried on many users"},
	{"security.breached_credential.*", "a user's password is known to be for sale"},
	{"security.session.*", "Okta saw a session that moves as none should"},
	{"security.protected_action.*", "actions that ask for a fresh proof are the dangerous ones"},
	{"policy.continuous_access.*", "a session broke a policy after it had been let in"},
	{"policy.entity_risk.*", "Okta acted on a change of a user's risk"},
	{"policy.lifecycle.*", "a policy switched off lets everybody in more easily"},
	{"policy.rule.*", "one rule added on top can undo the whole policy"},
	{"system.idp.lifecycle.*", "a foreign identity provider can sign in as any user"},
	{"system.idp.key.*", "whoever holds the key can sign in as any user"},
	{"system.api_token.*", "a token outlives its owner's session and password"},
	{"system.log_stream.lifecycle.*", "an intruder stops the log before the rest"},
	{"system.agent.ad.config_change_detected", "the directory agent sees every password"},
	{"system.mfa.factor.*", "a factor allowed or forbidden for the whole org"},
	{"zone.*", "network zones decide who is trusted by address"},
	{"security.zone.*", "an address let back in may be the intruder's"},
	{"app.oauth2.client.privilege.*", "an app with admin rights needs no user to act"},
	{"app.oauth2.credentials.lifecycle.*", "a new secret for an old app is a quiet way back in"},
	{"app.oauth2.token.detect_reuse", "a refresh token used twice has been stolen"},
	{"app.oauth2.as.token.detect_reuse", "a refresh token used twice has been stolen"},
	{"app.generic.unauth_app_access_attempt", "somebody tries doors that are not theirs"},
	{"application.lifecycle.*", "a new app can be made to ask every user for consent"},
	{"application.user_membership.show_password", "somebody read a password that Okta keeps for an app"},
	{"iam.role.*", "a role that grows gives rights to all who hold it"},
	{"iam.resourceset.bindings.*", "who may administer what is decided here"},
	{"group.user_membership.add", "groups give apps and rights; joining one is how rights grow"},
	{"device.lifecycle.*", "a device taken into the org is trusted from then on"},
	{"event_hook.*", "a hook can carry the org's events elsewhere, or stop carrying them"},
	{"inline_hook.*", "an inline hook can alter tokens and sign-ins on the way"},
	{"workload_principal.*", "an agent acts by itself with the rights it was given"},
	{"pam.secret.reveal", "somebody read a privileged secret"},
	{"support.org.*", "Okta's support looked into the org"},
}

// watchOf returns the line by which an event type is watched, or a family under its
// bare prefix; the zero Watch if there is none.
func watchOf(name string) Watch {
	for _, w := range watched {
		if sdk.MatchType(w.Pattern, name) || w.Pattern == name+".*" {
			return w
		}
	}
	return Watch{}
}
