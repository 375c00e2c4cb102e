//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/creack/pty"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/terminal"
)

// unprintable are characters that hide, reorder, erase or forge what a terminal shows.
var unprintable = map[string]string{
	"escape sequence": "\x1b[31mred", "C1 escape sequence": "\u009b31m", "operating system command": "\x1b]0;title\a", "carriage return": "\r", "line feed": "\n",
	"backspace": "\b", "tab": "\t", "null": "\x00", "DEL": "\x7f", "next line": "\u0085", "right-to-left override": "\u202e", "isolate": "\u2066",
	"arabic letter mark": "\u061c", "line separator": "\u2028", "paragraph separator": "\u2029", "zero-width space": "\u200b", "zero-width joiner": "\u200d",
	"word joiner": "\u2060", "byte order mark": "\ufeff", "soft hyphen": "\u00ad", "hangul filler": "\u3164", "grapheme joiner": "\u034f",
	"variation selector": "\ufe0f", "variation selector 256": "\U000e01ef", "tag": "\U000e0041", "private use": "\ue000", "private use plane": "\U000f0001",
	"unassigned": "\u0378", "noncharacter": "\uffff", "no-break space": "\u00a0",
}

func hostileText() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(unprintable)) {
		fmt.Fprintf(&b, "<%s>", unprintable[name])
	}
	return b.String()
}

// A screen is a command in a terminal of its own.
type screen struct {
	t    *testing.T
	cmd  *exec.Cmd
	file *os.File // the terminal's other end
	mu   sync.Mutex
	text bytes.Buffer
	done chan struct{}
}

func inTerminal(t *testing.T, dir string, env []string, args ...string) *screen {
	t.Helper()
	s := &screen{t: t, cmd: exec.Command("soar", args...), done: make(chan struct{})}
	s.cmd.Dir, s.cmd.Env = dir, append(append(os.Environ(), "TERM=xterm", "NO_COLOR="), env...)
	f, err := pty.StartWithSize(s.cmd, &pty.Winsize{Rows: 50, Cols: 500})
	if err != nil {
		t.Fatal(err)
	}
	s.file = f
	go func() {
		defer close(s.done)
		b := make([]byte, 1<<16)
		for {
			n, err := f.Read(b)
			s.mu.Lock()
			s.text.Write(b[:n])
			s.mu.Unlock()
			if err != nil {
				return // Linux reports EIO when the command has ended
			}
		}
	}()
	t.Cleanup(func() {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
		_ = f.Close()
		<-s.done
	})
	return s
}

func (s *screen) shown() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// await waits until the terminal shows text.
func (s *screen) await(text string) {
	s.t.Helper()
	for end := time.Now().Add(60 * time.Second); !strings.Contains(s.shown(), text); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.done:
			if strings.Contains(s.shown(), text) {
				return
			}
			s.t.Fatalf("soar %s ended without %q:\n%s", s.cmd.Args, text, s.shown())
		default:
		}
		if time.Now().After(end) {
			s.t.Fatalf("%q is not shown:\n%s", text, s.shown())
		}
	}
}

// end waits for the end of the command and returns all that it showed.
func (s *screen) end() string {
	s.t.Helper()
	select {
	case <-s.done:
	case <-time.After(60 * time.Second):
		s.t.Fatalf("soar %s does not end:\n%s", s.cmd.Args, s.shown())
	}
	_ = s.cmd.Wait()
	return s.shown()
}

// own are the sequences that the program itself sends: colors, and the last line's.
var own = regexp.MustCompile(`\x1b\[(?:\d+;?)+m|\r\x1b\[K|\x1b\[\?7[lh]|\r\n`)

func checkShown(t *testing.T, name, shown string, isJSON bool) {
	t.Helper()
	plain := own.ReplaceAllStringFunc(shown, func(s string) string { return strings.TrimLeft(s, "\r\x1b[?;Klhm0123456789") })
	if !utf8.ValidString(plain) {
		t.Errorf("%s: not UTF-8", name)
	}
	for _, r := range plain {
		if r != '\n' && !(terminal.OneLine(string(r)) == string(r)) {
			t.Errorf("%s: shows %U: %.2000q", name, r, shown)
			break
		}
	}
	if strings.Contains(shown, "\x1b[31mred") {
		t.Errorf("%s: colors of an attacker", name)
	}
	if !strings.Contains(plain, `\u202e`) || !strings.Contains(plain, `\udb40\udc41`) && !strings.Contains(plain, `\U000e0041`) { // as %q writes it
		t.Errorf("%s: the text from outside is not shown: %.3000q", name, shown)
	}
	if !isJSON {
		return
	}
	seen := false
	dec := json.NewDecoder(strings.NewReader(plain))
	for dec.More() {
		var v any
		if err := dec.Decode(&v); err != nil {
			t.Errorf("%s: %v: %.2000s", name, err, plain)
			return
		}
		back, _ := json.Marshal(v)
		want, _ := json.Marshal("\U000e0041\u202e")
		seen = seen || bytes.Contains(back, bytes.Trim(want, `"`))
	}
	if !seen && !strings.Contains(name, "playbook") { // quotes the text
		t.Errorf("%s: the JSON has another value: %.2000s", name, plain)
	}
}

// Text from an event, or from Okta, does not steer the terminal in any command.
func TestTerminalShowsOnlyPrintableCharacters(t *testing.T) {
	org := oktasim.New(oktasim.Options{Seed: oktasim.Demo, Token: demoToken})
	server := httptest.NewServer(org)
	t.Cleanup(server.Close)
	hostile := hostileText() + "\U000e0041\u202e"
	org.AddGroup(oktasim.NewGroup{Name: "g" + hostile})
	who := map[string]any{"id": "00u1", "type": "User", "alternateId": hostile, "displayName": hostile}
	event := oktasim.Event{"eventType": "user.session.start", "actor": who, "outcome": map[string]any{"result": hostile}}
	org.Append(event)

	dir := t.TempDir()
	env := []string{envOrgURL + "=" + server.URL, envToken + "=" + demoToken, "HOME=" + dir}
	playbook := `name: look
title: Look
trigger: system_log
event_types: [user.session.start]
params: {look_back: 1h}
condition: event.actor.id == "00u1"
steps:
  - id: one
    action: get_group_by_name
    with: {name: "${{ event.actor.alternateId }}"}
    on_error: continue
  - id: two
    action: get_user
    with: {user: "${{ event.actor.alternateId }}"}
`
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("look.yaml", playbook)
	env = append(env, "COLUMNS=1000") // soar audit cuts nothing
	// A playbook may hold these characters as YAML's escapes only.
	write("bad.yaml", strings.Replace(playbook, "get_user", strconv.QuoteToASCII(hostile), 1))
	raw, _ := json.Marshal(map[string]any{"uuid": "1", "eventType": "user.session.start", "published": "2026-03-01T10:00:00Z", "actor": who})
	// As Okta could send them, not as Go escapes them.
	raw = bytes.ReplaceAll(raw, []byte(`\u2028`), []byte("\u2028"))
	write("events.jsonl", string(raw)+"\nno event \u202e\U000e0041\n")

	watch := inTerminal(t, dir, env, "watch", "--every", "1s", "--log-level", "debug", "look.yaml")
	watch.await("failed\x1b[0m in ")
	_ = watch.cmd.Process.Signal(os.Interrupt)
	checkShown(t, "watch", watch.end(), false)

	list := exec.Command("soar", "runs", "--json")
	list.Dir, list.Env = dir, append(os.Environ(), env...)
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	var run struct{ ID string }
	if err := json.Unmarshal(bytes.SplitN(out, []byte("\n"), 2)[0], &run); err != nil || run.ID == "" {
		t.Fatalf("%v: %s", err, out)
	}
	for _, args := range [][]string{
		{"run", "get_user", "--user", "x\u202e\U000e0041"},
		{"run", "list_groups"}, {"run", "get_logs", "--filter", `actor.id eq "00u1"`}, {"run", "get_logs", "--filter", `actor.id eq "00u1"`, "--json"},
		{"events", "tail", "--look-back", "1h", "--limit", "200", "--filter", `actor.id eq "00u1"`},
		{"events", "tail", "--look-back", "1h", "--limit", "200", "--filter", `actor.id eq "00u1"`, "--json"},
		{"events", "normalize", "events.jsonl", "--to", "ecs"}, {"events", "get", "actor", "events.jsonl"},
		{"events", "show", "\u202e\U000e0041"}, {"\u202e\U000e0041"}, {"--\u202e\U000e0041"},
		{"audit"}, {"audit", "--json"}, {"runs", "show", run.ID}, {"runs", "show", run.ID, "--json"}, {"runs", "show", "x\u202e\U000e0041"},
		{"playbook", "check", "bad.yaml"}, {"playbook", "check", "bad.yaml", "--json"}, {"check", "--config", "x\u202e\U000e0041"},
		{"replay", "look.yaml", "--since", "1h ago", "--until", "now", "--dry-run", "--store", "other.db"},
	} {
		name := fmt.Sprintf("%q", args)
		isJSON := args[len(args)-1] == "--json"
		s := inTerminal(t, dir, env, args...)
		if args[0] == "events" && args[1] == "tail" {
			s.await(`\u202e`)
			_ = s.cmd.Process.Signal(os.Interrupt)
		}
		checkShown(t, name, s.end(), isJSON)
	}
}
