package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// encodeJSON encodes v without HTML escapes, so that the documents in it keep their bytes.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// document returns b as a document, or nil if b is empty.
func document(b []byte) json.RawMessage {
	if len(b) == 0 {
		return nil
	}
	return b
}

// each converts every element of a list. It returns nil for an empty list.
func each[A, B any](all []A, convert func(A) B) []B {
	var out []B
	for _, a := range all {
		out = append(out, convert(a))
	}
	return out
}

func encodeCall(c sdk.Call) *pb.Call {
	return &pb.Call{
		Method: text(c.Method), Path: text(c.Path), Status: int64(c.Status),
		RequestId: text(c.RequestID), DurationNs: int64(c.Duration),
	}
}

func decodeCall(c *pb.Call) sdk.Call {
	return sdk.Call{
		Method: c.GetMethod(), Path: c.GetPath(), Status: int(c.GetStatus()),
		RequestID: c.GetRequestId(), Duration: time.Duration(c.GetDurationNs()),
	}
}

// encodePage returns a page and the error of its poll as a message.
func encodePage(page sdk.RawPage, err error) *pb.PollResponse {
	out := &pb.PollResponse{
		Next: page.Next, More: page.More, Seen: int64(page.Seen),
		Calls: each(page.Calls, encodeCall), Notices: each(page.Notices, text), Error: encodeError(err), Budget: encodeBudget(page.Budget),
		Newest: encodeTime(page.Newest), SelfGenerated: int64(page.SelfGenerated), CheckpointReset: page.CheckpointReset,
		PauseMs: page.Pause.Milliseconds(),
	}
	// All events share one allocation.
	events := make([]pb.Event, len(page.Events))
	out.Events = make([]*pb.Event, len(page.Events))
	out.Documents = make([][]byte, 0, len(page.Events))
	for i, e := range page.Events {
		at, err := e.Time.MarshalText()
		if err != nil {
			return &pb.PollResponse{Calls: out.Calls, Error: encodeError(fmt.Errorf("time of event %s: %w", e.ID, err))}
		}
		events[i] = pb.Event{
			Id: text(e.ID), Type: text(e.Type), Time: string(at),
			MatchedSelectors: each(e.MatchedSelectors, func(i int) int64 { return int64(i) }), Indeterminate: text(e.Indeterminate),
		}
		out.Documents = append(out.Documents, e.Data)
		for name, data := range e.Shapes {
			events[i].Shapes = append(events[i].Shapes, text(name))
			out.Documents = append(out.Documents, data)
		}
		out.Events[i] = &events[i]
	}
	return out
}

// decodePage returns the page and the error of the message. Events is nil only if there is an
// error, as in the plugin.
func decodePage(p *pb.PollResponse) (sdk.RawPage, error) {
	err := decodeError(p.GetError())
	page := sdk.RawPage{
		Next: document(p.GetNext()), More: p.GetMore(), Seen: int(p.GetSeen()),
		Notices: p.GetNotices(), Calls: each(p.GetCalls(), decodeCall), Budget: decodeBudget(p.GetBudget()),
		Newest: decodeTime(p.GetNewest()), SelfGenerated: int(p.GetSelfGenerated()), CheckpointReset: p.GetCheckpointReset(),
		Pause: time.Duration(p.GetPauseMs()) * time.Millisecond,
	}
	if err == nil || len(p.GetEvents()) > 0 {
		page.Events = make([]sdk.RawEvent, len(p.GetEvents()))
	}
	documents := p.GetDocuments()
	for i, e := range p.GetEvents() {
		var at time.Time
		if err := at.UnmarshalText([]byte(e.GetTime())); err != nil {
			return sdk.RawPage{Calls: page.Calls}, unreadable(err)
		}
		if len(documents) <= len(e.GetShapes()) {
			return sdk.RawPage{Calls: page.Calls}, unreadable(fmt.Errorf("event %d has no document", i))
		}
		event := sdk.RawEvent{
			ID: e.GetId(), Type: e.GetType(), Time: at, Data: document(documents[0]),
			MatchedSelectors: each(e.GetMatchedSelectors(), func(i int64) int { return int(i) }), Indeterminate: e.GetIndeterminate(),
		}
		documents = documents[1:]
		for n, name := range e.GetShapes() {
			if event.Shapes == nil {
				event.Shapes = make(map[string]json.RawMessage, len(e.GetShapes()))
			}
			event.Shapes[name] = document(documents[n])
		}
		documents = documents[len(e.GetShapes()):]
		page.Events[i] = event
	}
	if len(documents) > 0 {
		return sdk.RawPage{Calls: page.Calls}, unreadable(fmt.Errorf("%d documents belong to no event", len(documents)))
	}
	return page, err
}

// unreadable returns the error of a response that arrived but cannot be decoded.
func unreadable(err error) error {
	return &sdk.Error{
		Code: sdk.Internal, Err: err,
		Message: "the response of the plugin process cannot be decoded. Check that the plugin matches this version of the host",
	}
}

// encodeTime returns t as text. It returns "" for a zero time and for a year outside RFC 3339.
// These times are only informational.
func encodeTime(t time.Time) string {
	b, err := t.MarshalText()
	if t.IsZero() || err != nil {
		return ""
	}
	return string(b)
}

// decodeTime returns the time that encodeTime encoded, or zero for "".
func decodeTime(s string) time.Time {
	var t time.Time
	if t.UnmarshalText([]byte(s)) != nil {
		return time.Time{}
	}
	return t
}

func encodeBudget(b *sdk.Budget) *pb.Budget {
	if b == nil {
		return nil
	}
	return &pb.Budget{Bucket: text(b.Bucket), Limit: int64(b.Limit), Remaining: int64(b.Remaining), Reset_: encodeTime(b.Reset)}
}

func decodeBudget(b *pb.Budget) *sdk.Budget {
	if b == nil {
		return nil
	}
	return &sdk.Budget{Bucket: b.GetBucket(), Limit: int(b.GetLimit()), Remaining: int(b.GetRemaining()), Reset: decodeTime(b.GetReset_())}
}
