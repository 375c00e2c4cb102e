package settings

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// TestSameAddress checks that a token goes only to the org of its settings, in any spelling of
// the address.
func TestSameAddress(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"https://acme.example.com", "https://acme.example.com/", true},
		{"https://acme.example.com", "https://ACME.example.com", true},
		{"https://acme.example.com:443", "https://acme.example.com", true},
		{"https://acme.example.com.", "https://acme.example.com:0443/", true},
		{"http://[::1]:80", "http://[0::1]", true},
		{"https://société.example", "https://xn--socit-esab.example", true},
		{"https://acme.example.com", "https://acme.example.com:8443", false},
		{"https://acme.example.com", "http://acme.example.com", false},
		{"https://acme.example.com", "https://acme.example.com.evil.example", false},
		{"https://acme.example.com", "", false},
	} {
		if got := sameAddress(c.a, c.b); got != c.same {
			t.Errorf("%s and %s: got %t", c.a, c.b, got)
		}
	}
}

// TestHostSettings reads the members that belong to no connection, with paths that are relative to the file.
func TestHostSettings(t *testing.T) {
	t.Chdir(t.TempDir())
	const text = "url: https://a.example\ntoken_file: s/t\nplaybooks: [p, /abs, ../q]\nengine: {store: d/x.db}\n"
	write(t, map[string]string{"conf/soar.yaml": text, "conf/s/t": "t"})
	for name, c := range map[string]struct {
		env             map[string]string
		store, playbook string
	}{
		"file": {store: "conf/d/x.db", playbook: "conf/p /abs q"},
		"environment": {
			env:   map[string]string{"SOAR_STORE": "y.db", "SOAR_PLAYBOOKS": "b"},
			store: "y.db", playbook: "b",
		},
	} {
		t.Run(name, func(t *testing.T) {
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			s := doors(t)
			s.File = "conf/soar.yaml"
			got, err := s.Read()
			if err == nil {
				err = got.Resolve(t.Context())
			}
			if err != nil {
				t.Fatal(err, sdk.AsError(err).Violations)
			}
			if got.Store != c.store || strings.Join(got.Playbooks, " ") != c.playbook {
				t.Errorf("got %s, %s", got.Store, got.Playbooks)
			}
			if got.Connections[0].Values["token"] != "t" {
				t.Errorf("got %v", got.Connections[0].Values)
			}
		})
	}
}

// TestPluginPath checks that the path of a plugin is relative to the file, and never a name to search for in PATH.
func TestPluginPath(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	for file, c := range map[string]struct{ plugin, want string }{
		"a.yaml":   {"x", filepath.Join(folder, "x")},
		"b.yaml":   {"./x", filepath.Join(folder, "x")},
		"c/s.yaml": {"../x", filepath.Join(folder, "x")},
		"d/s.yaml": {"x", filepath.Join(folder, "d", "x")},
		"e.yaml":   {"/bin/x", "/bin/x"},
	} {
		write(t, map[string]string{file: "connections: {a: {plugin: " + c.plugin + "}}"})
		s := doors(t)
		s.File = file
		got, err := s.Read()
		if err != nil {
			t.Fatal(err)
		}
		if got.Connections[0].Plugin != c.want {
			t.Errorf("%s in %s: got %s, want %s", c.plugin, file, got.Connections[0].Plugin, c.want)
		}
	}
}

// TestVariableWithTwoMeanings rejects a variable that sets a member of the file and a setting of a connection.
func TestVariableWithTwoMeanings(t *testing.T) {
	t.Chdir(t.TempDir())
	const settings = ", url: https://a.example, token: t}"
	write(t, map[string]string{"soar.yaml": "connections:\n  a: {connector: doors" + settings + "\n  a_b: {connector: doors" + settings + "\n"})
	c, err := doors(t).Read()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Resolve(t.Context()); err != nil {
		t.Fatal(err)
	}
	c.Connections[0].variables["SOAR_A_B_URL"] = "b_url"
	var r report
	if c.checkVariables(&r); r.problems != nil {
		t.Errorf("a variable that is not set is a problem: %v", r.problems)
	}
	t.Setenv("SOAR_A_B_URL", "https://a.example")
	if c.checkVariables(&r); len(r.problems) != 1 || !strings.Contains(r.problems[0].Message, "b_url of the connection a and url of the connection a_b") {
		t.Errorf("got %v", r.problems)
	}
}

// TestReread reads a secret again after each change of its file.
func TestReread(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, map[string]string{"soar.yaml": "url: https://a.example\ntoken_file: secret\n", "secret": "first\n"})
	c, err := doors(t).Read()
	if err == nil {
		err = c.Resolve(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	one := &c.Connections[0]
	for _, step := range []struct{ text, want, err string }{
		{"first\n", "", ""},
		{"second", "second", ""},
		{"second\n", "", ""},
		{"", "", "the file is empty"},
		{"\x00", "", "is not UTF-8 text"},
		{"third", "third", ""},
	} {
		// A new file replaces the old one, as in a mounted secret.
		write(t, map[string]string{"new": step.text})
		if err := os.Rename("new", "secret"); err != nil {
			t.Fatal(err)
		}
		next, err := one.Reread()
		switch {
		case step.err != "":
			if err == nil || !strings.Contains(err.Error(), step.err) {
				t.Errorf("%q: got %v, want %s", step.text, err, step.err)
			}
			continue
		case err != nil:
			t.Fatal(err)
		case step.want == "" && next != nil:
			t.Errorf("%q: the connection has changed", step.text)
		case step.want != "":
			if next == nil || next.Values["token"] != step.want || one.Values["token"] == step.want {
				t.Fatalf("%q: got %v", step.text, next)
			}
			one = next
		}
	}
}

// TestFieldsAreMasked checks that no secret is in the settings for people.
func TestFieldsAreMasked(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, map[string]string{
		"soar.yaml": "connections: {a: {connector: doors, url: https://a.example, token: canary1}, b: {connector: doors, url: https://b.example, token_file: s}}\n",
		"s":         "canary2",
	})
	c, err := doors(t).Read()
	if err == nil {
		err = c.Resolve(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	fields, err := c.Fields()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(fields)
	if err != nil || strings.Contains(string(raw), "canary") || strings.Count(string(raw), "********") != 2 {
		t.Errorf("got %s, %v", raw, err)
	}
}
