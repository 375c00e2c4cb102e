package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// TestSettingsFiles lets the program read settings files with at most 4 GB of virtual memory and 20 seconds. The program
// reads each file, or rejects it with a reason that does not contain its secret.
func TestSettingsFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs ulimit -v, /dev/zero and named pipes")
	}
	t.Parallel()
	org := oktasim.Start(t, oktasim.Options{Seed: oktasim.Demo})
	good := "org_url: " + org.URL + "\ntoken: " + org.Token + "\n"
	bomb := "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
	for i := range 9 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d,", i), 10), ","))
	}
	utf16 := func(s string, first, second byte) string {
		b := []byte{first, second}
		for _, c := range []byte(s) {
			if first == 0xff {
				b = append(b, c, 0)
			} else {
				b = append(b, 0, c)
			}
		}
		return string(b)
	}
	const secret = "00canarycanary"
	for name, tt := range map[string]struct {
		text string
		make func(path string) error // instead of text
		want string                  // part of the error; "" if the file is valid
		warn string
	}{
		"good":                      {text: good},
		"byte order mark":           {text: "\ufeff" + good},
		"carriage returns":          {text: strings.ReplaceAll(good, "\n", "\r\n")},
		"document start and end":    {text: "%YAML 1.2\n---\n" + good + "...\n"},
		"comment before and after":  {text: "# a\n---\n" + good + "# b\n"},
		"JSON":                      {text: fmt.Sprintf(`{"org_url": %q, "token": %q}`, org.URL, org.Token)},
		"guards":                    {text: good + "read_only: true\nprotected_users: [ben.okafor@corp.example]\n"},
		"second document":           {text: good + "---\nread_only: true\n", want: "a second document begins here"},
		"document after the end":    {text: good + "...\n---\nread_only: true\n", want: "a second document begins here"},
		"null, then a document":     {text: "null\n---\n" + good, want: "a second document begins here"},
		"document, carriage return": {text: strings.ReplaceAll(good+"---\nread_only: true\n", "\n", "\r\n"), want: "a second document begins here"},
		"UTF-16, little":            {text: utf16(good, 0xff, 0xfe), want: "save it as UTF-8"},
		"UTF-16, big":               {text: utf16(good, 0xfe, 0xff), want: "save it as UTF-8"},
		"UTF-16 without a mark":     {text: utf16(good, 0xff, 0xfe)[2:], want: "U+0000 is not allowed"},
		"Latin 1":                   {text: good + "protected_users: [\xe9lodie]\n", want: "not UTF-8"},
		"mark before a later key":   {text: good + "\ufeffread_only: true\n", want: "byte order mark"},
		"blank in a key":            {text: good + "\u200bread_only: true\n", want: `did you mean "read_only"`},
		"misspelled":                {text: "orgUrl: https://acme.okta.com\ntoken: " + secret + "\n", want: `did you mean "org_url"`},
		"misspelled, incomplete":    {text: "api_token: " + secret + "\n", want: `did you mean "token"`},
		"misspelled guard":          {text: good + "readonly: true\n", want: `did you mean "read_only"`},
		"upper case":                {text: good + "READ_ONLY: true\n", want: `did you mean "read_only"`},
		"unknown":                   {text: good + "color: blue\n", want: "/color: unknown field"},
		"twice":                     {text: good + "read_only: true\nread_only: false\n", want: "read_only is given twice: first in line 3"},
		"twice, quoted":             {text: good + "read_only: true\n\"read_only\": false\n", want: "read_only is given twice"},
		"wrong type":                {text: good + "read_only: 'yes'\n", want: "/read_only: got string, want boolean (line 3, column 1)"},
		"yes":                       {text: good + "read_only: yes\n", want: "/read_only: got string, want boolean"},
		"null guard":                {text: good + "read_only:\n", want: "/read_only: got null"},
		"text in place of a list":   {text: good + "protected_users: ben.okafor@corp.example\n", want: "/protected_users: got string, want array"},
		"secret of a wrong type":    {text: "org_url: " + org.URL + "\ntoken: [" + secret + "]\n", want: "/token: is not of the form"},
		"tab":                       {text: "org_url: " + org.URL + "\n\ttoken: " + secret + "\n", want: "not valid YAML"},
		"not closed":                {text: "token: \"" + secret + "\n", want: "not valid YAML"},
		"NUL":                       {text: good + "\x00", want: "U+0000"},
		"escape sequence":           {text: good + "# \x1b[2J\n", want: "U+001B"},
		"C1 line break":             {text: good + "# c\u0085read_only: true\n", want: "U+0085"},
		"line separator":            {text: good + "# c\u2028read_only: true\n", want: "U+2028"},
		"reversed text":             {text: good + "# \u202eyek\n", want: "U+202E"},
		"octal limit":               {text: good + "max_writes_per_minute: 010\n", want: "begins with 0"},
		"token of a vault":          {text: "org_url: " + org.URL + "\ntoken: op://vault/okta/token\n", want: "/token: has an invalid character"},
		"token of PowerShell":       {text: "org_url: " + org.URL + "\ntoken: $env:OKTA_TOKEN\n", want: "/token: has an invalid character"},
		"token of a placeholder":    {text: "org_url: " + org.URL + "\ntoken: <token>\n", want: "/token: has an invalid character"},
		"a list":                    {text: "- org_url: " + org.URL + "\n", want: "a mapping of names"},
		"a text":                    {text: secret + "\n", want: "a mapping of names"},
		"a tag":                     {text: good + "read_only: !!str true\n", want: "tags such as"},
		"merging":                   {text: good + "<<: {read_only: true}\n", want: "must be a plain text"},
		"empty":                     {text: "", want: "cannot connect to Okta"},
		"only comments":             {text: "# nothing\n\n", want: "cannot connect to Okta"},
		"null":                      {text: "null\n", want: "the file is empty"},
		"token of a variable": {
			text: "org_url: " + org.URL + "\ntoken: ${OKTA_TOKEN}\n",
			want: `token in FILE is "${OKTA_TOKEN}", and variables are not expanded. Delete it there and set the environment variable OKTA_API_TOKEN`,
		},
		"token of a short variable": {text: "org_url: " + org.URL + "\ntoken: $OKTA_TOKEN\n", want: "variables are not expanded"},
		"token of a template":       {text: "org_url: " + org.URL + "\ntoken: \"{{ okta_token }}\"\n", want: "variables are not expanded"},
		"token of Windows":          {text: "org_url: " + org.URL + "\ntoken: \"%OKTA_TOKEN%\"\n", want: "variables are not expanded"},
		"address of a variable":     {text: "org_url: https://${ORG}.okta.com\ntoken: " + secret + "\n", want: "environment variable OKTA_ORG_URL"},
		"guard of a variable":       {text: good + "protected_users: [\"${BREAK_GLASS}\"]\n", want: "protected_users in FILE"},
		"anchors":                   {text: bomb, want: "anchors (&) and aliases (*) are not supported"},
		"alias of a long text": {
			text: "a: &a " + strings.Repeat("x", 100_000) + "\nb: [" + strings.TrimSuffix(strings.Repeat("*a, ", 4000), ", ") + "]\n",
			want: "anchors",
		},
		"brackets":              {text: strings.Repeat("[", 100_000), want: "too long"},
		"braces":                {text: strings.Repeat("{a: ", 25_000), want: "too long"},
		"dashes":                {text: strings.Repeat("- ", 50_000), want: "too long"},
		"question marks":        {text: strings.Repeat("? ", 50_000), want: "too long"},
		"few brackets":          {text: strings.Repeat("[", 1000), want: "nested too deeply"},
		"many keys":             {text: strings.Repeat("a: b\n", 50_000), want: "too long"},
		"half a megabyte":       {text: good + strings.Repeat("# comment\n", 60_000), want: "too large"},
		"a gigabyte":            {make: func(path string) error { return sparse(path, 1<<30) }, want: "too large"},
		"a folder":              {make: func(path string) error { return os.Mkdir(path, 0o700) }, want: "is a folder"},
		"a pipe":                {make: func(path string) error { return syscall.Mkfifo(path, 0o600) }, want: "is a pipe or a device"},
		"a device":              {make: func(path string) error { return os.Symlink("/dev/zero", path) }, want: "is a pipe or a device"},
		"a lost link":           {make: func(path string) error { return os.Symlink("/nowhere/at/all", path) }, want: "no such file"},
		"others can write":      {make: withMode(good, 0o666), want: "every user of this machine can change it"},
		"others can only write": {make: withMode(good, 0o602), want: "Run chmod 600"},
		"its group can write":   {make: withMode(good, 0o660), warn: "group can change it"},
		"others can read":       {make: withMode(good, 0o644), warn: "users of this machine can read"},
		"others can replace it": {make: func(path string) error {
			if err := os.Chmod(filepath.Dir(path), 0o777); err != nil {
				return err
			}
			return withMode(good, 0o600)(path)
		}, warn: "can replace the settings file"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "FILE")
			made := tt.make
			if made == nil {
				made = withMode(tt.text, 0o600)
			}
			if err := made(path); err != nil {
				t.Fatal(err)
			}
			// The manifest is read in this process; check costs a plugin's process as well.
			out, code := limitedSoar(t, filepath.Dir(path), "--config", "FILE", "check")
			if strings.Contains(out, secret) {
				t.Errorf("the secret is repeated:\n%s", out)
			}
			if tt.want == "" {
				if code != 0 || !strings.Contains(out, "settings file: "+path) || !strings.Contains(out, tt.warn) {
					t.Errorf("exit status %d:\n%s", code, out)
				}
				return
			}
			if code != exitUsage || !strings.Contains(out, tt.want) {
				t.Errorf("exit status %d, want %q in\n%s", code, tt.want, out)
			}
		})
	}
}

// TestPlaybookFiles has the program read what is no playbook file.
func TestPlaybookFiles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs ulimit -v, /dev/zero and named pipes")
	}
	t.Parallel()
	for name, tt := range map[string]struct {
		make func(path string) error
		want string
	}{
		"a device":   {func(path string) error { return os.Symlink("/dev/zero", path) }, "is a pipe or a device"},
		"a pipe":     {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "is a pipe or a device"},
		"a folder":   {func(path string) error { return os.Mkdir(path, 0o700) }, "is a folder"},
		"a gigabyte": {func(path string) error { return sparse(path, 1<<30) }, "too large"},
		"brackets":   {withMode(strings.Repeat("[", 100_000), 0o600), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "FILE")
			if err := tt.make(path); err != nil {
				t.Fatal(err)
			}
			out, code := limitedSoar(t, filepath.Dir(path), "playbook", "check", "FILE")
			if code != exitUsage || !strings.Contains(out, tt.want) {
				t.Errorf("exit status %d, want %q in\n%s", code, tt.want, out)
			}
		})
	}
}

// TestPlaybookThatOthersCanChange has the program warn of a playbook that others can
// change or replace.
func TestPlaybookThatOthersCanChange(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		folder, file os.FileMode
		want         string
	}{
		"the owner alone":       {0o755, 0o644, ""},
		"others write":          {0o755, 0o646, "can change the playbook"},
		"its group writes":      {0o755, 0o664, "can change the playbook"},
		"others replace":        {0o777, 0o644, "can replace the playbook"},
		"others in /tmp's mode": {0o777 | os.ModeSticky, 0o644, ""},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			text := "name: p\ntitle: P\ntrigger: system_log\nevent_types: [user.session.end]\nsteps:\n  - {id: t, action: list_event_types}\n"
			if err := withMode(text, tt.file)(filepath.Join(folder, "FILE")); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(folder, tt.folder); err != nil {
				t.Fatal(err)
			}
			out, code := limitedSoar(t, folder, "playbook", "check", "FILE")
			if code != 0 || strings.Contains(out, "WARN") != (tt.want != "") || !strings.Contains(out, tt.want) {
				t.Errorf("exit status %d, want %q in\n%s", code, tt.want, out)
			}
		})
	}
}

func withMode(text string, mode os.FileMode) func(string) error {
	return func(path string) error {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
		return os.Chmod(path, mode) // independent of the umask
	}
}

func sparse(path string, size int64) error {
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		return err
	}
	return os.Truncate(path, size)
}

// limitedSoar runs the program with bounded memory and time, and returns what it
// wrote.
func limitedSoar(t *testing.T, folder string, args ...string) (out string, code int) {
	t.Helper()
	soar, err := exec.LookPath("soar")
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), "/bin/sh", append([]string{"-c", `ulimit -v 4000000; exec timeout 20 "$0" "$@"`, soar}, args...)...)
	c.Dir = folder
	c.Env = append(os.Environ(), "OKTA_ORG_URL=", "OKTA_API_TOKEN=")
	var b bytes.Buffer
	c.Stdout, c.Stderr = &b, &b
	begun := time.Now()
	err = c.Run()
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("took %s", took)
	}
	if c.ProcessState == nil {
		t.Fatal(err)
	}
	return b.String(), c.ProcessState.ExitCode()
}
