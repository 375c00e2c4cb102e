package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

func jsonTail(w io.Writer, limit int) *tail {
	a := newApp(w, io.Discard)
	a.json = true
	return newTail(a, limit)
}

// TestTailPrintsEventsAsTheyAre checks that each event is printed once, with Okta's bytes, on one line.
func TestTailPrintsEventsAsTheyAre(t *testing.T) {
	var out bytes.Buffer
	tl := jsonTail(&out, 0)
	odd := `{ "uuid":"a", "text":"<&>\u2028" }`
	page := sdk.RawPage{Events: []sdk.RawEvent{
		{ID: "a", Data: json.RawMessage(odd)},
		{ID: "b", Data: json.RawMessage("{\n  \"uuid\": \"b\"\r\n}")},
		{ID: "a", Data: json.RawMessage(odd)},
		{ID: "c", Data: json.RawMessage("not\nJSON")},
	}}
	if more, err := tl.page(page); err != nil || !more {
		t.Fatal(more, err)
	}
	if _, err := tl.page(page); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), odd+"\n{\"uuid\":\"b\"}\n\"not\\nJSON\"\n"; got != want {
		t.Errorf("got %q", got)
	}
}

func TestTailEndsAtItsLimit(t *testing.T) {
	var out bytes.Buffer
	tl := jsonTail(&out, 2)
	more, err := tl.page(sdk.RawPage{Events: []sdk.RawEvent{
		{ID: "a", Data: json.RawMessage("1")}, {ID: "b", Data: json.RawMessage("2")}, {ID: "c", Data: json.RawMessage("3")},
	}})
	if err != nil || more || out.String() != "1\n2\n" {
		t.Errorf("got %q, more %t, %v", out.String(), more, err)
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestTailOnAFullDisk(t *testing.T) {
	if _, err := jsonTail(full{}, 0).page(sdk.RawPage{Events: []sdk.RawEvent{{ID: "a", Data: json.RawMessage("1")}}}); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkTail(b *testing.B) {
	data := json.RawMessage(`{"uuid":"` + strings.Repeat("x", 2000) + `"}`)
	page := sdk.RawPage{Events: make([]sdk.RawEvent, 1000)}
	tl := jsonTail(io.Discard, 0)
	for n := 0; b.Loop(); n++ {
		for i := range page.Events {
			page.Events[i] = sdk.RawEvent{ID: fmt.Sprintf("%d-%d", n, i), Data: data}
		}
		if _, err := tl.page(page); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/event")
}
