package catalogue

// A Field is a member that the events of a type are documented to fill.
type Field struct {
	Path    string `json:"path" jsonschema_description:"Where it is in Okta's event; target is a list, and the index is that of the target meant."`
	Meaning string `json:"meaning" jsonschema_description:"What it holds."`
}

// access describes an event type of the access family: Okta Identity Governance's
// requests for access and reviews of it.
type access struct {
	text   string
	object string // what the target is
	change bool   // whether the target has changeDetails
}

var accessTypes = map[string]access{
	"access.request.cancel":               {"Somebody took back a request for access before it was decided.", "access request", false},
	"access.request.condition.activate":   {"An admin put a condition into force: it now decides who may ask for what, and who approves.", "access request condition", false},
	"access.request.condition.create":     {"An admin wrote a new condition for access requests; it rules nothing until it is activated.", "access request condition", false},
	"access.request.condition.deactivate": {"An admin took a condition out of force, so that nobody can ask for access by it.", "access request condition", false},
	"access.request.condition.delete":     {"An admin removed a condition for access requests for good.", "access request condition", false},
	"access.request.condition.invalidate": {"Okta found a condition unusable, since something that it refers to is gone.", "access request condition", false},
	"access.request.condition.update":     {"An admin changed who may ask for access by a condition, to what, or for how long.", "access request condition", true},
	"access.request.create":               {"A user asked for access to a resource, or somebody asked on their behalf.", "access request", false},
	"access.request.expire":               {"A request for access ran out of time before anybody decided it.", "access request", false},
	"access.request.reject":               {"An approver refused a request for access.", "access request", false},
	"access.request.resolve":              {"A request for access was brought to its end; whether access was given is in the request itself.", "access request", false},
	"access.request.sequence.create":      {"An admin wrote a new sequence: the steps of approval that a request must pass.", "approval sequence", false},
	"access.request.sequence.delete":      {"An admin removed a sequence of approval steps.", "approval sequence", true},
	"access.request.sequence.update":      {"An admin changed the approval steps of a sequence, and so who must agree before access is given.", "approval sequence", true},
	"access.request.settings.update":      {"An admin changed how access requests work for a resource or for the whole org.", "access request settings", true},
	"access.request.update":               {"Something about an open request for access changed, such as who is to decide it.", "access request", false},
	"access.review.action":                {"A reviewer decided about an item of an access review, or handed it on.", "access review", false},
	"access.review.close":                 {"An access review ended; what was not decided by then stays as the review's rules say.", "access review", false},
	"access.review.create":                {"A review of who has access to what was set up.", "access review", false},
	"access.review.remediate":             {"Access that a review found wrong was taken away, or that was tried.", "access review", false},
	"access.review.start":                 {"An access review began and its reviewers can decide.", "access review", false},
	"access.review.update":                {"An access review was changed after it was set up, such as its reviewers or its end.", "access review", false},
}

func accessTexts(name string) string { return accessTypes[name].text }

// accessFields are the members that Okta's own event cards read of access events
// (https://help.okta.com/wf/en-us/content/topics/workflows/connector-reference/oig/events/accessrequestcreated.htm),
// with what every log event has besides.
func accessFields(name string) []Field {
	a, ok := accessTypes[name]
	if !ok {
		return nil
	}
	who, what := "user or admin behind it", a.object
	fields := []Field{
		{"uuid", "Unique id of the event."},
		{"eventType", name + "."},
		{"published", "When it happened, in UTC."},
		{"displayMessage", "The event in a few words, as the Admin Console shows it."},
		{"actor.id", "Id of the " + who + "."},
		{"actor.alternateId", "Login or email address of the " + who + "."},
		{"actor.displayName", "Name of the " + who + "."},
		{"actor.type", "Kind of actor, such as User."},
		{"target[0].id", "Id of the " + what + ", for Okta's governance API."},
		{"target[0].alternateId", "Another id of the " + what + "."},
		{"target[0].displayName", "Name of the " + what + "."},
		{"target[0].type", "Kind of target."},
		{"outcome.result", "Whether it succeeded."},
		{"debugContext.debugData", "Further facts, which Okta may change without notice."},
	}
	if a.change {
		fields = append(fields,
			Field{"target[0].changeDetails.from", "Values of the " + what + " before, where Okta sends them."},
			Field{"target[0].changeDetails.to", "Values of the " + what + " after, where Okta sends them."})
	}
	return fields
}
