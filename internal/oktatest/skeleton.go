package oktatest

import (
	"maps"
	"time"
)

// skeleton is an event of which nothing is known.
func (o *Org) skeleton(now time.Time) Event {
	return Event{
		"uuid":            o.fresh.uuid(),
		"published":       stamp(now),
		"eventType":       "user.session.start",
		"version":         "0",
		"severity":        "INFO",
		"legacyEventType": nil,
		"displayMessage":  nil,
		"actor":           userTarget(o.owner),
		"client": map[string]any{
			"userAgent": nil, "zone": "null", "device": "Unknown", "id": nil, "ipAddress": nil, "geographicalContext": nil,
		},
		"device": nil,
		"authenticationContext": map[string]any{
			"authenticationProvider": nil, "credentialProvider": nil, "credentialType": nil, "issuer": nil, "interface": nil,
			"authenticationStep": 0, "rootSessionId": nil, "externalSessionId": nil,
		},
		"outcome": map[string]any{"result": "SUCCESS", "reason": nil},
		"securityContext": map[string]any{
			"asNumber": nil, "asOrg": nil, "isp": nil, "domain": nil, "isProxy": nil,
		},
		"debugContext": map[string]any{"debugData": map[string]any{}},
		"transaction":  map[string]any{"type": "WEB", "id": o.fresh.requestID(), "detail": map[string]any{}},
		"request":      map[string]any{"ipChain": []any{}},
		"target":       nil,
	}
}

// complete puts what is known of an event into the skeleton.
func (o *Org) complete(e Event, now time.Time) Event {
	full := o.skeleton(now)
	for k, v := range e {
		switch k {
		case "persisted":
		case "actor":
			full[k] = o.completeEntity(v)
		case "target":
			full[k] = v
			if list, ok := v.([]any); ok {
				targets := make([]any, len(list))
				for i, t := range list {
					targets[i] = o.completeEntity(t)
				}
				full[k] = targets
			}
		default:
			full[k] = merge(full[k], v)
		}
	}
	if kind, ok := full["eventType"].(string); ok {
		if _, given := e["displayMessage"]; !given {
			full["displayMessage"] = displayMessage(kind)
		}
	}
	return full
}

// merge lays the keys of one map over those of another; anything but two maps replaces.
func merge(under, over any) any {
	base, ok := under.(map[string]any)
	if !ok {
		return over
	}
	top, ok := over.(map[string]any)
	if !ok {
		return over
	}
	out := maps.Clone(base)
	maps.Copy(out, top)
	return out
}

// completeEntity fills what an actor or target leaves out, from the user that it names if there is one.
func (o *Org) completeEntity(v any) any {
	given, ok := v.(map[string]any)
	if !ok {
		return v
	}
	base := map[string]any{"id": "unknown", "type": "User", "alternateId": "unknown", "displayName": "unknown", "detailEntry": nil}
	id, _ := given["id"].(string)
	login, _ := given["alternateId"].(string)
	if u := o.userByID(id); u != nil {
		base = userTarget(u)
	} else if u := o.userByLogin(login); u != nil {
		base = userTarget(u)
	}
	return merge(base, given)
}
