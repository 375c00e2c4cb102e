package playbook

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// printed returns the members, one a line, with their positions and values. Members of a value are indented.
func printed(members []Member, indent string) string {
	var b strings.Builder
	for _, m := range members {
		value, _ := json.Marshal(m.Value)
		fmt.Fprintf(&b, "%s%s %d:%d %s\n", indent, m.Name, m.Line, m.Column, value)
		b.WriteString(printed(m.Members, indent+" "))
	}
	return b.String()
}

func TestDocument(t *testing.T) {
	const secret = "hunter2"
	for name, c := range map[string]struct {
		text string
		want string
		errs []string // parts of the error
	}{
		"empty":         {text: ""},
		"comments only": {text: "# one\n\n   # two\n"},
		"nested": {
			text: "# first\na: 1\nb:\n  c: [x, true]\n  d: {}\n",
			want: "a 2:1 1\nb 3:1 {\"c\":[\"x\",true],\"d\":{}}\n c 4:3 [\"x\",true]\n  0 4:7 \"x\"\n  1 4:10 true\n d 5:3 {}\n",
		},
		"one member":      {text: "a: null\n", want: "a 1:1 null\n"},
		"large number":    {text: "a: 12345678901234567890\n", want: "a 1:1 12345678901234567890\n"},
		"list":            {text: "- " + secret + "\n", errs: []string{"f.yaml:1:"}},
		"text":            {text: secret + "\n", errs: []string{"f.yaml:1:"}},
		"two documents":   {text: "a: 1\n---\nb: 2\n", errs: []string{"f.yaml:"}},
		"member twice":    {text: "a: 1\na: 2\n", errs: []string{"f.yaml:2:1"}},
		"tag":             {text: "a: !" + secret + " b\n", errs: []string{"!x are not supported"}},
		"alias":           {text: "a: &b 1\nc: *b\n", errs: []string{"f.yaml:"}},
		"infinite number": {text: "a: .inf\n", errs: []string{"f.yaml:1:"}},
		"control":         {text: "a: \"\x01" + secret + "\"\n", errs: []string{"f.yaml:1:"}},
		"not UTF-8":       {text: "a: \xff" + secret + "\n", errs: []string{"f.yaml:"}},
		"unclosed":        {text: "a: \"" + secret + "\n", errs: []string{"f.yaml:"}},
	} {
		t.Run(name, func(t *testing.T) {
			members, err := Document("f.yaml", []byte(c.text))
			if got := printed(members, ""); got != c.want {
				t.Errorf("got members\n%s\nwant\n%s", got, c.want)
			}
			if (err != nil) != (c.errs != nil) {
				t.Fatalf("got error %v", err)
			}
			var problems Problems
			if err != nil && !errors.As(err, &problems) {
				t.Errorf("got %T, want Problems", err)
			}
			for _, part := range c.errs {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("the error %q lacks %q", err, part)
				}
			}
			if err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error repeats a value: %q", err)
			}
		})
	}
}

// TestPatternsAreBounded checks patterns in expressions, constant and from the event.
func TestPatternsAreBounded(t *testing.T) {
	for name, c := range map[string]struct {
		pattern, constant, evaluated string // parts of the two errors; "" means that the pattern is accepted
	}{
		"plain":               {"^a+$", "", ""},
		"repeated":            {"(?:ab){3}", "", ""},
		"repeated repetition": {"(?:a{999}){9}", "invalid matches argument", "invalid repeat count"},
		"long":                {strings.Repeat("a", maxPattern+1), "at most 4096 bytes", "too large"},
		"large":               {"(?:abcdefghijk){1000}", "too large", "too large"},
		"invalid":             {"(", "invalid matches argument", "missing closing"},
	} {
		t.Run(name, func(t *testing.T) {
			matches := func(err error, part string) bool {
				return err == nil && part == "" || err != nil && part != "" && strings.Contains(err.Error(), part)
			}
			source := fmt.Sprintf("name: a\ntitle: A\ntrigger: system_log\nevent_types: ['*']\ncondition: %q\n"+
				"steps: [{id: look, action: get_user, with: {user: ann}}]\n", fmt.Sprintf("event.severity.matches(%q)", c.pattern))
			if _, err := Load("f.yaml", []byte(source), Connections{"test": manifest(t)}); !matches(err, c.constant) {
				t.Errorf("constant: got %.300v, want %q", err, c.constant)
			}
			data, err := json.Marshal(map[string]string{"severity": "WARN", "pattern": c.pattern})
			if err != nil {
				t.Fatal(err)
			}
			_, err = withCondition(t, "event.severity.matches(raw.pattern)").Match(sdk.RawEvent{Type: "a.b", Data: data})
			if !matches(err, c.evaluated) {
				t.Errorf("evaluated: got %.300v, want %q", err, c.evaluated)
			}
		})
	}
}

// TestValuesAsJSON checks each kind of value that an expression can put into an input.
func TestValuesAsJSON(t *testing.T) {
	const with = "steps:\n  - id: ticket\n    action: open_ticket\n    with:\n      summary: x\n      details: {a: \"${{ %s }}\"}\n"
	for expression, want := range map[string]string{
		`uint(raw.n)`:               `7`,
		`double(raw.n) / 2.0`:       `3.5`,
		`[raw.?n, raw.?t]`:          `[7,"b"]`,
		`{raw.t: [raw.n, null]}`:    `{"b":[7,null]}`,
		`size(raw.t) == 1`:          `true`,
		`dyn(raw.n) + dyn(raw.t)`:   "no such overload",
		`-raw.t`:                    "no such overload",
		`{raw.t: raw.?zz}`:          "absent",
		`{raw.t: duration(raw.d)}`:  "duration",
		`double(raw.n) / raw.zero`:  "no such overload",
		`[double(raw.n) / raw.nil]`: `[null]`,
	} {
		t.Run(expression, func(t *testing.T) {
			p := load(t, header+fmt.Sprintf(with, expression))
			input, err := p.Input(p.Steps[0], Scope{Event: json.RawMessage(`{"n": 7, "t": "b", "zero": 0.0, "d": "3s", "nil": null}`)})
			if err == nil {
				var got struct {
					Details map[string]json.RawMessage `json:"details"`
				}
				if err := json.Unmarshal(input, &got); err != nil || string(got.Details["a"]) != want {
					t.Errorf("got %s, %v; want %s", got.Details["a"], err, want)
				}
				return
			}
			if !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want %q", err, want)
			}
		})
	}
}
