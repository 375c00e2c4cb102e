package plugin

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/sdk"
)

// encodeJSON writes v without escaping for HTML, so that the documents within
// arrive byte for byte.
func encodeJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// document returns b as a document, nil if there is none.
func document(b []byte) json.RawMessage {
	if len(b) == 0 {
		return nil
	}
	return b
}

func encodeCalls(calls []sdk.Call) []*pb.Call {
	var out []*pb.Call
	for _, c := range calls {
		out = append(out, &pb.Call{
			Method: text(c.Method), Path: text(c.Path), Status: int64(c.Status),
			RequestId: text(c.RequestID), DurationNs: int64(c.Duration),
		})
	}
	return out
}

func decodeCalls(calls []*pb.Call) []sdk.Call {
	var out []sdk.Call
	for _, c := range calls {
		out = append(out, sdk.Call{
			Method: c.GetMethod(), Path: c.GetPath(), Status: int(c.GetStatus()),
			RequestID: c.GetRequestId(), Duration: time.Duration(c.GetDurationNs()),
		})
	}
	return out
}

// encodePage returns page as it travels; err is what came with it.
func encodePage(page sdk.RawPage, err error) *pb.PollResponse {
	out := &pb.PollResponse{
		Next: page.Next, More: page.More, Seen: int64(page.Seen),
		Calls: encodeCalls(page.Calls), Error: encodeError(err), Budget: encodeBudget(page.Budget),
		Newest: encodeTime(page.Newest), SelfGenerated: int64(page.SelfGenerated), CheckpointReset: page.CheckpointReset, PauseMs: page.Pause.Milliseconds(),
	}
	for _, n := range page.Notices {
		out.Notices = append(out.Notices, text(n))
	}
	// All in one piece, which is a thousand pieces less.
	events := make([]pb.Event, len(page.Events))
	out.Events = make([]*pb.Event, len(page.Events))
	for i, e := range page.Events {
		at, err := e.Time.MarshalText()
		if err != nil {
			return &pb.PollResponse{Calls: out.Calls, Error: encodeError(fmt.Errorf("time of event %s: %w", e.ID, err))}
		}
		events[i] = pb.Event{Id: text(e.ID), Type: text(e.Type), Time: string(at), Data: e.Data, Shapes: encodeShapes(e.Shapes), MatchedSelectors: encodeSelectors(e.MatchedSelectors), Indeterminate: text(e.Indeterminate)}
		out.Events[i] = &events[i]
	}
	return out
}

// decodePage returns what encodePage was given. Events is nil only next to an
// error, as it is in the plugin.
func decodePage(p *pb.PollResponse) (sdk.RawPage, error) {
	err := decodeError(p.GetError())
	page := sdk.RawPage{
		Next: document(p.GetNext()), More: p.GetMore(), Seen: int(p.GetSeen()),
		Notices: p.GetNotices(), Calls: decodeCalls(p.GetCalls()), Budget: decodeBudget(p.GetBudget()),
		Newest: decodeTime(p.GetNewest()), SelfGenerated: int(p.GetSelfGenerated()), CheckpointReset: p.GetCheckpointReset(), Pause: time.Duration(p.GetPauseMs()) * time.Millisecond,
	}
	if err == nil || len(p.GetEvents()) > 0 {
		page.Events = make([]sdk.RawEvent, len(p.GetEvents()))
	}
	for i, e := range p.GetEvents() {
		var at time.Time
		if err := at.UnmarshalText([]byte(e.GetTime())); err != nil {
			return sdk.RawPage{Calls: page.Calls}, unreadable(err)
		}
		page.Events[i] = sdk.RawEvent{ID: e.GetId(), Type: e.GetType(), Time: at, Data: document(e.GetData()), Shapes: decodeShapes(e.GetShapes()), MatchedSelectors: decodeSelectors(e.GetMatchedSelectors()), Indeterminate: e.GetIndeterminate()}
	}
	return page, err
}

func encodeSelectors(places []int) []int64 {
	var out []int64
	for _, p := range places {
		out = append(out, int64(p))
	}
	return out
}

func decodeSelectors(places []int64) []int {
	var out []int
	for _, p := range places {
		out = append(out, int(p))
	}
	return out
}

func encodeShapes(shapes map[string]json.RawMessage) map[string][]byte {
	if len(shapes) == 0 {
		return nil
	}
	out := make(map[string][]byte, len(shapes))
	for name, data := range shapes {
		out[text(name)] = data
	}
	return out
}

func decodeShapes(shapes map[string][]byte) map[string]json.RawMessage {
	if len(shapes) == 0 {
		return nil
	}
	out := make(map[string]json.RawMessage, len(shapes))
	for name, data := range shapes {
		out[name] = document(data)
	}
	return out
}

// unreadable is the error of an answer that came whole and makes no sense.
func unreadable(err error) error {
	return &sdk.Error{Code: sdk.Internal, Message: "the plugin process answered something that cannot be read", Err: err}
}
