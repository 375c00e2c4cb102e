package emm

import (
	"cmp"
	"strings"
)

// A Class is the category and event type of the matrix for an event type of Okta.
type Class struct {
	// Category of the matrix, such as C0001 authentication.
	Category Code `json:"category"`
	// Event type of the matrix, such as ET0001 account_login.
	EventType Code `json:"event_type"`
	// Basis of the classification. rule: a rule of the connector for the event type or its family. verb: the last verb
	// of the name, such as create. default: neither matches, so the type counts as read_resource.
	Basis Basis `json:"basis" jsonschema:"enum=rule,enum=verb,enum=default"`
}

// Basis is the reason for a classification, in order of reliability.
type Basis string

const (
	// ByRule is a rule for the event type or its family.
	ByRule Basis = "rule"
	// ByVerb is the last verb in the name of an event type for which there is no rule: a resource
	// is created, read, updated or deleted.
	ByVerb Basis = "verb"
	// ByDefault applies to an event type without a rule or a known verb. It counts as a resource
	// read, which implies the least.
	ByDefault Basis = "default"
)

// Classify returns the class of an event type of Okta. It never fails. For unknown event types,
// see [Basis].
func Classify(oktaType string) Class {
	et, basis := classify(oktaType)
	return Class{Category: et.category, EventType: et.Code, Basis: basis}
}

func classify(oktaType string) (*eventType, Basis) {
	t := tables()
	for i := range t.rules {
		r := &t.rules[i]
		switch {
		case !r.matches(oktaType):
		case r.is != nil:
			return r.is, ByRule
		default:
			return t.byObjectAndVerb[r.object][cmp.Or(lastVerb(oktaType), r.verb)], ByRule
		}
	}
	if verb := lastVerb(oktaType); verb != "" {
		return t.byObjectAndVerb["resource"][verb], ByVerb
	}
	return t.byKey["read_resource"], ByDefault
}

// A rule classifies the event types that match a pattern. A pattern is an event type of Okta, a
// family ("zone.*"), or the end of an event type in any family ("*.privilege.grant"). In a pattern
// with a second star at its end, such as "a.*.b.*", the text between the stars can be anywhere.
type rule struct {
	pattern               string
	is                    *eventType // nil: the verb in the name decides
	object, verb          string     // the object, and the verb for a name without a verb
	before, after, middle string
	wild, open            bool
}

func newRule(pattern string, is *eventType, object, verb string) rule {
	r := rule{pattern: pattern, is: is, object: object, verb: verb}
	r.before, r.after, r.wild = strings.Cut(pattern, "*")
	r.middle, r.open = strings.CutSuffix(r.after, "*")
	return r
}

func (r *rule) matches(oktaType string) bool {
	switch {
	case !r.wild:
		return r.before == oktaType
	case !strings.HasPrefix(oktaType, r.before) || len(oktaType) <= len(r.before)+len(r.after):
		return false
	case r.open:
		return strings.Contains(oktaType[len(r.before):], r.middle)
	default:
		return strings.HasSuffix(oktaType, r.after)
	}
}

// lastVerb returns the verb of the last part of a name that has a verb, because names go from
// general to special, as in "policy.rule.update". The first verb of that part counts:
// "add_to_project" adds. lastVerb returns "" if there is no verb.
func lastVerb(oktaType string) string {
	for end, last := len(oktaType), true; end >= 0; last = false {
		from := strings.LastIndexByte(oktaType[:end], '.') + 1
		for word := range strings.SplitSeq(oktaType[from:end], "_") {
			if v, ok := verbs[word]; ok && (last || !v.onlyLast) {
				return v.verb
			}
		}
		end = from - 1
	}
	return ""
}

// verbs maps the words of event types to verbs. Some words count only in the last part of a name.
// In other parts, they are mostly nouns.
var verbs = func() map[string]wordVerb {
	all := map[string]wordVerb{}
	for verb, words := range map[string]string{
		"creates":   "create created add register issue enroll grant",
		"deletes":   "delete deleted remove removed deprovision revoke",
		"updates":   "update updated",
		"reads":     "read reveal detected discovered",
		"downloads": "download export",
		"queries":   "query search",
	} {
		for word := range strings.FieldsSeq(words) {
			all[word] = wordVerb{verb, false}
		}
	}
	for verb, words := range map[string]string{
		"creates": "bootstrap clone generate import new provision publish upsert",
		"deletes": "deletion removal unassign",
		"updates": "activate activated apply applied approve assign bind cancel canceled cancelled change changed classify close " +
			"confirm deactivate deactivated decide deny disable disabled duplicate enable enabled expire failback failover hold " +
			"ignore invalidate launch lock make move open overwrite promote push reactivate reassign reauthorize reject " +
			"remediate rename renamed renew reset resolve restore revert rollback rollover rotate save schedule scheduled set " +
			"stage suspend sync unlock unsuspend upgrade write",
		"reads": "check checkin checkout complete completed connect delivery detect disconnect discover error evaluate executed " +
			"failed failure processed reconnect run send sent show upload validate verified verify view violation warn warning",
		"downloads": "downloaded",
	} {
		for word := range strings.FieldsSeq(words) {
			all[word] = wordVerb{verb, true}
		}
	}
	return all
}()

type wordVerb struct {
	verb     string
	onlyLast bool
}
