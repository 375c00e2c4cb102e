package catalogue

import (
	"slices"

	"soar.example/okta/sdk"
)

// suggestion says which actions suit the event types of some families.
type suggestion struct {
	actions  []string // the gentlest first
	patterns []string
}

// suggestions are tried from the top; the first that matches is taken. What matches
// none is for looking into: see always.
var suggestions = []suggestion{
	{[]string{"get_logs", "get_user", "verify_push", "revoke_all_user_sessions", "expire_password", "reset_factors", "suspend_user", "contain_user"}, []string{
		"user.account.report_suspicious_activity_by_enduser", "user.mfa.okta_verify.*", "user.mfa.okta_verify", "user.mfa.attempt_bypass",
		"security.breached_credential.*", "security.internal.valid_password_sprayed.*", "user.risk.*", "user.internal.risk.*",
		"policy.entity_risk.*", "policy.continuous_access.*", "policy.auth_reevaluate.*"}},
	{[]string{"get_logs", "get_user", "verify_push", "revoke_all_user_sessions", "reset_factors", "contain_user"}, []string{
		"user.mfa.*", "user.credential.enroll", "credential.*", "device.desktop_mfa.*", "system.mfa.preregister.*", "user.identity_verification", "user.identity_verification.*"}},
	{[]string{"get_logs", "get_user", "revoke_role", "revoke_all_user_sessions", "contain_user"}, []string{
		"user.account.privilege.grant", "user.privileged_account.privilege.grant", "group.privilege.grant", "app.oauth2.client.privilege.grant",
		"iam.resourceset.bindings.add", "iam.resourceset.resources.add", "iam.role.create", "iam.role.update", "iam.role.permissions.add",
		"workflows.user.role.*", "user.session.impersonation.grant"}},
	{[]string{"get_logs", "get_user"}, []string{
		"user.account.privilege.revoke", "user.privileged_account.privilege.revoke", "group.privilege.revoke", "app.oauth2.client.privilege.revoke",
		"iam.*", "user.session.end", "user.session.expire", "user.session.clear", "user.session.impersonation.revoke", "user.session.impersonation.end",
		"user.authentication.slo", "user.authentication.universal_logout", "user.authentication.universal_logout.*", "user.device_session.end"}},
	{[]string{"get_logs", "get_user", "verify_push", "revoke_all_user_sessions", "block_ip", "suspend_user", "contain_user"}, []string{
		"user.session.*", "user.internal.session_context_change", "user.authentication.*", "user.device_session.*", "security.session.*",
		"app.oauth2.signon", "app.inbound_del_auth.login_success", "app.kerberos_rich_client.*", "app.generic.unauth_app_access_attempt",
		"application.policy.sign_on.deny_access", "policy.evaluate_sign_on", "system.iwa_agentless.auth", "system.iwa_agentless.auth_after_redirect",
		"system.ldapi.bind", "pam.server.ssh_login", "device.password_sync.authentication", "device.platform_sso.authentication", "security.internal.authentication"}},
	{[]string{"get_logs", "get_user", "revoke_all_user_sessions", "suspend_user", "contain_user"}, []string{
		"app.oauth2.token.*", "app.oauth2.as.token.*", "app.oauth2.consent.grant", "app.oauth2.as.consent.grant", "app.oauth2.admin.consent.grant",
		"system.api_token.create", "system.api_token.enable", "system.api_token.request_outside_allowed_range", "application.user_membership.show_password",
		"user.account.use_token", "pam.secret.reveal", "pam.server_account.password.reveal", "pam.service_account.password.reveal"}},
	{[]string{"get_logs", "get_user", "verify_push", "block_ip", "expire_password"}, []string{"user.account.lock", "user.account.lock.*", "user.account.unlock", "user.account.unlock*"}},
	{[]string{"get_logs", "get_user", "revoke_all_user_sessions", "expire_password", "contain_user"}, []string{
		"user.account.*", "user.import.password", "user.lifecycle.password_mass_expiry", "user.chrome.*", "user.behavior.*", "system.agent.ad.reset_user_password",
		"system.agent.ldap.reset_user_password", "system.agent.ldap.change_user_password", "system.agent.ldap.update_user_password"}},
	{[]string{"get_logs", "get_user", "unsuspend_user"}, []string{"user.lifecycle.suspend", "system.import.user.suspend", "scheduled_action.user_suspension.*"}},
	{[]string{"get_logs", "get_user", "suspend_user", "contain_user"}, []string{
		"user.lifecycle.create", "user.lifecycle.activate", "user.lifecycle.reactivate", "user.lifecycle.unsuspend", "system.import.user.create", "system.import.user.unsuspend", "user.privileged_account.*"}},
	{[]string{"get_logs", "get_user", "remove_user_from_group"}, []string{"group.user_membership.add", "directory.external.group.membership.add", "application.provision.group_membership.add", "system.identity_sources.group.user.assign"}},
	{[]string{"get_logs", "get_user", "add_user_to_group"}, []string{"group.user_membership.remove", "directory.external.group.membership.remove", "application.provision.group_membership.remove", "system.identity_sources.group.user.revoke"}},
	{[]string{"get_logs", "block_ip"}, []string{
		"security.threat.*", "security.attack.*", "security.password_spray.*", "security.request.blocked", "security.internal.*", "security.origin.*", "security.zone.*",
		"zone.*", "network_zone.*", "app.oauth2.invalid_client_credentials", "system.operation.*", "system.client.*", "system.org.rate_limit.*", "core.concurrency.*"}},
	{[]string{"get_logs", "get_user", "suspend_device"}, []string{"device.lifecycle.activate", "device.lifecycle.unsuspend", "device.enrollment.*", "device.user.*", "device.token.*", "device.local_account.*", "device.platform_sso.*", "device.password_sync.*", "device.signals.*", "mim.createEnrollment.*"}},
	// A security access review concerns one user, whom Okta often holds for a risk. Its
	// remediation shows in the user's groups and applications.
	{[]string{"get_logs", "get_user", "get_user_risk", "get_user_blast_radius", "revoke_all_user_sessions", "suspend_user", "contain_user"}, []string{
		"access.review.create", "access.review.start", "access.review.update"}},
	{[]string{"get_logs", "get_user", "list_user_groups", "list_user_applications", "remove_user_from_group", "unassign_application"}, []string{
		"access.review.*", "access.request.resolve"}},
	// These change who can get access, and with whose approval: the actor is an admin.
	{[]string{"get_logs", "get_user", "list_user_roles", "revoke_all_user_sessions", "revoke_role", "contain_user"}, []string{
		"access.request.condition.*", "access.request.sequence.*", "access.request.settings.*"}},
	{[]string{"get_logs", "get_user", "list_user_groups", "list_user_applications"}, []string{"access.request.*"}},
	// The connector has no action on an agent itself. Its application can be
	// deactivated, and its actor contained.
	{[]string{"get_logs", "get_user"}, []string{
		"workload_principal.deactivate", "workload_principal.delete", "workload_principal.ai_agent.deactivate", "workload_principal.ai_agent.delete",
		"workload_principal.ai_agent.credential.deactivate", "workload_principal.ai_agent.credential.delete", "workload_principal.delegation_link.delete",
		"workload_principal.resource_connection.deactivate", "workload_principal.resource_connection.delete"}},
	{[]string{"get_logs", "get_user", "list_applications", "deactivate_application", "revoke_all_user_sessions", "contain_user"}, []string{"workload_principal.*"}},
	{[]string{"get_logs", "get_user"}, []string{"user.*", "group.*", "application.user_membership.*", "system.api_token.*", "system.import.user.*", "app.oauth2.*", "support.*"}},
}

// always is what can be done about any event.
var always = []string{"get_logs"}

// Actions returns the names of the actions that suit a response to an event type,
// known or not, the gentlest first: those that only look come before those that a
// user notices. The caller owns the slice.
func Actions(eventType string) []string {
	for _, s := range suggestions {
		for _, pattern := range s.patterns {
			if sdk.MatchType(pattern, eventType) {
				return slices.Clone(s.actions)
			}
		}
	}
	return slices.Clone(always)
}
