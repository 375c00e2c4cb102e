package playbook

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	_ "soar.example/okta/internal/fixedseed"
	"soar.example/okta/sdk"
)

// FuzzLoad checks that no file makes Load panic, that every problem has a position in the
// file, and that a playbook without problems can be evaluated on any event.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal("no files", err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(source)
		}
	}
	m := manifest(f)
	event := realEvent(f)
	f.Fuzz(func(t *testing.T, source []byte) {
		p, err := Load("f.yaml", source, Connections{"test": m})
		if err != nil {
			var problems Problems
			if p != nil || !errors.As(err, &problems) {
				t.Fatalf("Load = %v, %v; want Problems", p, err)
			}
			inside(t, []byte(strings.TrimPrefix(string(source), "\ufeff")), problems)
			return
		}
		for _, data := range []json.RawMessage{event.Data, json.RawMessage(`{}`), nil} {
			for _, pattern := range p.EventTypes {
				_, err := p.Match(sdk.RawEvent{Type: strings.ReplaceAll(pattern, "*", "x"), Data: data})
				invalid(t, err)
			}
			key, err := p.GroupKey(sdk.RawEvent{Data: data})
			invalid(t, err)
			if err == nil && !json.Valid([]byte(key)) {
				t.Errorf("GroupKey = %q", key)
			}
			for _, s := range p.Steps {
				_, err := p.Applies(s, Scope{Event: data})
				invalid(t, err)
				raw, err := p.Input(s, Scope{Event: data})
				invalid(t, err)
				if err == nil && !json.Valid(raw) {
					t.Errorf("Input = %q", raw)
				}
			}
		}
	})
}

func invalid(t *testing.T, err error) {
	t.Helper()
	var e *sdk.Error
	if err != nil && (!errors.As(err, &e) || e.Code != sdk.InvalidInput) {
		t.Errorf("error %v; want invalid_input", err)
	}
}

// FuzzTemplate checks that no text makes template panic, and that the offsets of its
// expressions are right.
func FuzzTemplate(f *testing.F) {
	for _, s := range []string{"", "${{ a }}", "x ${{ {'a': {'b': 1}} }} y", "$${{ a }}", "${{ '}}' }}", "${{ r'\\' }}", `${{ """}}""" }}`, "${{ a // }}",
		"${{", "$", "${{}}", "é${{é}}", "${{\fa}}"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.ToValidUTF8(s, "") != s {
			return
		}
		parts, wrong := template(s)
		runes := []rune(s)
		if wrong != nil {
			if wrong.offset < 0 || wrong.offset >= len(runes) || wrong.message == "" {
				t.Errorf("%q: wrong = %+v", s, wrong)
			}
			return
		}
		for _, p := range parts {
			if p.expression && !strings.HasPrefix(string(runes[p.offset:]), p.text) {
				t.Errorf("%q: %+v is not there", s, p)
			}
		}
	})
}

// TestTemplateOfTexts checks that a text without ${{, or with an escaped one, is unchanged.
func TestTemplateOfTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.SampledFrom([]rune("${} a'\"é\n"))).Draw(t, "text")
		s = strings.ReplaceAll(s, "$$", "$") // $${{ is the escape itself
		parts, wrong := template(strings.ReplaceAll(s, "${{", "$${{"))
		if wrong != nil {
			t.Fatalf("template: %+v", wrong)
		}
		got := ""
		for _, p := range parts {
			if p.expression {
				t.Fatalf("expression %q", p.text)
			}
			got += p.text
		}
		if got != s {
			t.Fatalf("template(%q) = %q", s, got)
		}
	})
}

func TestTemplates(t *testing.T) {
	for s, want := range map[string][]part{
		"${{ a }}":                      {{"a", true, 4}},
		"x${{a}}y${{  b}}":              {{"x", false, 0}, {"a", true, 4}, {"y", false, 7}, {"b", true, 13}},
		`${{ {"a": {"b": 1}} }}`:        {{`{"a": {"b": 1}}`, true, 4}},
		`${{ "}}" + '}}' }} }}`:         {{`"}}" + '}}'`, true, 4}, {" }}", false, 18}},
		`${{ """a"}}""" }}`:             {{`"""a"}}"""`, true, 4}},
		`${{ r"\" + "\"}}" }}`:          {{`r"\" + "\"}}"`, true, 4}},
		"${{ a // it's a comment }}":    {{"a // it's a comment", true, 4}},
		"${{ a // it's\n + b }} c":      {{"a // it's\n + b", true, 4}, {" c", false, 21}},
		"$${{ a }} $$ {{ }} $${{ é ${{": nil,
		"é $${{é${{ é }}":               {{"é ${{é", false, 0}, {"é", true, 11}},
	} {
		parts, wrong := template(s)
		if want == nil {
			if wrong == nil || wrong.offset != len([]rune(s))-3 {
				t.Errorf("template(%q) = %v, %v; want it unclosed at its end", s, parts, wrong)
			}
			continue
		}
		if wrong != nil || len(parts) != len(want) {
			t.Errorf("template(%q) = %v, %v; want %v", s, parts, wrong, want)
			continue
		}
		for i := range want {
			if parts[i] != want[i] {
				t.Errorf("template(%q)[%d] = %+v, want %+v", s, i, parts[i], want[i])
			}
		}
	}
}
