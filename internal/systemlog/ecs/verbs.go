package ecs

import "strings"

// verbs gives the type that a word in an event type's name asks for. The last such
// word of the name decides: "pam.project.remove_group" removes.
var verbs = map[string]string{
	"add": "creation", "added": "creation", "bootstrap": "creation", "clone": "creation", "create": "creation", "created": "creation",
	"duplicate": "creation", "enroll": "creation", "generate": "creation", "issue": "creation", "new": "creation",
	"open": "creation", "register": "creation", "request": "creation", "upload": "creation", "createEnrollment": "creation",

	"clear": "deletion", "delete": "deletion", "deleted": "deletion", "removal": "deletion", "remove": "deletion",
	"removed": "deletion", "revoke": "deletion", "unassign": "deletion",

	"activate": "change", "activated": "change", "applied": "change", "apply": "change", "approve": "change",
	"assign": "change", "bind": "change", "change": "change", "changed": "change", "confirm": "change",
	"deactivate": "change", "deactivated": "change", "decide": "change", "deprovision": "change", "disable": "change",
	"disabled": "change", "discovered": "change", "enable": "change", "enabled": "change", "expire": "change", "extend": "change",
	"failback": "change", "failover": "change", "grant": "change", "hold": "change", "ignore": "change", "import": "change",
	"invalidate": "change", "lock": "change", "make": "change", "match": "change", "migrate": "change", "move": "change", "overwrite": "change",
	"promote": "change", "provision": "change", "publish": "change", "push": "change", "pushed": "change",
	"reactivate": "change", "reauthorize": "change", "reassign": "change", "reject": "change", "remediate": "change", "rename": "change",
	"renamed": "change", "renew": "change", "reset": "change", "resolve": "change", "restore": "change",
	"revert": "change", "rollback": "change", "rollover": "change", "rotate": "change", "save": "change",
	"set": "change", "stage": "change", "suspend": "change", "sync": "change", "unlock": "change",
	"unsuspend": "change", "use": "change", "update": "change", "updated": "change", "upgrade": "change", "upsert": "change",
	"whitelisted": "change",

	"authorize": "start", "begin": "start", "connect": "start", "initiate": "start", "initiated": "start",
	"launch": "start", "reconnect": "start", "run": "start", "start": "start", "started": "start",

	"cancel": "end", "canceled": "end", "cancelled": "end", "close": "end", "complete": "end", "completed": "end",
	"disconnect": "end", "end": "end", "expired": "end", "finish": "end", "unbind": "end",

	"download": "access", "downloaded": "access", "export": "access", "query": "access", "read": "access",
	"reveal": "access", "search": "access", "show": "access", "view": "access",

	"blocked": "denied", "denied": "denied", "deny": "denied",
}

// reports are words that tell of something that went wrong or was only noticed.
// Nothing changed then, whatever other words the name has.
var reports = map[string]bool{
	"error": true, "errors": true, "fail": true, "failed": true, "failure": true, "warn": true, "warning": true,
	"violation": true, "notification": true, "ignored": true, "skipped": true, "skipping": true, "skip": true,
	"detect": true, "detected": true, "evaluate": true, "evaluation": true, "verify": true, "verified": true,
}

// verb returns the type that the name of an event type asks for.
func verb(name string) string {
	for end := len(name); end >= 0; {
		from := strings.LastIndexAny(name[:end], "._-") + 1
		word := name[from:end]
		if reports[word] {
			return "info"
		}
		if t := verbs[word]; t != "" {
			return t
		}
		end = from - 1
	}
	return "info"
}
