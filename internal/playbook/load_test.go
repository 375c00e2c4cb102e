package playbook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBad checks the messages and positions of problems: one file for each kind, with its
// problems in a file of the same name.
func TestBad(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(strings.TrimSuffix(name, ".yaml"), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Load(name, source, Connections{"test": manifest(t)})
			var problems Problems
			if p != nil || !errors.As(err, &problems) {
				t.Fatalf("Load = %v, %v; want Problems", p, err)
			}
			inside(t, source, problems)
			golden := strings.TrimSuffix(file, ".yaml") + ".problems"
			got := problems.Error() + "\n"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGood(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal("no files", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			p, err := Load(file, source, Connections{"test": manifest(t)})
			if err != nil {
				t.Fatal(err)
			}
			if string(p.Source) != string(source) || p.File != file || len(p.Hash()) != 64 {
				t.Errorf("Source, File or Hash is not the file's")
			}
		})
	}
}

// inside checks that every problem has a position in the source, and that they are in order.
func inside(t testing.TB, source []byte, problems Problems) {
	t.Helper()
	if len(problems) == 0 {
		t.Fatal("an error without problems")
	}
	lines := strings.Split(string(source), "\n")
	before := Problem{}
	for _, p := range problems {
		if p.Line < 1 || p.Line > len(lines) || p.Column < 1 || p.Column > len([]rune(lines[p.Line-1]))+1 {
			t.Errorf("not in the file: %s", p)
		}
		if p.Line < before.Line || p.Line == before.Line && p.Column < before.Column {
			t.Errorf("out of order: %s", p)
		}
		if p.Message == "" || strings.Contains(p.Message, "\n") {
			t.Errorf("message %q", p.Message)
		}
		before = p
	}
}

const header = "name: a_playbook\ntitle: A playbook\ntrigger: system_log\nevent_types: [user.session.start]\n"

func TestLimits(t *testing.T) {
	step := "steps:\n  - id: look\n    action: get_user\n    with: {user: ann}\n"
	for name, source := range map[string]string{
		"nothing":        "",
		"blank":          " \n\n",
		"comment":        "# only\n",
		"null":           "null\n",
		"zero bytes":     "\x00\x00\x00",
		"not UTF-8":      "name: \xff\xfe\n",
		"too large":      header + step + "# " + strings.Repeat("x", maxBytes),
		"many keys":      strings.Repeat("a: b\n", maxTokens),
		"flow nesting":   "vars: " + strings.Repeat("[", 100_000),
		"braces":         "vars: " + strings.Repeat("{a: ", 4000),
		"block nesting":  strings.Repeat("- ", 6000),
		"question marks": strings.Repeat("? ", 6000),
		"anchors":        strings.Repeat("&a ", 6000),
		"far right":      "a:\n" + strings.Repeat(" ", 20_000) + "b: c\n",
		"alias bomb": "vars:\n  a: &a [x, x, x, x, x, x, x, x, x, x]\n  b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n" +
			"  c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\n  d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n  e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\n",
		"alias of a long text":  header + "vars:\n  a: &a " + strings.Repeat("x", 100_000) + "\n  b: [" + strings.Repeat("*a, ", 4000) + "]\n" + step,
		"UTF-16":                "\xff\xfen\x00a\x00",
		"UTF-16, big":           "\xfe\xff\x00n\x00a",
		"two marks":             "\ufeff\ufeff" + header + step,
		"mark within":           header + "\ufeff" + step,
		"escape character":      header + "# \x1b[2J\n" + step,
		"delete character":      header + "# \x7f\n" + step,
		"line break of C1":      header + "# a\u0085condition: 'false'\n" + step,
		"control of C1":         header + "# \u009b2J\n" + step,
		"line separator":        header + "# a\u2028condition: 'false'\n" + step,
		"paragraph separator":   header + "# a\u2029condition: 'false'\n" + step,
		"reversed text":         header + "# \u202eeslaf\n" + step,
		"isolated text":         header + "vars: {a: \"b\u2066c\"}\n" + step,
		"octal number":          header + "vars: {zip: 01234}\n" + step,
		"octal, signed":         header + "vars: {zip: -010}\n" + step,
		"zeros":                 header + "vars: {zip: 000}\n" + step,
		"almost octal":          header + "vars: {zip: 0_7}\n" + step,
		"second document":       header + step + "---\nname: b\n",
		"document after end":    header + step + "...\n---\nname: b\n",
		"null, then a document": "null\n---\n" + header + step,
		"alias of itself":       header + "vars:\n  a: &a [*a]\n" + step,
		"long expression":       header + "condition: \"" + strings.Repeat("true && ", 600) + "true\"\n" + step,
		"deep expression":       header + "condition: \"" + strings.Repeat("(", 1000) + "\"\n" + step,
		"102 steps":             header + "steps:\n" + strings.Repeat("  - {id: a, action: get_user, with: {user: ann}}\n", 102),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Load("f.yaml", []byte(source), Connections{"test": manifest(t)})
			var problems Problems
			if p != nil || !errors.As(err, &problems) {
				t.Fatalf("Load = %v, %v", p, err)
			}
			inside(t, []byte(source), problems)
			t.Log(problems[0])
		})
	}
}

func TestLoadWithoutManifest(t *testing.T) {
	_, err := Load("f.yaml", []byte(header+"steps: [{id: a, action: get_user}]\n"), nil)
	var problems Problems
	if !errors.As(err, &problems) || len(problems) != 2 {
		t.Errorf("Load = %v, want problems with trigger and action", err)
	}
}

func TestByteOrderMarkAndLineEnds(t *testing.T) {
	source := "\ufeff" + strings.ReplaceAll(header+"steps:\n  - id: look\n    action: get_user\n    with: {user: ann}\n", "\n", "\r\n")
	p, err := Load("f.yaml", []byte(source), Connections{"test": manifest(t)})
	if err != nil {
		t.Fatal(err)
	}
	if string(p.Source) != source {
		t.Error("Source is not the file's bytes")
	}
}
