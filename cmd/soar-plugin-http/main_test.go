package main

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/plugin/host"
)

// TestPlugin builds the program, and posts a message with it as the process of a host.
func TestPlugin(t *testing.T) {
	path := filepath.Join(t.TempDir(), "soar-plugin-http")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	out, err := exec.Command(path).CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 2 || strings.Count(string(out), "\n") != 1 {
		t.Errorf("without a host the program said %q, %v", out, err)
	}
	got := make(chan string, 9)
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- r.Method + " " + r.RequestURI + " " + r.Header.Get("Authorization") + " " + string(body)
		_, _ = io.WriteString(w, "ok")
	}))
	defer service.Close()
	var log strings.Builder
	logger := hclog.New(&hclog.LoggerOptions{Output: &log, Level: hclog.Trace})
	p, err := host.Launch(t.Context(), host.Config{Path: path, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	settings, err := json.Marshal(map[string]any{
		"base_url": service.URL + "/services/T0/B0/secretsecretsecret", "format": "slack", "allow_cidrs": []string{"127.0.0.0/8"},
		"headers": map[string]string{"Authorization": "Bearer secretsecretsecret"},
	})
	if err != nil {
		t.Fatal(err)
	}
	session, err := p.Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	if h, err := session.Check(t.Context()); err != nil || h.Target != service.URL {
		t.Errorf("check: %+v, %v", h, err)
	}
	if request := <-got; request != "HEAD /  " {
		t.Errorf("the check sent %s", request)
	}
	result, err := session.Run(t.Context(), "post_message", json.RawMessage(`{"text":"<!channel> contained"}`))
	if err != nil || !strings.Contains(string(result.Output), `"outcome":"accepted"`) || len(result.Calls) != 1 || result.Calls[0].Path != "/" {
		t.Errorf("got %s with the calls %+v, %v", result.Output, result.Calls, err)
	}
	if request := <-got; !strings.HasPrefix(request, "POST /services/T0/B0/secretsecretsecret Bearer secretsecretsecret {") ||
		strings.Contains(request, "<!channel>") {
		t.Errorf("the service got %s", request)
	}
	if err := errors.Join(session.Close(), p.Close()); err != nil {
		t.Error(err)
	}
	if strings.Contains(log.String(), "secretsecret") || log.Len() == 0 {
		t.Errorf("the log contains a secret, or is empty:\n%s", log.String())
	}
}
