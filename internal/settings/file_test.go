package settings

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/sdk"
)

// doors is a connector for tests. A binary with the name "broken" cannot start.
func doors(t *testing.T) Source {
	t.Helper()
	backend, err := sdk.Connector[doorSettings, int]{
		Name: "doors", Title: "Doors", Summary: "Doors.", Docs: "https://docs.example", Version: "1.0.0",
		Open:  func(context.Context, doorSettings) (int, error) { return 0, nil },
		Check: func(context.Context, int) (sdk.Health, error) { return sdk.Health{}, nil },
	}.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return Source{
		Connectors: []Connector{{
			Name: "doors", Manifest: backend.Manifest, Variables: map[string]string{"url": "DOORS_URL", "token": "DOORS_TOKEN"},
			Address: "url", Proof: []string{"token", "site"}, Keys: []string{"token"},
		}},
		Launch: func(ctx context.Context, plugin, _ string) (*sdk.Manifest, error) {
			if filepath.Base(plugin) == "broken" {
				return nil, sdk.Errorf(sdk.Unavailable, "the plugin does not start")
			}
			return backend.Manifest(ctx)
		},
	}
}

// write writes files of a table: the mode of a file follows its name after a blank.
func write(t *testing.T, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name, mode, _ := strings.Cut(name, " ")
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		bits := map[string]os.FileMode{"": 0o600, "read": 0o644, "group": 0o660, "all": 0o666}[mode]
		if err := os.Chmod(name, bits); err != nil {
			t.Fatal(err)
		}
	}
}

// TestNotes lists variables without effect.
func TestNotes(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, map[string]string{"soar.yaml": "connections: {a: {connector: doors, url: https://a.example, token: t}}"})
	for name, value := range map[string]string{
		"DOORS_TOKEN": "x", "SOAR_A_TOKN": "x", "SOAR_A_LIMIT": "3", "SOAR_LOG_LEVEL": "info", "SOAR_PORT_8080_TCP_ADDR": "x",
	} {
		t.Setenv(name, value)
	}
	c, err := doors(t).Read()
	if err == nil {
		err = c.Resolve(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(c.Notes(), "\n")
	if len(c.Notes()) != 2 || !strings.Contains(notes, "DOORS_TOKEN is set and has no effect") || !strings.Contains(notes, `did you mean "SOAR_A_TOKEN"`) {
		t.Errorf("got %s", notes)
	}
}

// TestSettings reads settings files with the environment and files with secrets.
func TestSettings(t *testing.T) {
	const one = "url: https://a.example\ntoken: t\n"
	const two = "connections:\n  a: {connector: doors, url: https://a.example, token: ta}\n  b: {connector: doors, url: https://b.example, token: tb}\n"
	const sum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	withFile := "url: https://a.example\ntoken_file: secret\n"
	type m = map[string]string
	for name, c := range map[string]struct {
		file    string // soar.yaml
		files   m      // other files
		env     m
		want    string   // connections as name: values in JSON
		origin  string   // of the token of the first connection
		errs    []string // parts of the error
		warning string
	}{
		"short form": {file: one, want: `doors: {"token":"t","url":"https://a.example"}`, origin: "soar.yaml:2:1"},
		"two connections": {
			file:   two,
			want:   `a: {"token":"ta","url":"https://a.example"} b: {"token":"tb","url":"https://b.example"}`,
			origin: "soar.yaml:2:49",
		},
		"plugin": {
			file: "connections: {a: {plugin: x, url: https://a.example, token: t, sha256: " + sum + "}}",
			want: `a: {"token":"t","url":"https://a.example"}`,
		},
		"environment only": {
			env:    m{"DOORS_URL": "https://a.example", "DOORS_TOKEN": "{t"},
			want:   `doors: {"token":"{t","url":"https://a.example"}`,
			origin: "DOORS_TOKEN",
		},
		"general variables": {
			env:  m{"SOAR_DOORS_URL": "https://a.example", "SOAR_DOORS_TOKEN": "{t"},
			want: `doors: {"token":"{t","url":"https://a.example"}`,
		},
		"same value twice": {
			file: one,
			env:  m{"DOORS_TOKEN": "{t", "SOAR_DOORS_TOKEN": "{t"},
			want: `doors: {"token":"{t","url":"https://a.example"}`,
		},
		"two values": {
			file: one,
			env:  m{"DOORS_TOKEN": "{t", "SOAR_DOORS_TOKEN": "{u"},
			errs: []string{"DOORS_TOKEN and SOAR_DOORS_TOKEN set token to two values"},
		},
		"environment over file": {
			file: two,
			env:  m{"SOAR_B_LIMIT": "3", "SOAR_B_QUIET": "true", "SOAR_B_DOORS": "x, y"},
			want: `a: {"token":"ta","url":"https://a.example"} b: {"doors":["x","y"],"limit":3,"quiet":true,"token":"tb","url":"https://b.example"}`,
		},
		"object in a variable": {
			file: one,
			env:  m{"SOAR_DOORS_OTHER": "{a: b}"},
			want: `doors: {"other":{"a":"b"},"token":"t","url":"https://a.example"}`,
		},
		"list in YAML": {
			file: one,
			env:  m{"SOAR_DOORS_DOORS": `["a b", c]`},
			want: `doors: {"doors":["a b","c"],"token":"t","url":"https://a.example"}`,
		},
		"wrong variable": {file: two, env: m{"SOAR_B_LIMIT": "many"}, errs: []string{"SOAR_B_LIMIT is not a number"}},
		"variable of wrong type": {
			file: two,
			env:  m{"SOAR_B_LIMIT": "true"},
			errs: []string{"/connections/b/limit: got boolean, want integer (from SOAR_B_LIMIT)"},
		},
		"token of another connection": {file: two, env: m{"SOAR_A_TOKEN": "{x"},
			want: `a: {"token":"{x","url":"https://a.example"} b: {"token":"tb","url":"https://b.example"}`, origin: "SOAR_A_TOKEN"},
		"variables of the short form": {file: two, env: m{"DOORS_TOKEN": "{x", "DOORS_URL": "https://evil.example"},
			want: `a: {"token":"ta","url":"https://a.example"} b: {"token":"tb","url":"https://b.example"}`},
		"other address": {
			file: two,
			env:  m{"SOAR_B_URL": "https://evil.example"},
			errs: []string{"SOAR_B_URL is https://evil.example", "belong to https://b.example", "Set SOAR_B_TOKEN"},
		},
		"other address, same form": {file: one, env: m{"DOORS_URL": "https://evil.example"}, errs: []string{"a token is not sent to another org"}},
		"other address, file": {
			file:  withFile,
			files: m{"secret": "t"},
			env:   m{"DOORS_URL": "https://evil.example"},
			errs:  []string{"a token is not sent to another org"},
		},
		"address in other spelling": {file: two, env: m{"SOAR_B_URL": "https://B.example:443"},
			want: `a: {"token":"ta","url":"https://a.example"} b: {"token":"tb","url":"https://B.example:443"}`},
		"address and token": {
			file: one,
			env:  m{"DOORS_URL": "https://b.example", "DOORS_TOKEN": "{x"},
			want: `doors: {"token":"{x","url":"https://b.example"}`,
		},
		"credentials from one source": {file: one + "site: s\n", env: m{"DOORS_TOKEN": "{x"}, want: `doors: {"token":"{x","url":"https://a.example"}`},
		"secret file": {
			file:   withFile,
			files:  m{"secret": "t\r\n"},
			want:   `doors: {"token":"t","url":"https://a.example"}`,
			origin: "secret (soar.yaml:2:1)",
		},
		"secret file with a mark": {file: withFile, files: m{"secret": "\ufefft\n"}, want: `doors: {"token":"t","url":"https://a.example"}`},
		"secret file in the variable": {
			file:   one,
			files:  m{"other": "x"},
			env:    m{"SOAR_DOORS_TOKEN_FILE": "other"},
			want:   `doors: {"token":"x","url":"https://a.example"}`,
			origin: "other (SOAR_DOORS_TOKEN_FILE)",
		},
		"variable names the file": {
			file:  one,
			files: m{"other": "x"},
			env:   m{"DOORS_TOKEN": "other"},
			want:  `doors: {"token":"x","url":"https://a.example"}`,
		},
		"variable names no file":    {file: one, env: m{"DOORS_TOKEN": "canary"}, errs: []string{"DOORS_TOKEN is neither a key"}},
		"variable over secret file": {file: withFile, env: m{"DOORS_TOKEN": "{x"}, want: `doors: {"token":"{x","url":"https://a.example"}`},
		"secret and its file":       {file: one + "token_file: secret\n", files: m{"secret": "t"}, errs: []string{"/token: is set as token_file too"}},
		"variable and its file": {
			file:  one,
			files: m{"x": "t"},
			env:   m{"DOORS_TOKEN": "{x", "SOAR_DOORS_TOKEN_FILE": "x"},
			errs:  []string{"DOORS_TOKEN and SOAR_DOORS_TOKEN_FILE are both set"},
		},
		"mapping in a secret file": {
			file:  one + "heads_file: h\n",
			files: m{"h": "A: b\n"},
			want:  `doors: {"heads":{"A":"b"},"token":"t","url":"https://a.example"}`,
		},
		"mapping in a variable": {
			file: "url: https://a.example\n",
			env:  m{"SOAR_DOORS_HEADS": "{A: b}", "DOORS_TOKEN": "{t"},
			want: `doors: {"heads":{"A":"b"},"token":"{t","url":"https://a.example"}`,
		},
		"no mapping in a secret file": {
			file:  one + "heads_file: h\n",
			files: m{"h": "canary\n"},
			errs:  []string{"cannot use heads from the file h", "the content is not a mapping in YAML"},
		},
		"mapping of a wrong type": {
			file:  one + "heads_file: h\n",
			files: m{"h": "A: [canary]\n"},
			errs:  []string{"/heads/A: is not of the form that this secret must have (from h (soar.yaml:3:1))"},
		},
		"mapping to another address": {
			file:  "url: https://a.example\nheads_file: h\n",
			files: m{"h": "A: b\n"},
			env:   m{"DOORS_URL": "https://b.example"},
			errs:  []string{"a token is not sent to another org"},
		},
		"connector in the short form":  {file: one + "connector: doors\n", errs: []string{"/connector: is a member of a connection", "(line 3, column 1)"}},
		"no secret file":               {file: withFile, errs: []string{"cannot read token from the file secret", "no such file"}},
		"empty secret file":            {file: withFile, files: m{"secret": "\n"}, errs: []string{"from the file secret", "the file is empty"}},
		"secret file with NUL":         {file: withFile, files: m{"secret": "a\x00b"}, errs: []string{"is not UTF-8 text"}},
		"secret file in UTF-16":        {file: withFile, files: m{"secret": "\xff\xfet\x00"}, errs: []string{"is not UTF-8 text"}},
		"large secret file":            {file: withFile, files: m{"secret": strings.Repeat("x", maxSecret+1)}, errs: []string{"too large"}},
		"secret file is a folder":      {file: withFile, files: m{"secret/x": "t"}, errs: []string{"is a folder"}},
		"secret file with a reference": {file: withFile, files: m{"secret": "${TOKEN}"}, errs: []string{"variables are not expanded"}},
		"secret file for all":          {file: withFile, files: m{"secret all": "t"}, errs: []string{"the secret file secret is not used"}},
		"secret file of a group": {
			file:    withFile,
			files:   m{"secret group": "t"},
			want:    `doors: {"token":"t","url":"https://a.example"}`,
			warning: "the secret file's group can change it",
		},
		"secret file for readers": {
			file:    withFile,
			files:   m{"secret read": "t"},
			want:    `doors: {"token":"t","url":"https://a.example"}`,
			warning: "the secret file holds a secret",
		},
		"name of a file is no text": {
			file: "url: https://a.example\ntoken_file: [x]\n",
			errs: []string{"/token_file: is not the name of a file (line 2, column 1)"},
		},
		"file of a setting that is no secret": {
			file: one + "site_file: x\n", errs: []string{"/site_file: unknown field"},
		},
		"misspelled file": {
			file: "url: https://a.example\ntokn_file: x\n",
			errs: []string{`/tokn_file: unknown field; did you mean "token_file"`, "(line 2, column 1)"},
		},
		"misspelled member": {file: one + "playboks: [x]\n", errs: []string{`/playboks: unknown field; did you mean "playbooks"`}},
		"misspelled in the long form": {
			file: two + "playboks: [x]\n",
			errs: []string{`/playboks: unknown field; did you mean "playbooks"? (line 4, column 1)`},
		},
		"both forms": {
			file: two + one,
			errs: []string{"/url: unknown field of a file with connections", "move it below connections", "(line 4, column 1)", "/token: "},
		},
		"unknown connector": {
			file: "connections: {a: {connector: dors}}",
			errs: []string{`/connections/a/connector: there is no built-in connector "dors"; did you mean "doors"`},
		},
		"far from any connector": {file: "connections: {a: {connector: quux}}", errs: []string{"the built-in connectors are doors"}},
		"no connector":           {file: "connections: {a: {}}", errs: []string{"/connections/a: names no connector"}},
		"connector and plugin": {
			file: "connections: {a: {connector: doors, plugin: x}}",
			errs: []string{"/connections/a/plugin: is set beside connector"},
		},
		"checksum of a built-in": {file: "connections: {a: {connector: doors, sha256: " + sum + "}}", errs: []string{"is the checksum of a plugin"}},
		"short checksum":         {file: "connections: {a: {plugin: x, sha256: abc}}", errs: []string{"/connections/a/sha256: is not a SHA-256"}},
		"plugin that does not start": {
			file: "connections: {a: {plugin: broken}}",
			errs: []string{"/connections/a/plugin: cannot read the manifest of ", "/broken: the plugin does not start"},
		},
		"no connections":         {file: "connections: {}", errs: []string{"/connections: has no connection"}},
		"connections are null":   {file: "connections:\n", errs: []string{"/connections: got null, want object (line 1, column 1)"}},
		"connections are a list": {file: "connections: [a]", errs: []string{"/connections: got array, want object"}},
		"connection is a text":   {file: "connections: {a: doors}", errs: []string{"/connections/a: got string, want object (line 1, column 15)"}},
		"upper-case name":        {file: "connections: {Emea: {connector: doors}}", errs: []string{"/connections/Emea: is not a name in snake_case"}},
		"name with a dash":       {file: "connections: {e-u: {connector: doors}}", errs: []string{"is not a name in snake_case"}},
		"long name": {
			file: "connections: {" + strings.Repeat("a", 41) + ": {connector: doors}}",
			errs: []string{"at most 40 characters"},
		},
		"name twice": {
			file: "connections:\n  a: {connector: doors}\n  a: {connector: doors}\n",
			errs: []string{"a is given twice: first in line 2"},
		},
		"setting twice": {file: two + "engine: {store: a, store: b}\n", errs: []string{"store is given twice"}},
		"anchor": {
			file: "connections:\n  a: &x {connector: doors}\n  b: *x\n",
			errs: []string{"anchors (&) and aliases (*) are not supported"},
		},
		"octal number": {file: "connections: {a: {connector: doors, limit: 010}}", errs: []string{"begins with 0 is octal"}},
		"NUL":          {file: two + "\x00", errs: []string{"U+0000"}},
		"wrong type in a connection": {
			file: "connections:\n  a:\n    connector: doors\n    doors: [x, 1]\n",
			errs: []string{"/connections/a/doors/1: got number, want string (line 4, column 16)"},
		},
		"wrong type of playbooks":  {file: one + "playbooks: books\n", errs: []string{"/playbooks: got string, want array (line 3, column 1)"}},
		"wrong type of a store":    {file: one + "engine: {store: [x]}\n", errs: []string{"/engine/store: got array, want string (line 3, column 10)"}},
		"unknown member of engine": {file: one + "engine: {stor: x}\n", errs: []string{`/engine/stor: unknown field; did you mean "store"?`}},
		"reference in a connection": {
			file: "connections: {a: {connector: doors, url: https://a.example, token: \"${T}\"}}",
			errs: []string{`token of the connection a in soar.yaml is "${T}"`, "SOAR_A_TOKEN"},
		},
		"reference in a store": {file: one + "engine: {store: \"${DIR}/x.db\"}\n", errs: []string{`engine in soar.yaml is "${DIR}"`}},
		"two problems": {
			file: "connections: {a: {connector: doors, tokn: x}, b: {connector: doors, limit: x}}",
			errs: []string{"/connections/a/tokn", "/connections/b/limit"},
		},
		"missing in one connection": {
			file: two + "  c: {connector: doors}\n",
			errs: []string{"/connections/c: needs url (SOAR_C_URL, or url in soar.yaml) and token (SOAR_C_TOKEN"},
		},
		"connection with a name of the host": {
			file: "connections: {a: {connector: doors, url: https://a.example}, engine: {connector: doors, url: https://a.example, token: t}}",
			env:  m{"SOAR_A_TOKEN": "{t", "SOAR_ENGINE_URL": "https://a.example"},
			want: `a: {"token":"{t","url":"https://a.example"} engine: {"token":"t","url":"https://a.example"}`,
		},
		"variable of a flag": {
			file: "connections: {log: {connector: doors, url: https://a.example, token: t}}", env: m{"SOAR_LOG_LEVEL": "debug"},
			want: `log: {"token":"t","url":"https://a.example"}`,
		},
		"settings file for all": {file: "", files: m{"soar.yaml all": one}, errs: []string{"the settings file soar.yaml is not used"}},
		"settings file for readers": {
			file:    "",
			files:   m{"soar.yaml read": one},
			want:    `doors: {"token":"t","url":"https://a.example"}`,
			warning: "the settings file holds a secret",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			files := m{}
			if c.file != "" {
				files["soar.yaml"] = c.file
			}
			for name, text := range c.files {
				files[name] = text
			}
			write(t, files)
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			got, err := doors(t).Read()
			if got != nil {
				err = got.Resolve(t.Context())
			}
			if c.errs != nil {
				if err == nil {
					t.Fatal("no error")
				}
				text := err.Error()
				for _, v := range sdk.AsError(err).Violations {
					text += "\n" + v.String()
				}
				for _, want := range c.errs {
					if !strings.Contains(text, want) {
						t.Errorf("%q is not in the error %s", want, text)
					}
				}
				if strings.Contains(text, "canary") {
					t.Errorf("the error contains the secret: %s", text)
				}
				return
			}
			if err != nil {
				t.Fatal(err, sdk.AsError(err).Violations)
			}
			var texts []string
			for i := range got.Connections {
				raw, err := got.Connections[i].JSON()
				if err != nil {
					t.Fatal(err)
				}
				texts = append(texts, got.Connections[i].Name+": "+string(raw))
			}
			if diff := cmp.Diff(c.want, strings.Join(texts, " ")); diff != "" {
				t.Error(diff)
			}
			if origin := got.Connections[0].Origins["token"].String(); c.origin != "" && origin != c.origin {
				t.Errorf("the origin of the token is %s, want %s", origin, c.origin)
			}
			warning := ""
			for _, w := range got.Warnings() {
				warning += w.Text
			}
			if (warning == "") != (c.warning == "") || !strings.Contains(warning, c.warning) {
				t.Errorf("the warning is %q, want %q", warning, c.warning)
			}
		})
	}
}
