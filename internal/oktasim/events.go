package oktasim

import (
	"cmp"
	"fmt"
	"maps"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/syslog"
	"soar.example/okta/internal/oktasim/wire"
)

// Event is a System Log event or a part of one; Append fills in the rest. The extra key "persisted" (ISO 8601) is the time
// at which the log stores the event, now by default. An event with an older "published" is a late one. A key with nil
// stays null.
type Event map[string]any

// Append writes events to the log in the given order, as if they had happened in the org, and returns their UUIDs. It
// fills in missing values: uuid, published (now), actor (the token's owner), and the rest of the shape that every event
// has, also inside values of the type map[string]any. Other types, such as json.RawMessage, stay unchanged. An actor or
// target that names a user by id or alternateId gets the other fields of that user. Append panics if an event cannot be
// JSON, or if its "persisted" is not an ISO 8601 time up to now.
func (o *Org) Append(events ...Event) []string {
	return add(o, newEvents{events}, (*Org).insertEvents)["uuids"].([]string)
}

type newEvents struct {
	Events []Event `json:"events"`
}

// insertEvents stores all of the events or none.
func (o *Org) insertEvents(n newEvents, now time.Time) (doc, error) {
	stored := make([]*syslog.Event, len(n.Events))
	for i, e := range n.Events {
		var err error
		if stored[i], err = syslog.NewEvent(o.complete(e, now), e["persisted"], now); err != nil {
			return nil, fmt.Errorf("event %d: %w", i, err)
		}
	}
	o.log.Add(stored...)
	return doc{"uuids": each(stored, func(e *syslog.Event) string { return e.UUID })}, nil
}

func (o *Org) listEvents(c *call) (any, error) { return o.log.List(&c.Call, o.cursors) }

// complete puts an event into the empty event.
func (o *Org) complete(e Event, now time.Time) doc {
	full := maps.Clone(emptyEvent)
	full["uuid"], full["published"], full["actor"] = o.fresh.UUID(), wire.Stamp(now), o.apiTokens[o.token].owner.target()
	full["transaction"] = merge(full["transaction"], doc{"id": o.fresh.RequestID()})
	for k, v := range e {
		list, isList := v.([]any)
		switch {
		case k == "persisted":
		case k == "actor":
			full[k] = o.completeEntity(v)
		case k == "target" && isList:
			full[k] = each(list, o.completeEntity)
		case k == "target":
			full[k] = v
		default:
			full[k] = merge(full[k], v)
		}
	}
	message, known := displayMessages[text(full, "eventType")]
	if _, given := e["displayMessage"]; known && !given {
		full["displayMessage"] = message
	}
	return full
}

// merge puts the keys of one object over those of another. Any other value replaces the value under it.
func merge(under, over any) any {
	base, isDoc := under.(doc)
	top, ok := over.(doc)
	if !isDoc || !ok {
		return over
	}
	out := maps.Clone(base)
	maps.Copy(out, top)
	return out
}

// completeEntity fills in an actor or target, from the user that it names if there is one.
func (o *Org) completeEntity(v any) any {
	given, ok := v.(doc)
	if !ok {
		return v
	}
	base := target("unknown", "User", "unknown", "unknown")
	if u, err := find(o.users, text(given, "id"), "User"); err == nil {
		base = u.target()
	} else if u := o.userByLogin(text(given, "alternateId")); u != nil {
		base = u.target()
	}
	return merge(base, given)
}

// target is an entity in an event: its actor or one of its targets.
func target(id, kind, alternateID, name string) doc {
	return doc{"id": id, "type": kind, "alternateId": alternateID, "displayName": name, "detailEntry": nil}
}

// detail is the content of an event without its type and its targets.
type detail struct {
	actor  doc    // the caller by default
	result string // SUCCESS by default
	reason string
	debug  doc
}

// logEvent logs the effect of a call, with the caller as its actor.
func (o *Org) logEvent(c *call, eventType string, targets ...doc) {
	o.logDetail(c, eventType, detail{}, targets...)
}

func (o *Org) logDetail(c *call, eventType string, d detail, targets ...doc) {
	debug := doc{"requestId": c.RequestID, "requestUri": c.Path, "url": strings.TrimSuffix(c.Path+"?"+c.RawQuery, "?")}
	maps.Copy(debug, d.debug)
	version := "V4"
	if strings.Contains(c.Remote, ":") {
		version = "V6"
	}
	client := doc{"userAgent": doc{"rawUserAgent": c.Header.Get("User-Agent"), "os": "Unknown", "browser": "UNKNOWN"}, "ipAddress": c.Remote}
	transaction, outcome := doc{"id": c.RequestID}, doc{}
	e := Event{
		"eventType": eventType, "target": each(targets, func(t doc) any { return t }), "client": client, "transaction": transaction,
		"outcome": outcome, "debugContext": doc{"debugData": debug},
		"request": doc{"ipChain": []any{doc{"ip": c.Remote, "geographicalContext": nil, "version": version, "source": nil}}},
	}
	if c.app != nil {
		e["actor"], client["id"] = c.app.target(), c.app.ID
	} else {
		token := cmp.Or(c.token, o.apiTokens[o.token])
		e["actor"], transaction["detail"] = token.owner.target(), doc{"requestApiTokenId": token.id}
		e["authenticationContext"] = doc{"externalSessionId": "trs" + token.id[3:]}
	}
	if d.actor != nil {
		e["actor"] = d.actor
	}
	if d.result != "" {
		outcome["result"] = d.result
	}
	if d.reason != "" {
		outcome["reason"] = d.reason
	}
	must(o.insertEvents(newEvents{[]Event{e}}, c.Now))
}
