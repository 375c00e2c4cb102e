package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/connector"
	"soar.example/okta/internal/systemlog/catalogue"
)

// read returns what a stream holds, in words: "3 line {}" or "4 line !".
func read(t testing.TB, r io.Reader, most int) ([]string, error) {
	t.Helper()
	batches, ended := make(chan []numbered), make(chan error, 1)
	go func() { ended <- readEvents(t.Context(), r, most, batches) }()
	got := []string{}
	for batch := range batches {
		for _, e := range batch {
			text := string(e.raw)
			if e.err != nil {
				text = "!"
			}
			got = append(got, fmt.Sprintf("%d %s %s", e.n, e.what, text))
		}
	}
	return got, <-ended
}

func TestReadEvents(t *testing.T) {
	long := strings.Repeat("x", 100)
	for name, test := range map[string]struct {
		in   string
		want []string
	}{
		"nothing":                     {"", nil},
		"blank lines":                 {"\n \r\n\t\n", nil},
		"lines":                       {"{\"a\":1}\n{\"a\":2}\n", []string{`1 line {"a":1}`, `2 line {"a":2}`}},
		"no line break at the end":    {"{}\n{}", []string{"1 line {}", "2 line {}"}},
		"CRLF and a gap":              {"{}\r\n\r\n{}\r\n", []string{"1 line {}", "3 line {}"}},
		"byte order mark":             {"\ufeff{}\n", []string{"1 line {}"}},
		"byte order mark, array":      {"\ufeff[{}]", []string{"1 event {}"}},
		"rubbish is handed on":        {"rubbish\n{}\n", []string{"1 line rubbish", "2 line {}"}},
		"a long line":                 {"{}\n" + long + "\n{}\n", []string{"1 line {}", "2 line !", "3 line {}"}},
		"a long line at the end":      {"{}\n" + long, []string{"1 line {}", "2 line !"}},
		"a line as long as may be":    {strings.Repeat("y", 64) + "\r\n", []string{"1 line " + strings.Repeat("y", 64)}},
		"array":                       {"[{},\n {\"a\":[1]} , 7]\n", []string{"1 event {}", `2 event {"a":[1]}`, "3 event 7"}},
		"empty array":                 {" \n [ ] ", nil},
		"array after array":           {"[{}]\n[{}]\n[]", []string{"1 event {}", "2 event {}"}},
		"array, then something else":  {"[{}] {}", []string{"1 event {}", "2 event !"}},
		"array cut off":               {"[{},", []string{"1 event {}", "2 event !"}},
		"array cut off in an event":   {`[{},{"a":`, []string{"1 event {}", "2 event !"}},
		"array without an end":        {"[{}", []string{"1 event {}", "2 event !"}},
		"array with a mistake":        {"[{},{]},{}]", []string{"1 event {}", "2 event !"}},
		"array with a long event":     {`[{},"` + strings.Repeat(long, 1000) + `",{}]`, []string{"1 event {}", "2 event !"}},
		"events over several lines":   {"{\n\"a\":1\n}\n{}\n", []string{"1 event {\n\"a\":1\n}", "2 event {}"}},
		"event over lines, then not":  {"{\r\n\"a\":1\r\n}\nx", []string{"1 event {\r\n\"a\":1\r\n}", "2 event !"}},
		"a brace alone, and no more":  {"{", []string{"1 line {"}},
		"a bracket alone, no more":    {"[", []string{"1 event !"}},
		"not JSON's kind of brackets": {"]\n}", []string{"1 line ]", "2 line }"}},
	} {
		if test.want == nil {
			test.want = []string{}
		}
		for how, r := range map[string]io.Reader{
			"whole": strings.NewReader(test.in), "byte by byte": iotest.OneByteReader(strings.NewReader(test.in)),
		} {
			got, err := read(t, r, 64)
			if err != nil {
				t.Errorf("%s, %s: %v", name, how, err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s, %s:\n%s", name, how, diff)
			}
		}
	}
}

// A disk that fails is not the end of the events.
func TestReadEventsFails(t *testing.T) {
	broken := errors.New("broken")
	for in, want := range map[string][]string{
		"{}\n{": {"1 line {}", "2 line {"}, "[{},": {"1 event {}"}, "": {}, "{\n": {},
	} {
		got, err := read(t, io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken)), 64)
		if !errors.Is(err, broken) {
			t.Errorf("%q: the error is %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", in, diff)
		}
	}
}

// What a slow writer has sent is handed on before it sends more.
func TestReadEventsDoesNotWait(t *testing.T) {
	for _, parts := range [][]string{{"{}\n", "{}\n{\"a\"", ":1}\n"}, {"[{}", ",{}", ",{}"}} {
		r, w := io.Pipe()
		batches, ended := make(chan []numbered), make(chan error, 1)
		go func() { ended <- readEvents(t.Context(), r, 64, batches) }()
		for _, part := range parts {
			if _, err := io.WriteString(w, part); err != nil {
				t.Error(err)
			}
			if batch := <-batches; len(batch) != 1 || batch[0].err != nil {
				t.Errorf("after %q came %v", part, batch)
			}
		}
		_ = w.CloseWithError(io.EOF)
		for range batches {
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// Guards against a stream that loses, doubles or makes up an event: of lines that are
// short enough, all come, as they are.
func FuzzReadEvents(f *testing.F) {
	for _, seed := range []string{"", "{}\n{}", "[{},{}]", "{\n}\n", "\ufeff[1", "a\r\n\r\nb", "[] []", "[{]"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := read(t, bytes.NewReader(in), 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		text := bytes.TrimPrefix(in, []byte("\ufeff"))
		if start := bytes.TrimLeft(text, " \t\r\n"); bytes.HasPrefix(start, []byte("[")) || bytes.HasPrefix(start, []byte("{\n")) || bytes.HasPrefix(start, []byte("{\r\n")) {
			var all []json.RawMessage
			if json.Unmarshal(text, &all) == nil && len(got) != len(all) {
				t.Fatalf("%d of %d events", len(got), len(all))
			}
			return
		}
		n := 0
		for i, line := range bytes.Split(text, []byte("\n")) {
			if line = bytes.TrimSpace(line); len(line) == 0 {
				continue
			}
			if want := fmt.Sprintf("%d line %s", i+1, line); n >= len(got) || got[n] != want {
				t.Fatalf("line %d, %q, did not come: %q", i+1, line, got)
			}
			n++
		}
		if n != len(got) {
			t.Fatalf("%d events of %d lines", len(got), n)
		}
	})
}

// Guards against a suggestion that nobody can follow.
func TestSuggestedActionsAreThere(t *testing.T) {
	backend, err := connector.Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	missing := map[string]string{}
	for e := range catalogue.All() {
		for _, name := range e.Actions {
			if m.Action(name) == nil {
				missing[name] = e.Name
			}
		}
	}
	for name, eventType := range missing {
		t.Errorf("%s suggests %s, which is no action", eventType, name)
	}
}
