package catalogue

// A Field is a member that the events of a type are documented to fill.
type Field struct {
	// Where it is in Okta's event; target is a list, and the index is that of the target meant.
	Path    string `json:"path"`
	Meaning string `json:"meaning"` // What it holds.
}

// access describes an event type of Okta Identity Governance.
type access struct {
	text   string
	object string // what the target is
}

// accessTypes covers requests for access, and security access reviews. Such a review
// concerns one user. It is not a certification campaign.
var accessTypes = map[string]access{
	"access.request.cancel":               {"An access request was canceled.", "access request"},
	"access.request.condition.activate":   {"An access request condition was activated; users can use it.", "access request condition"},
	"access.request.condition.create":     {"An access request condition was created.", "access request condition"},
	"access.request.condition.deactivate": {"An access request condition was deactivated; users cannot use it.", "access request condition"},
	"access.request.condition.delete":     {"An access request condition was deleted.", "access request condition"},
	"access.request.condition.invalidate": {"An access request condition became invalid.", "access request condition"},
	"access.request.condition.update":     {"An access request condition was changed.", "access request condition"},
	"access.request.create":               {"An access request was created.", "access request"},
	"access.request.expire":               {"An access request expired.", "access request"},
	"access.request.reject":               {"An access request was rejected.", "access request"},
	"access.request.resolve":              {"An access request was resolved.", "access request"},
	"access.request.sequence.create":      {"An approval sequence, which defines the approvals of a request, was created.", "approval sequence"},
	"access.request.sequence.delete":      {"An approval sequence was deleted, with the approvals that it required.", "approval sequence"},
	"access.request.sequence.update":      {"An approval sequence was changed, and possibly the approvals that a request needs.", "approval sequence"},
	"access.request.settings.update":      {"The access request settings of a resource were changed.", "resource"},
	"access.request.update":               {"An access request was changed, for example one of its tasks.", "access request"},
	"access.review.action":                {"A reviewer decided on an item of a security access review; this is the intended action.", "review"},
	"access.review.close":                 {"A security access review was closed, by hand or automatically at its end date.", "review"},
	"access.review.create":                {"A security access review of one user was created, often because of user.risk.detect.", "review"},
	"access.review.remediate":             {"The action of a review was carried out; this is the terminal state of access.review.action.", "review"},
	"access.review.start":                 {"Okta finished gathering data for a security access review; the review is now ready.", "review"},
	"access.review.update":                {"A security access review was changed, for example its reviewers or its end date.", "review"},
}

func accessTexts(name string) string { return accessTypes[name].text }

// accessFields are the members that Okta documents for every access event.
func accessFields(name string) []Field {
	a, ok := accessTypes[name]
	if !ok {
		return nil
	}
	return []Field{
		{"actor.id", "ID of the actor."},
		{"actor.type", "Kind of actor, such as User, Client, System or PublicClientApp."},
		{"actor.alternateId", "Login or email address of the actor."},
		{"actor.displayName", "Name of the actor."},
		{"target[0].id", "ID of the " + a.object + ". Okta's Identity Governance API returns its details."},
		{"target[0].type", "Kind of target."},
		{"target[0].alternateId", "Another ID of the " + a.object + "."},
		{"outcome.result", "Result: SUCCESS, FAILURE, SKIPPED, ALLOW, DENY, CHALLENGE or UNKNOWN."},
		{"outcome.reason", "Reason for the result."},
		{"client.ipAddress", "IP address of the client."},
		{"client.userAgent.rawUserAgent", "User agent of the client."},
		{"client.geographicalContext.country", "Country of the client's IP address."},
		{"securityContext.isProxy", "Whether the IP address belongs to a proxy or an anonymizer."},
		{"authenticationContext.externalSessionId", "ID of the session. It correlates all events of one user session."},
		{"transaction.id", "ID of the transaction. It correlates all events of one action."},
	}
}
