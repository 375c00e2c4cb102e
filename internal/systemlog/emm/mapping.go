package emm

import (
	"strings"
)

// line is an attribute of a row.
type line struct {
	attribute attribute
	path      string
	printed   string // if it was printed otherwise
	of        want   // which target is meant
	keys      []string
}

func (l *line) asPrinted() string {
	if l.printed != "" {
		return l.printed
	}
	return l.path
}

// want is which of an event's targets is meant.
type want uint8

const (
	noTarget want = iota
	theUser
	theGroup
	theRole
	theApp
	theThing  // what the event is about, whatever it is
	theHolder // whose permission it is
	theOthers // every target but the one that the event is about
)

// common are the attributes of every row, but for what a row has of its own.
var common = []line{
	{attribute: timestamp, path: "published"},
	{attribute: eventID, path: "uuid"},
	{attribute: eventCode, path: "eventType", printed: "event_type"},
	{attribute: result, path: "outcome.result"},
	{attribute: username, path: "actor.alternateId"},
	{attribute: userID, path: "actor.id"},
	{attribute: sessionID, path: "authenticationContext.externalSessionId"},
	{attribute: ipAddress, path: "client.ipAddress"},
	{attribute: ipGeolocation, path: "client.geographicalContext"},
	{attribute: userAgent, path: "client.userAgent"},
	{attribute: deviceType, path: "client.device"},
}

var (
	targetUser  = line{attribute: targetUsername, path: "target.alternateId", printed: "target.alternativeId", of: theUser}
	memberUser  = line{attribute: targetUsername, path: "target.displayName", of: theUser}
	groupName   = line{attribute: targetGroup, path: "target.displayName", of: theGroup}
	roleName    = line{attribute: targetRole, path: "target.displayName", of: theRole}
	otherNames  = line{attribute: targetContext, path: "target.displayName", of: theOthers}
	givenTo     = line{attribute: targetResource, path: "target.alternateId", of: theHolder}
	factorName  = line{attribute: enrollmentType, path: "outcome.reason"}
	setting     = line{attribute: settingName, path: "target.displayName", of: theThing}
	appName     = line{attribute: integrationName, path: "target.displayName", of: theApp}
	thingName   = line{attribute: resourceName, path: "target.displayName", of: theThing}
	thingType   = line{attribute: resourceType, path: "target.type", of: theThing}
	privilege   = line{attribute: permissionName, path: "debugContext.debugData.privilegeGranted", printed: "debug_context.debugData.privilegeGranted"}
	privilegeNo = line{attribute: permissionName, path: "debugContext.debugData.privilegeRevoked", printed: "debug_context.debugData.privilegeGranted"}
)

// row is what a row has besides the common attributes, or instead of them.
type row struct {
	mapped bool // by the matrix's authors; the others follow the rows beside them
	lines  []line
	drops  attribute
}

var own = [...]row{
	accountLogin: {true, []line{
		// The page has target, but whoever signs in is the actor; there is often no
		// target at all.
		{attribute: username, path: "actor.alternateId", printed: "target.alternateId"},
		{attribute: userID, path: "actor.id", printed: "target.id"},
		{attribute: failureContext, path: "outcome.reason"},
		{attribute: credentialContext, path: "authenticationContext.credentialType", printed: "authentication_context.credentialType"},
		{attribute: providerContext, path: "authenticationContext.authenticationProvider", printed: "authentication_context.authenticationProvider"},
	}, result},
	accountLogout: {true, nil, 0},
	mfaVerification: {true, []line{
		{attribute: verificationMethod, path: "debugContext.debugData.factor", printed: "debug_context.debugData.factor"},
		{attribute: verificationFlagged, path: "debugContext.debugData", printed: "debug_context.debugData"},
	}, 0},
	createUser: {true, []line{targetUser}, 0},
	readUser:   {false, []line{targetUser}, 0},
	updateUser: {true, []line{targetUser,
		{attribute: targetContext, path: "debugContext.debugData.changedAttributes", printed: "debug_context.debugData.changedAttributes"},
	}, 0},
	deleteUser:          {true, []line{targetUser}, 0},
	createGroup:         {true, []line{groupName}, 0},
	readGroup:           {false, []line{groupName}, 0},
	updateGroup:         {true, []line{groupName, otherNames}, 0},
	deleteGroup:         {true, []line{groupName}, 0},
	addToGroup:          {true, []line{groupName, memberUser}, 0},
	removeFromGroup:     {true, []line{groupName, memberUser}, 0},
	createRole:          {true, []line{roleName}, 0},
	readRole:            {false, []line{roleName}, 0},
	updateRole:          {true, []line{roleName, otherNames}, 0},
	deleteRole:          {true, []line{roleName}, 0},
	addPermission:       {true, []line{privilege, givenTo}, 0},
	removePermission:    {true, []line{privilegeNo, givenTo}, 0},
	addEnrollment:       {true, []line{factorName, targetUser}, 0},
	removeEnrollment:    {true, []line{factorName, targetUser}, 0},
	createConfiguration: {true, []line{setting}, 0},
	readConfiguration:   {false, []line{setting}, 0},
	updateConfiguration: {true, []line{setting,
		{attribute: settingValue, path: "debugContext.debugData.zoneData", printed: "debugData.debugData.zoneData"},
	}, 0},
	deleteConfiguration: {true, []line{setting}, 0},
	createIntegration:   {true, []line{appName}, 0},
	readIntegration:     {false, []line{appName}, 0},
	updateIntegration: {true, []line{appName,
		{attribute: settingName, path: "debugContext.debugData.newSignonModeType", printed: "debug_context.debugData.newSignonModeType"},
		{attribute: previousSetting, path: "debugContext.debugData.oldSignonModeType", printed: "debug_context.debugData.oldSignonModeType"},
	}, 0},
	deleteIntegration: {true, []line{appName}, 0},
	createResource:    {true, []line{thingName, thingType}, 0},
	readResource:      {false, []line{thingName, thingType}, 0},
	updateResource:    {true, []line{thingName, thingType}, 0},
	deleteResource:    {true, []line{thingName, thingType}, 0},
	downloadResource:  {true, []line{thingName, thingType}, 0},
	queryResource:     {false, []line{thingName, thingType}, 0},
}

// linesOf has every attribute of every row, ready for reading.
var linesOf = func() (all [len(own)][]line) {
	for et := range own {
		if et == 0 {
			continue
		}
		r := own[et]
		instead := func(a attribute) int {
			for i := range r.lines {
				if r.lines[i].attribute == a {
					return i
				}
			}
			return -1
		}
		for _, l := range common {
			if i := instead(l.attribute); i >= 0 {
				l = r.lines[i]
			}
			if l.attribute != r.drops {
				all[et] = append(all[et], l)
			}
		}
		for _, l := range r.lines {
			if l.attribute > deviceType {
				all[et] = append(all[et], l)
			}
		}
		for i := range all[et] {
			all[et][i].keys = strings.Split(all[et][i].path, ".")
		}
	}
	return all
}()

// meant returns the targets that are meant, in the event's order: one, or those
// that are left for theOthers; none if the event has no target. Which one goes by
// their types, since Okta does not promise an order. If there is none of the right
// type, the nearest is taken: the matrix's authors took whatever there was.
func (e *event) meant(w want) []int {
	var targets []int
	for i := range e.children(e.member(0, "target"), '[') {
		if e.first(i) == '{' {
			targets = append(targets, i)
		}
	}
	if len(targets) < 2 {
		return targets
	}
	if w == theOthers {
		about := theGroup
		if e.is >= createRole && e.is <= deleteRole {
			about = theRole
		}
		it := e.best(targets, about)
		var others []int
		for _, t := range targets {
			if t != it {
				others = append(others, t)
			}
		}
		return others
	}
	if w == theHolder {
		w = holder(e.oktaType)
	}
	return []int{e.best(targets, w)}
}

// holder is whom a permission was given to, which the family of the event type says.
func holder(oktaType string) want {
	family, _, _ := strings.Cut(oktaType, ".")
	switch family {
	case "user":
		return theUser
	case "group":
		return theGroup
	case "app", "application":
		return theApp
	default:
		return theThing
	}
}

// best returns the target that w means most, the first of equals.
func (e *event) best(targets []int, w want) int {
	found, least := none, 0
	for _, t := range targets {
		distance := far(w, e.string(e.member(t, "type")), e.oktaType)
		if found == none || distance < least {
			found, least = t, distance
		}
	}
	return found
}

// far is how far a target of that type is from what w means; 0 if it is that.
func far(w want, targetType, oktaType string) int {
	lower := strings.ToLower(targetType)
	has := func(word string) bool { return strings.Contains(lower, word) }
	isGroup, isUser := has("group"), has("user") && !has("group")
	switch {
	case w == theUser && lower == "user", w == theGroup && lower == "usergroup", w == theApp && lower == "appinstance", w == theRole && lower == "role":
		return 0
	case w == theUser && isUser, w == theGroup && isGroup, w == theRole && has("role"), w == theApp && has("app") && !isUser:
		return 1
	case w == theThing && lower != "" && strings.HasSuffix(family(oktaType), lower):
		return 0
	case w == theThing && has("permission"), w == theUser && isGroup, isUser:
		return 3
	default:
		return 2
	}
}

// family is an event type's name without its last part, dots and underscores: that
// of policy.rule.update ends with the type of its target, PolicyRule.
func family(oktaType string) string {
	dot := strings.LastIndexByte(oktaType, '.')
	return strings.ToLower(strings.NewReplacer(".", "", "_", "").Replace(oktaType[:max(0, dot)]))
}
