package emm

// verb is what is done.
type verb uint8

const (
	reads verb = iota + 1
	creates
	updates
	deletes
	downloads
	queries
)

// verbOf returns what a word of an event type says is done; 0 if it says nothing. A
// word of the last part may be weaker than one before it, where nouns are the rule:
// there only the plain verbs count.
func verbOf(word string, last bool) verb {
	switch word {
	case "create", "created", "add", "register", "issue", "enroll", "grant":
		return creates
	case "delete", "deleted", "remove", "removed", "deprovision", "revoke":
		return deletes
	case "update", "updated":
		return updates
	case "read", "reveal", "detected", "discovered":
		return reads
	case "download", "export":
		return downloads
	case "query", "search":
		return queries
	}
	if !last {
		return 0
	}
	switch word {
	case "bootstrap", "clone", "generate", "import", "new", "provision", "publish", "upsert":
		return creates
	case "deletion", "removal", "unassign":
		return deletes
	case "activate", "activated", "apply", "applied", "approve", "assign", "bind", "cancel", "canceled", "cancelled", "change", "changed",
		"classify", "close", "confirm", "deactivate", "deactivated", "decide", "deny", "disable", "disabled", "duplicate", "enable",
		"enabled", "expire", "failback", "failover", "hold", "ignore", "invalidate", "launch", "lock", "make", "move", "open", "overwrite",
		"promote", "push", "reactivate", "reassign", "reauthorize", "reject", "remediate", "rename", "renamed", "renew", "reset",
		"resolve", "restore", "revert", "rollback", "rollover", "rotate", "save", "schedule", "scheduled", "set", "stage", "suspend",
		"sync", "unlock", "unsuspend", "upgrade", "write":
		return updates
	case "check", "checkin", "checkout", "complete", "completed", "connect", "delivery", "detect", "disconnect", "discover", "error", "evaluate",
		"executed", "failed", "failure", "processed", "reconnect", "run", "send", "sent", "show", "upload", "validate", "verified",
		"verify", "view", "violation", "warn", "warning":
		return reads
	case "downloaded":
		return downloads
	}
	return 0
}

// becomes is what a verb done to an object is in the matrix, which has no event for
// every pair: the nearest it has.
var becomes = [...][queries + 1]eventType{
	//               reads              creates              updates              deletes              downloads          queries
	user:          {0, readUser, createUser, updateUser, deleteUser, readUser, readUser},
	group:         {0, readGroup, createGroup, updateGroup, deleteGroup, readGroup, readGroup},
	membership:    {0, readGroup, addToGroup, updateGroup, removeFromGroup, readGroup, readGroup},
	role:          {0, readRole, createRole, updateRole, deleteRole, readRole, readRole},
	permission:    {0, readRole, addPermission, addPermission, removePermission, readRole, readRole},
	enrollment:    {0, addEnrollment, addEnrollment, addEnrollment, removeEnrollment, addEnrollment, addEnrollment},
	configuration: {0, readConfiguration, createConfiguration, updateConfiguration, deleteConfiguration, readConfiguration, readConfiguration},
	integration:   {0, readIntegration, createIntegration, updateIntegration, deleteIntegration, readIntegration, readIntegration},
	resource:      {0, readResource, createResource, updateResource, deleteResource, downloadResource, queryResource},
}
