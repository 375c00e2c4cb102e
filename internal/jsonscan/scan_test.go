package jsonscan

import (
	"encoding/json"
	"strings"
	"testing"
)

var texts = []string{
	"", " ", "{}", "[]", " [ ] \n", `{"a":1,"b":[true,false,null],"c":{"d":"e"}}`, `"a"`, "0", "-0", "-", "01", "1.", ".1", "1e", "1e+", "1E-7", "1.5e10", "+1",
	"tru", "true", "nul", "null ", "nullx", "[1,]", "[,1]", "[1 2]", "[1", "]", "{", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`,
	`{"a" 1}`, `{"a":1 "b":2}`, "{} {}", "[] x",
	`"`, `"\`, `"\x"`, `"\u12"`, `"\u12G4"`, `"\ud83d\ude00"`, `"\ud83d"`, "\"\x01\"", "\"\xff\"", "\"é\"", "\ufeff{}", "{\x00}",
	strings.Repeat("[", 100), strings.Repeat("[", 100) + strings.Repeat("]", 100),
	strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1),
	strings.Repeat(`{"a":`, MaxDepth+1) + "1" + strings.Repeat("}", MaxDepth+1),
}

// same holds a scanner against encoding/json: what it takes, and what it reads.
func same(t *testing.T, text string) {
	t.Helper()
	p := New(text)
	p.Skip()
	err := p.Err()
	if valid := json.Valid([]byte(text)); valid != (err == nil) {
		t.Fatalf("%.200q: valid is %t, but the scanner says %v", text, valid, err)
	}
	if err != nil {
		return
	}
	var want map[string]any
	if json.Unmarshal([]byte(text), &want) != nil || want == nil {
		return
	}
	got := map[string]string{}
	p = New(text)
	p.Enter('{')
	for name, ok := p.Key(); ok; name, ok = p.Key() {
		got[name] = p.Text()
	}
	if err := p.Err(); err != nil {
		t.Fatalf("%.200q: %v", text, err)
	}
	if len(got) != len(want) {
		t.Fatalf("%.200q: read %d members of %d", text, len(got), len(want))
	}
	for name, value := range want {
		if s, _ := value.(string); got[name] != s {
			t.Errorf("%.200q: %q is %q, want %q", text, name, got[name], s)
		}
	}
}

func TestSameAsEncodingJSON(t *testing.T) {
	for _, text := range texts {
		same(t, text)
	}
	// Cut off anywhere it is never whole.
	whole := `{"a":[1.5e3,"\u00e9\n",{"b":null}],"c":true}`
	for i := range whole {
		same(t, whole[:i])
	}
}

// Eight bytes are read at a time: every byte counts wherever it stands among them,
// and next to one that is found.
func TestEveryByteAtEveryPlace(t *testing.T) {
	for place := range 20 {
		for c := range 256 {
			for _, before := range []byte{'a', '!', '#', '[', ']', 0x7f, 0x80, 0xff} {
				text := []byte(`{"k":"` + strings.Repeat("a", 20) + `"}`)
				text[6+place] = byte(c)
				if place > 0 {
					text[5+place] = before
				}
				same(t, string(text))
			}
		}
	}
}

func TestElementsAndScalars(t *testing.T) {
	p := New(`[1, "two" ,true,null,{"a":[3]},[], -4e2]`)
	var got []string
	for p.Enter('['); p.Element(); {
		got = append(got, p.Loose())
	}
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	if want := "1|two|true||||-4e2"; strings.Join(got, "|") != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzSameAsEncodingJSON(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	f.Fuzz(same)
}

// A literal is the string itself, as it was written if that is valid UTF-8.
func TestLiteral(t *testing.T) {
	for text, want := range map[string]string{
		`"a"`: `"a"`, ` "é\/\n\"" `: `"é\/\n\""`, `""`: "", `7`: "", `null`: "", `{"a":"b"}`: "", `"\u0041\u00e9"`: `"Aé"`,
		`"\ud800"`: "\"\ufffd\"", `"\ud83d\ude00"`: `"😀"`, "\"\xff\"": `"\ufffd"`, "\"\\n\xff\"": `"\n\ufffd"`, `"\\u12"`: `"\\u12"`, `"\u0000"`: `"\u0000"`,
	} {
		p := New(text)
		got, ok := p.Literal()
		if !ok {
			p.Skip()
		}
		if err := p.Err(); err != nil || got != want && got != strings.ReplaceAll(want, `\ufffd`, "\ufffd") {
			t.Errorf("%s: %s, want %s, %v", text, got, want, err)
		}
		var s string
		if got != "" && (json.Unmarshal([]byte(text), &s) != nil || Unquoted(got) != s) {
			t.Errorf("%s stands for %q, want %q", text, Unquoted(got), s)
		}
	}
	for text, want := range map[string]string{` {"a": [1]} `: `{"a": [1]}`, `"\u00e9"`: `"\u00e9"`, "-4e2": "-4e2", `{"a"`: "", "": ""} {
		if got := New(text).Raw(); got != want {
			t.Errorf("raw %s: %s, want %s", text, got, want)
		}
	}
}
