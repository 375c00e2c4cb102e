package pages

var kinds = []struct{ eventType, message, result, reason, severity, uri, app string }{
	{"user.session.start", "User login to Okta", "SUCCESS", "null", "INFO", "/idp/idx/identify", ""},
	{"user.session.start", "User login to Okta", "FAILURE", `"INVALID_CREDENTIALS"`, "INFO", "/api/v1/authn", ""},
	{"user.session.end", "User logout from Okta", "SUCCESS", "null", "INFO", "/login/signout", ""},
	{"user.authentication.sso", "User single sign on to app", "SUCCESS", "null", "INFO", "/app/salesforce/exk1a2b3c4d5/sso/saml", "Salesforce.com"},
	{"user.authentication.auth_via_mfa", "Authentication of user via MFA", "SUCCESS", "null", "INFO", "/idp/idx/challenge/answer", "Okta Verify"},
	{"user.mfa.okta_verify.deny_push", "User rejected Okta push verify", "FAILURE", `"INVALID_CREDENTIALS"`, "WARN", "/api/v1/authn/factors/verify", ""},
	{"policy.evaluate_sign_on", "Evaluation of sign-on policy", "CHALLENGE", `"Sign-on policy evaluation resulted in CHALLENGE"`, "INFO", "/idp/idx/identify", "Okta Dashboard"},
	{"user.account.update_profile", "Update user profile for Okta", "SUCCESS", "null", "INFO", "/api/v1/users/me", ""},
	{"group.user_membership.add", "Add user to group membership", "SUCCESS", "null", "INFO", "/api/v1/groups/00g1a2b3c4d5e6f7/users", ""},
	{"application.user_membership.add", "Add user to application membership", "SUCCESS", "null", "INFO", "/api/v1/apps/0oa1a2b3c4d5e6f7/users", "GitHub Enterprise"},
	{"app.oauth2.token.grant.access_token", "OAuth2 access token is granted", "SUCCESS", "null", "INFO", "/oauth2/v1/token", "Internal portal"},
	{"security.request.blocked", "Request from suspicious actor", "DENY", `"Blocked by a network zone"`, "WARN", "/api/v1/authn", ""},
}

var firsts = []struct{ ascii, name string }{
	{"alice", "Alice"}, {"jose", "José"}, {"soren", "Søren"}, {"mei", "Mei"}, {"bob", "Bob"}, {"zoe", "Zoë"}, {"tom", "Tom"}, {"anna", "Anna"}, {"ivan", "Ivan"}, {"kim", "Kim"},
}

var lasts = []string{"moreau", "garcia", "lindqvist", "chen", "okafor", "smith", "novak", "rossi", "kowalski", "dubois", "tanaka", "weber"}

var places = []struct {
	city, state, country, isp, domain string
	lat, lon                          float64
}{
	{"Lyon", "null", "France", "orange s.a.", "wanadoo.fr", 45.7, 4.8},
	{"Ashburn", `"Virginia"`, "United States", "amazon.com inc.", "amazonaws.com", 39.0, -77.5},
	{"Málaga", `"Andalusia"`, "Spain", "telefonica de espana", "rima-tde.net", 36.7, -4.4},
	{"Osaka", "null", "Japan", "ntt communications corporation", "ocn.ne.jp", 34.6, 135.5},
	{"Caracas", `"Distrito Capital"`, "Venezuela", "cantv servicios", "cantv.net", 10.4, -66.9},
	{"Leeds", `"England"`, "United Kingdom", "virgin media limited", "virginm.net", 53.8, -1.5},
}

var agents = []struct{ raw, os, browser string }{
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", "Windows 10", "CHROME"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "Mac OS X", "SAFARI"},
	{"Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "Linux", "FIREFOX"},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Mobile/15E148 Safari/604.1", "iOS 17", "SAFARI"},
	{"okta-sdk-golang/4.1.2 golang/go1.26 linux/amd64", "Unknown", "UNKNOWN"},
}

var zones = []string{"null", "LegacyIpZone", "Headquarters", "BlockedIpZone"}

var levels = []string{"LOW", "MEDIUM", "HIGH"}
