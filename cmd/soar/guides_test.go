package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"gopkg.in/yaml.v3"

	"soar.example/okta/internal/oktasim"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// guidePrelude defines the commands that a page's script starts. Programs that run until they are stopped
// run until their documented line appears. Everything else is the program itself.
const guidePrelude = `set -eu
until_line() {
	want=$1; shift
	command "$@" >until.log 2>&1 &
	pid=$!
	for _ in $(seq 1200); do
		grep -q "$want" until.log && break
		kill -0 $pid 2>/dev/null || break
		sleep 0.05
	done
	grep "$want" until.log || { cat until.log; exit 1; }
	kill -INT $pid
	wait $pid
}
soar() {
	case "$1" in
	watch) until_line 'watching http' soar "$@" ;;
	org) until_line 'an Okta org is at http' soar "$@" --listen 127.0.0.1:0 ;;
	*) command soar "$@" ;;
	esac
}
go() { (cd "$ROOT" && command go "$@"); }
set -x
`

// Runs every command of the pages that people follow, in order, each page in a folder of its own and
// against an embedded org. The folder has the examples, and the playbooks that the page shows.
func TestGuidesRun(t *testing.T) {
	root := os.DirFS("../..")
	pages, err := fs.Glob(root, "docs/guides/*.md")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	commands := 0
	for _, name := range append(pages, "README.md", "docs/quickstart.md") {
		b, err := fs.ReadFile(root, name)
		if err != nil {
			t.Fatal(err)
		}
		var script strings.Builder
		for _, block := range shellBlock.FindAllStringSubmatch(string(b), -1) {
			script.WriteString(block[1])
			commands += strings.Count(block[1], "\n")
		}
		files := "-- page.sh --\n" + guidePrelude + script.String()
		for _, block := range yamlBlock.FindAllStringSubmatch(string(b), -1) {
			var playbook struct {
				Name  string
				Steps []any
			}
			if strings.HasPrefix(block[1], "connections:") {
				files += "-- soar.yaml --\n" + block[1]
			} else if yaml.Unmarshal([]byte(block[1]), &playbook) == nil && len(playbook.Steps) > 0 {
				files += fmt.Sprintf("-- %s.yaml --\n%s", strings.ReplaceAll(playbook.Name, "_", "-"), block[1])
			}
		}
		file := filepath.Join(dir, strings.TrimSuffix(path.Base(name), ".md")+".txt")
		if err := os.WriteFile(file, []byte("exec bash page.sh\n"+files), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if commands < 40 {
		t.Errorf("only %d lines were found", commands)
	}
	testscript.Run(t, testscript.Params{Dir: dir, Setup: func(env *testscript.Env) error {
		server := httptest.NewServer(oktasim.New(oktasim.Options{Seed: oktasim.Demo, Token: "test-token"}))
		env.Defer(server.Close)
		other := httptest.NewServer(http.NotFoundHandler()) // any host of the HTTP connector
		env.Defer(other.Close)
		root, err := filepath.Abs("../..")
		if err != nil {
			return err
		}
		// The addresses and tokens of the pages become those of the embedded org.
		local := strings.NewReplacer("http://127.0.0.1:8070", server.URL, "https://acme.okta.com", server.URL,
			"OKTA_API_TOKEN=…", "OKTA_API_TOKEN=test-token", "https://hooks.slack.com", other.URL, "https://desk.example", other.URL,
			"slack-webhook}", "slack-webhook, format: slack, allow_cidrs: [127.0.0.0/8]}", "10.20.0.0/16", "127.0.0.0/8")
		for _, name := range []string{"page.sh", "soar.yaml"} {
			name = filepath.Join(env.WorkDir, name)
			text, err := os.ReadFile(name)
			if errors.Is(err, fs.ErrNotExist) {
				continue // not every page has settings
			} else if err != nil {
				return err
			}
			if err := os.WriteFile(name, []byte(local.Replace(string(text))), 0o600); err != nil {
				return err
			}
		}
		for name, value := range map[string]string{
			"ROOT": root, "HOME": env.WorkDir, envOrgURL: server.URL, envToken: "test-token",
			"GOPATH": filepath.Join(env.WorkDir, "go"), "GOMODCACHE": goEnv("GOMODCACHE"), "GOCACHE": goEnv("GOCACHE"),
		} {
			env.Setenv(name, value)
		}
		return os.CopyFS(filepath.Join(env.WorkDir, "examples"), os.DirFS(filepath.Join(root, "examples")))
	}})
}

// goEnv returns a setting of the go command.
func goEnv(name string) string {
	out, _ := exec.Command("go", "env", name).Output() // an empty setting fails the first use of go
	return strings.TrimSpace(string(out))
}
