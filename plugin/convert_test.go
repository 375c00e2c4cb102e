package plugin

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	"soar.example/okta/plugin/internal/pb"
	"soar.example/okta/plugin/internal/plugintest"
	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// transfer returns the message that the other end decodes.
func transfer[M proto.Message](t testing.TB, in, out M) M {
	t.Helper()
	c := newCodec()
	raw, err := c.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Unmarshal(raw, out); err != nil {
		t.Fatal(err)
	}
	// A plugin or host without this codec must read and write the same messages.
	other := out.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(raw.Materialize(), other); err != nil || !proto.Equal(in, other) {
		t.Errorf("read without the codec: %v %s", err, cmp.Diff(in, other, protocmp.Transform()))
	}
	plain, err := proto.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	other = out.ProtoReflect().New().Interface()
	if err := c.Unmarshal(mem.BufferSlice{mem.SliceBuffer(plain)}, other); err != nil || !proto.Equal(in, other) {
		t.Errorf("written without the codec: %v %s", err, cmp.Diff(in, other, protocmp.Transform()))
	}
	return out
}

// TestErrorTransfer checks that an error arrives unchanged, except for its cause.
func TestErrorTransfer(t *testing.T) {
	if encodeError(nil) != nil || decodeError(nil) != nil {
		t.Error("a nil error became an error")
	}
	var none *sdk.Error
	if encodeError(none) != nil {
		t.Error("a nil *sdk.Error became an error")
	}
	list := []error{fmt.Errorf("a %w", fmt.Errorf("b %w", plugintest.Failures["full"])), &sdk.Error{Code: sdk.Internal, RetryAfter: -1}}
	for _, err := range plugintest.Failures {
		list = append(list, err)
	}
	for _, code := range sdk.Codes {
		list = append(list, sdk.Errorf(code, "as %w", errors.New("text")))
	}
	for _, err := range list {
		got := decodeError(transfer(t, encodeError(err), new(pb.Error)))
		if diff := cmp.Diff(sdk.AsError(err), got, cmpopts.IgnoreFields(sdk.Error{}, "Err")); diff != "" {
			t.Errorf("%v: %s", err, diff)
		}
		if errors.Unwrap(got) != nil {
			t.Errorf("%v: the cause was transferred", err)
		}
	}
}

// TestPageMetadataIsTransferred checks that a page's times and budget arrive unchanged,
// also together with an error.
func TestPageMetadataIsTransferred(t *testing.T) {
	at := time.Date(2026, 3, 14, 2, 41, 7, 8_000_000, time.UTC)
	for name, page := range map[string]sdk.RawPage{
		"empty": {},
		"complete": {Newest: at, SelfGenerated: 2, CheckpointReset: true, Pause: 1500 * time.Millisecond,
			Budget: &sdk.Budget{Bucket: "/api/v1/logs", Limit: 60, Remaining: 18, Reset: at.Add(time.Minute)}},
		"no reset": {Newest: at.Add(time.Nanosecond), Budget: &sdk.Budget{}},
	} {
		for _, err := range []error{nil, plugintest.Failures["full"]} {
			got, _ := decodePage(transfer(t, encodePage(page, err), new(pb.PollResponse)))
			if diff := cmp.Diff(page, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s, with %v: %s", name, err, diff)
			}
		}
	}
	// An invalid time is ignored and has no other effect.
	got, err := decodePage(&pb.PollResponse{Newest: "soon", Budget: &pb.Budget{Reset_: "later"}})
	if err != nil || !got.Newest.IsZero() || !got.Budget.Reset.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestInvalidUTF8 checks that text with invalid UTF-8 loses only its invalid bytes.
func TestInvalidUTF8(t *testing.T) {
	const bad, good = "a\xffb", "a\uFFFDb"
	err := &sdk.Error{
		Code: sdk.Conflict, Message: bad, Violations: []schema.Violation{{Pointer: bad, Message: bad}},
		Upstream: &sdk.Upstream{Code: bad, ErrorID: bad, RequestID: bad},
	}
	want := &sdk.Error{
		Code: sdk.Conflict, Message: good, Violations: []schema.Violation{{Pointer: good, Message: good}},
		Upstream: &sdk.Upstream{Code: good, ErrorID: good, RequestID: good},
	}
	page := sdk.RawPage{
		Events: []sdk.RawEvent{{ID: bad, Type: bad, Data: []byte(bad)}}, Notices: []string{bad},
		Calls: []sdk.Call{{Method: bad, Path: bad, RequestID: bad}},
	}
	wantPage := sdk.RawPage{
		Events: []sdk.RawEvent{{ID: good, Type: good, Data: []byte(bad)}}, Notices: []string{good},
		Calls: []sdk.Call{{Method: good, Path: good, RequestID: good}},
	}
	gotPage, got := decodePage(transfer(t, encodePage(page, err), new(pb.PollResponse)))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantPage, gotPage); diff != "" {
		t.Error(diff)
	}
}

// TestPageTransfer checks that a page arrives unchanged, also with extreme values.
func TestPageTransfer(t *testing.T) {
	at := time.Date(9999, 12, 31, 23, 59, 59, 999999999, time.FixedZone("", -5*3600))
	for name, page := range map[string]sdk.RawPage{
		"zero":  {Events: []sdk.RawEvent{}},
		"event": {Events: []sdk.RawEvent{{}}, Seen: 1 << 40, More: true},
		"full": {
			Events: []sdk.RawEvent{{ID: "1", Type: "t", Time: at, Data: json.RawMessage(`{"a":"<é>"}`),
				Shapes: map[string]json.RawMessage{"ecs": json.RawMessage(`{"b":"<é>"}`)}}, {ID: "2", Time: time.Unix(0, 0).UTC(), MatchedSelectors: []int{0, 3},
				Indeterminate: "a field could not be read"}},
			Next: json.RawMessage("null"), Seen: -1, Notices: []string{"", "n"},
			Calls: []sdk.Call{{}, {Method: "GET", Path: "/p?q", Status: 500, RequestID: "r", Duration: -1}},
		},
	} {
		got, err := decodePage(transfer(t, encodePage(page, nil), new(pb.PollResponse)))
		if diff := cmp.Diff(page, got); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	got, err := decodePage(transfer(t, encodePage(sdk.RawPage{}, errors.New("no")), new(pb.PollResponse)))
	if got.Events != nil || err == nil {
		t.Errorf("got %+v, %v", got, err)
	}
	page := sdk.RawPage{Events: []sdk.RawEvent{{ID: "7", Time: at.AddDate(1, 0, 0)}}, Calls: []sdk.Call{{Method: "GET"}}}
	got, err = decodePage(transfer(t, encodePage(page, nil), new(pb.PollResponse)))
	wantError(t, err, sdk.Internal, "time of event 7")
	if got.Events != nil || len(got.Calls) != 1 {
		t.Errorf("got %+v", got)
	}
}

// TestMismatchedDocuments checks that a page with the wrong number of documents is an error.
func TestMismatchedDocuments(t *testing.T) {
	const time = "2026-03-14T02:41:07Z"
	for name, page := range map[string]*pb.PollResponse{
		"none":             {Events: []*pb.Event{{Time: time}}},
		"one of two":       {Events: []*pb.Event{{Time: time}, {Time: time}}, Documents: [][]byte{[]byte("{}")}},
		"one too many":     {Events: []*pb.Event{{Time: time}}, Documents: [][]byte{[]byte("{}"), []byte("{}")}},
		"without an event": {Documents: [][]byte{[]byte("{}")}},
		"only for a shape": {Events: []*pb.Event{{Time: time, Shapes: []string{"ecs"}}}, Documents: [][]byte{[]byte("{}")}},
	} {
		page.Calls = []*pb.Call{{Method: "GET"}}
		got, err := decodePage(transfer(t, page, new(pb.PollResponse)))
		wantError(t, err, sdk.Internal, "cannot be decoded")
		if got.Events != nil || len(got.Calls) != 1 {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}

// FuzzDecodePage checks that decoding any page does not panic, and that the decoded page
// can be encoded.
func FuzzDecodePage(f *testing.F) {
	for _, page := range []sdk.RawPage{{}, {Events: []sdk.RawEvent{{ID: "1", Time: time.Unix(1, 2), Data: []byte("{}")}}, Next: []byte("{}"), More: true}} {
		raw, err := proto.Marshal(encodePage(page, plugintest.Failures["full"]))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte("\x0a\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		in := new(pb.PollResponse)
		err := newCodec().Unmarshal(mem.BufferSlice{mem.SliceBuffer(raw)}, in)
		if plain := proto.Unmarshal(raw, new(pb.PollResponse)); (err == nil) != (plain == nil) {
			t.Fatalf("with the codec: %v, without: %v", err, plain)
		}
		if err != nil {
			return
		}
		page, err := decodePage(in)
		again, err2 := decodePage(transfer(t, encodePage(page, err), new(pb.PollResponse)))
		if diff := cmp.Diff(page, again); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(sdk.AsError(err), sdk.AsError(err2), cmpopts.IgnoreFields(sdk.Error{}, "Err")); diff != "" {
			t.Error(diff)
		}
	})
}
