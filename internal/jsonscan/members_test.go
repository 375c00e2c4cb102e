package jsonscan

import (
	"slices"
	"strings"
	"testing"
)

func TestMembers(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want string // names and texts of the members; a value of "skip" is left unread
		rest string // text after the value
		err  bool
	}{
		"plain names":              {`{"a":"1","b":"2"}`, "a=1 b=2", "", false},
		"white space":              {" { \"a\" :\t\"1\" ,\n\"b\" : \"2\" } ", "a=1 b=2", " ", false},
		"escapes in a name":        {`{"\u0061b":"1","c\n":"2"}`, "ab=1 c\n=2", "", false},
		"name of another alphabet": {`{"é":"1"}`, "é=1", "", false},
		"unread values":            {`{"skip":{"x":[1]},"b":"2"}`, "skip b=2", "", false},
		"no members":               {`{}`, "", "", false},
		"not an object":            {`[{"a":"1"}],`, "", ",", true},
		"no colon":                 {`{"a" "1"}`, "", "", true},
		"no name":                  {`{"a":"1",2}`, "a=1", "", true},
		"name without end":         {`{"a`, "", "", true},
		"two commas":               {`{"a":"1",,"b":"2"}`, "a=1", "", true},
		"no comma":                 {`{"a":"1""b":"2"}`, "a=1", "", true},
		"bad value":                {`{"a":"\x","b":"2"}`, "a=", "", true},
		"too deep":                 {strings.Repeat("[", MaxDepth) + `{"a":1}`, "", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			p := New(c.text)
			for range strings.Count(c.text, "[") {
				if name == "too deep" {
					p.Enter('[')
				}
			}
			var got []string
			for member := range p.Members() {
				if member != "skip" {
					member += "=" + p.Text()
				}
				got = append(got, member)
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("got members %q, want %q", s, c.want)
			}
			if !p.Failed() && c.text[p.Offset():] != c.rest {
				t.Errorf("stopped before %q, want %q", c.text[p.Offset():], c.rest)
			}
			if err := p.Err(); (err != nil) != c.err {
				t.Errorf("got error %v", err)
			}
		})
	}
}

// TestCallsAfterASyntaxError checks that a failed scanner reads nothing more and keeps its offset.
func TestCallsAfterASyntaxError(t *testing.T) {
	const text = `[tru,"a"]`
	p := New(text)
	p.Enter('[')
	p.Skip()
	at := p.Offset()
	if !p.Failed() || at == 0 || at > len("[tru") {
		t.Fatalf("failed is %t at offset %d", p.Failed(), at)
	}
	p.Skip()
	if name, ok := p.Key(); ok || name != "" || p.Element() || p.Text() != "" || p.Scalar() != "" || p.Raw() != "" || p.Enter('{') {
		t.Error("a failed scanner reads values")
	}
	if p.Offset() != at || p.Err() == nil {
		t.Errorf("offset %d, want %d; error %v", p.Offset(), at, p.Err())
	}
}

func TestQuotedAndUnquoted(t *testing.T) {
	for _, s := range []string{"", "a", `"`, `\`, "é\n", "\u2028", "<&>", "日本", "\x00\x1f"} {
		literal := string(AppendQuoted([]byte("x"), s))[1:]
		p := New(literal)
		if got := p.Text(); got != s || p.Err() != nil {
			t.Errorf("%q is quoted as %s, which has the value %q and the error %v", s, literal, got, p.Err())
		}
		p = New(literal)
		if read, ok := p.Literal(); !ok || Unquoted(read) != s {
			t.Errorf("%s: Literal returns %q, %t", literal, read, ok)
		}
	}
	if got := string(AppendQuoted(nil, "<")); got != `"<"` {
		t.Errorf("got %s: HTML escapes", got)
	}
	if !slices.Equal(AppendQuoted(nil, "a\xff"), []byte(`"a\ufffd"`)) {
		t.Errorf("got %s", AppendQuoted(nil, "a\xff"))
	}
}
