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

// checkText checks that the scanner and encoding/json accept the same texts and read the same
// members.
func checkText(t *testing.T, text string) {
	t.Helper()
	p := New(text)
	p.Skip()
	err := p.Err()
	if valid := json.Valid([]byte(text)); valid != (err == nil) {
		t.Fatalf("%.200q: json.Valid returns %t, the scanner returns the error %v", text, valid, err)
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
		checkText(t, text)
	}
	// A truncated text is never valid.
	whole := `{"a":[1.5e3,"\u00e9\n",{"b":null}],"c":true}`
	for i := range whole {
		checkText(t, whole[:i])
	}
}

// TestEveryByteAtEveryOffset checks every byte value at every offset of the eight bytes that the
// scanner tests at a time, after bytes that are special or nearly special.
func TestEveryByteAtEveryOffset(t *testing.T) {
	for offset := range 20 {
		for c := range 256 {
			for _, before := range []byte{'a', '!', '#', '[', ']', 0x7f, 0x80, 0xff} {
				text := []byte(`{"k":"` + strings.Repeat("a", 20) + `"}`)
				text[6+offset] = byte(c)
				if offset > 0 {
					text[5+offset] = before
				}
				checkText(t, string(text))
			}
		}
	}
}

func TestElementsAndScalars(t *testing.T) {
	p := New(`[1, "two" ,true,null,{"a":[3]},[], -4e2]`)
	var got []string
	for p.Enter('['); p.Element(); {
		got = append(got, p.TextOrScalar())
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
	f.Fuzz(checkText)
}

// TestLiteral checks that a literal has the value of the string, and its original text if that is
// valid UTF-8.
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
			t.Errorf("%s has the value %q, want %q", text, Unquoted(got), s)
		}
	}
	for text, want := range map[string]string{` {"a": [1]} `: `{"a": [1]}`, `"\u00e9"`: `"\u00e9"`, "-4e2": "-4e2", `{"a"`: "", "": ""} {
		if got := New(text).Raw(); got != want {
			t.Errorf("raw %s: %s, want %s", text, got, want)
		}
	}
}
