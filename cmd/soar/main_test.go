package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript"

	"soar.example/okta/internal/language"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/oktaspec"
)

const (
	envOrgURL = "OKTA_ORG_URL"
	envToken  = "OKTA_API_TOKEN"
)

func TestMain(m *testing.M) { testscript.Main(oktaspec.Main{M: m}, map[string]func(){"soar": main}) }

// TestScripts runs soar as people do, against an embedded org. Each script has an
// org of its own, seeded for the demo, in $OKTA_ORG_URL.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: scriptDir, Files: scriptFiles,
		Setup: func(env *testscript.Env) error {
			org := oktasim.New(oktasim.Options{Seed: oktasim.Demo, Token: demoToken})
			server := httptest.NewServer(org)
			env.Defer(server.Close)
			env.Defer(func() { killLeftOver(filepath.Join(env.WorkDir, "pid")) })
			env.Values["org"] = org
			env.Setenv("ORG", server.URL)
			env.Setenv(envOrgURL, server.URL)
			env.Setenv(envToken, demoToken)
			env.Setenv("HOME", env.WorkDir)
			root, err := filepath.Abs("../..")
			env.Setenv("ROOT", root)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"append": appendEvents, "fault": addFault, "phone": answerPush, "user": checkUser, "requests": checkRequests,
			"await": await, "exits": exits, "signal": signalWatcher, "lastjson": lastJSON,
			"scrape": scrape, "clearfaults": clearFaults, "polled": awaitPolls, "underway": awaitUnderWay,
			"json": checkJSON, "writes": compareWrites, "narrow": checkWidth,
		},
	})
}

// killLeftOver ends a watcher that a failed script left running.
func killLeftOver(file string) {
	var pid int
	if b, err := os.ReadFile(file); err == nil {
		if _, err := fmt.Sscan(string(b), &pid); err == nil && pid > 1 {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

func orgOf(ts *testscript.TestScript) *oktasim.Org { return ts.Value("org").(*oktasim.Org) }

// exits STATUS COMMAND... runs a command that must end with a status.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	status := 0
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		status = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	checkLanguage(ts)
	if fmt.Sprint(status) != args[0] {
		ts.Fatalf("exit status %d\n%s\n%s", status, ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}

// checkLanguage checks the English of the errors that the last command printed.
func checkLanguage(ts *testscript.TestScript) {
	var checker language.Checker
	printed := ts.ReadFile("stderr")
	var object struct{ Error struct{ Message string } }
	if json.Unmarshal([]byte(ts.ReadFile("stdout")), &object) == nil {
		printed += "\n\n" + object.Error.Message
	}
	// Each line is a sentence of its own, and ends in facts that are separated by commas.
	checker.Text("error", strings.ReplaceAll(printed, "\n", "\n\n"))
	if len(checker.Problems) > 0 {
		ts.Fatalf("%s", strings.Join(checker.Problems, "\n"))
	}
}

// append TYPE LOGIN [FILE] appends an event whose actor and target is the user.
func appendEvents(ts *testscript.TestScript, _ bool, args []string) {
	u, ok := orgOf(ts).State().User(args[1])
	if !ok {
		ts.Fatalf("no user %s", args[1])
	}
	who := map[string]any{"id": u.ID, "type": "User", "alternateId": u.Login}
	event := oktasim.Event{"eventType": args[0], "actor": who, "target": []any{who}, "outcome": map[string]any{"result": "SUCCESS"}}
	if len(args) > 2 {
		ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[2])), &event))
	}
	orgOf(ts).Append(event)
}

// fault JSON makes the org misbehave.
func addFault(ts *testscript.TestScript, _ bool, args []string) {
	var f oktasim.Fault
	ts.Check(json.Unmarshal([]byte(args[0]), &f))
	orgOf(ts).Fault(f)
}

// phone JSON says how a user reacts to pushes.
func answerPush(ts *testscript.TestScript, _ bool, args []string) {
	var p oktasim.Push
	ts.Check(json.Unmarshal([]byte(args[0]), &p))
	orgOf(ts).AnswerPush(p)
}

// user LOGIN STATUS SESSIONS [GROUP] checks a user's state in the org.
func checkUser(ts *testscript.TestScript, neg bool, args []string) {
	u, ok := orgOf(ts).State().User(args[0])
	if !ok {
		ts.Fatalf("no user %s", args[0])
	}
	is := u.Status == args[1] && fmt.Sprint(len(u.Sessions)) == args[2]
	if len(args) > 3 {
		is = is && slices.ContainsFunc(u.Groups, func(g oktasim.GroupRef) bool { return g.Name == args[3] })
	}
	if is == neg {
		ts.Fatalf("%s is %s with %d sessions in %v", u.Login, u.Status, len(u.Sessions), u.Groups)
	}
}

// requests METHOD PATH N checks how many requests the org got.
func checkRequests(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	for _, r := range orgOf(ts).Requests() {
		if (args[0] == "*" || r.Method == args[0]) && strings.HasPrefix(r.Path, args[1]) {
			n++
		}
	}
	if fmt.Sprint(n) != args[2] {
		ts.Fatalf("%d requests %s %s", n, args[0], args[1])
	}
}

// underway METHOD PATH N waits until N requests wait for a response of the org.
func awaitUnderWay(ts *testscript.TestScript, _ bool, args []string) {
	deadline := time.Now().Add(30 * time.Second)
	for n := 0; fmt.Sprint(n) != args[2]; <-time.After(10 * time.Millisecond) {
		n = 0
		for _, r := range orgOf(ts).Requests() {
			if r.Method == args[0] && strings.HasPrefix(r.Path, args[1]) && r.Status == 0 {
				n++
			}
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%d requests %s %s are under way", n, args[0], args[1])
		}
	}
}

// writes before|same records how many requests that write the org got, or checks that it got no more.
func compareWrites(ts *testscript.TestScript, _ bool, args []string) {
	n := 0
	for _, r := range orgOf(ts).Requests() {
		if r.Method != "GET" {
			n++
		}
	}
	if args[0] == "before" {
		ts.Setenv("WRITES", fmt.Sprint(n))
	} else if before := ts.Getenv("WRITES"); fmt.Sprint(n) != before {
		ts.Fatalf("the org got %d writes, and %s before", n, before)
	}
}

// narrow N checks that no line of stdout has more than N characters.
func checkWidth(ts *testscript.TestScript, _ bool, args []string) {
	most, err := strconv.Atoi(args[0])
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile("stdout")) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > most {
			ts.Fatalf("%d characters: %s", n, line)
		}
	}
}

// await FILE TEXT [N] waits until a file holds a text (N times).
func await(ts *testscript.TestScript, _ bool, args []string) {
	want := 1
	if len(args) > 2 {
		_, err := fmt.Sscan(args[2], &want)
		ts.Check(err)
	}
	deadline := time.Now().Add(30 * time.Second)
	for {
		b, _ := os.ReadFile(ts.MkAbs(args[0]))
		if bytes.Count(b, []byte(args[1])) >= want {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s never held %q:\n%s", args[0], args[1], b)
		}
		<-time.After(10 * time.Millisecond)
	}
}

// signal SIGNAL FILE signals the process whose ID is in a file.
func signalWatcher(ts *testscript.TestScript, _ bool, args []string) {
	var pid int
	_, err := fmt.Sscan(ts.ReadFile(args[1]), &pid)
	ts.Check(err)
	ts.Check(syscall.Kill(pid, map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL}[args[0]]))
}

// json lines|document checks that stdout has JSON objects only: one on each line, or one in all.
func checkJSON(ts *testscript.TestScript, _ bool, args []string) {
	out := ts.ReadFile("stdout")
	texts := []string{out}
	if args[0] == "lines" {
		texts = strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	}
	for _, text := range texts {
		var object map[string]any
		if err := json.Unmarshal([]byte(text), &object); err != nil {
			ts.Fatalf("not a JSON object: %v: %.300s", err, text)
		}
	}
}

// lastjson MEMBER VALUE checks a member of stdout's last line, which must be JSON
// like every other line.
func lastJSON(ts *testscript.TestScript, _ bool, args []string) {
	var last map[string]any
	for s := bufio.NewScanner(strings.NewReader(ts.ReadFile("stdout"))); s.Scan(); {
		last = nil
		if err := json.Unmarshal(s.Bytes(), &last); err != nil {
			ts.Fatalf("not JSON: %s", s.Text())
		}
	}
	var v any = last
	for name := range strings.SplitSeq(args[0], ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	if b, _ := json.Marshal(v); string(b) != args[1] && fmt.Sprint(v) != args[1] {
		ts.Fatalf("%s is %s", args[0], b)
	}
}
