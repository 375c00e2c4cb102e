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

// Event is a System Log event or a part of one. Append adds the missing parts. The extra key "persisted" (ISO 8601)
// is the time at which the log stores the event, by default now. An event with an older "published" is late. A key
// with nil remains null.
type Event map[string]any

// Append appends events to the log in the given order, as if they had happened in the org, and returns their UUIDs.
// It adds missing values: uuid, published (now), actor (the token's owner), and the other members of every event,
// also inside values of the type map[string]any. Other types, such as json.RawMessage, remain unchanged. If an actor
// or target has the id or alternateId of a user, Append adds the other fields of that user. Append panics if an event
// cannot be encoded as JSON, or if its "persisted" is not an ISO 8601 time up to now.
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

// complete merges an event into the empty event.
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

// merge adds the keys of one object to another and replaces existing ones. Any other value replaces the value
// under it.
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

// completeEntity adds missing fields of an actor or target, from its user if there is one.
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

// target returns an entity of an event: its actor or one of its targets.
func target(id, kind, alternateID, name string) doc {
	return doc{"id": id, "type": kind, "alternateId": alternateID, "displayName": name, "detailEntry": nil}
}

// detail is the content of an event without its type and its targets.
type detail struct {
	actor  doc    // defaults to the caller
	result string // defaults to SUCCESS
	reason string
	debug  doc
}

// logEvent logs the effect of a call. The caller is the actor.
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
