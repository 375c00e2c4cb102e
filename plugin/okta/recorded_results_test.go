package okta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A result is a recorded response of Okta to the write of an action, with the status of
// the user before and after the write.
type result struct {
	action, input  string
	before, after  string
	method         string
	path           *regexp.Regexp // of the call and of the recorded calls
	operation      string         // of the official examples
	files          string         // beginning of the names of their files
	fields         map[string]string
	readFromAnswer string // path at which the server later serves the response of the call
}

var results = []result{
	{"activate_user", `{"user":"` + someUser + `","send_email":false}`,
		"STAGED", "ACTIVE", "POST", at("/api/v1/users/[^/]+/lifecycle/activate"), "activateUser", "200",
		map[string]string{"activation_url": "activationUrl", "activation_token": "activationToken"}, ""},
	{"reset_password", `{"user":"` + someUser + `","send_email":false}`,
		"ACTIVE", "RECOVERY", "POST", at("/api/v1/users/[^/]+/lifecycle/reset_password"), "resetPassword", "200__Reset",
		map[string]string{"reset_password_url": "resetPasswordUrl"}, ""},
	{"expire_password", `{"user":"` + someUser + `","temporary_password":true}`,
		"ACTIVE", "PASSWORD_EXPIRED", "POST", at("/api/v1/users/[^/]+/lifecycle/expire_password_with_temp_password"), "expirePasswordWithTempPassword", "200",
		map[string]string{"temporary_password": "tempPassword"}, ""},
	{"create_user", `{"activate":false,"profile":{"login":"{profile.login}","email":"{profile.email}",` +
		`"firstName":"{profile.firstName}","lastName":"{profile.lastName}"}}`,
		"", "", "POST", at("/api/v1/users"), "createUser", "200",
		map[string]string{"user.id": "id", "user.login": "profile.login", "after.id": "id", "after.status": "status"}, "/api/v1/users/"},
	{"create_group", `{"name":"{profile.name}","description":"{profile.description}"}`, "", "", "POST", at("/api/v1/groups"), "addGroup", "200",
		map[string]string{"group.id": "id", "group.name": "profile.name", "after.description": "profile.description"}, "/api/v1/groups/"},
	{"set_user_risk", `{"user":"` + someUser + `","risk_level":"{riskLevel}"}`, "ACTIVE", "ACTIVE", "PUT", at("/api/v1/users/[^/]+/risk"), "upsertUserRisk", "20",
		map[string]string{"after.risk_level": "riskLevel", "after.risk_reason": "reason"}, "/api/v1/users/" + someUser + "/risk"},
	{"verify_push", `{"user":"` + someUser + `","factor":"opf1","wait":"0s"}`,
		"ACTIVE", "ACTIVE", "POST", at("/api/v1/users/[^/]+/factors/opf1/verify"), "verifyFactor", "201__push",
		map[string]string{"number": "_embedded.challenge.correctAnswer"}, ""},
	{"verify_push", `{"user":"` + someUser + `","factor":"opf1","wait":"0s","transaction":"t1"}`,
		"ACTIVE", "ACTIVE", "GET", at("/api/v1/users/[^/]+/factors/opf1/transactions/t1"), "getFactorTransactionStatus", "200",
		map[string]string{"result": "factorResult"}, ""},
	{"end_current_user_sessions", `{"session_id":"102aaaaaaaaaaaaaaaaaaaaa","dry_run":true}`,
		"", "", "GET", at("/api/v1/sessions/102aaaaaaaaaaaaaaaaaaaaa"), "getSession", "200",
		map[string]string{"before.user_id": "userId", "before.login": "login", "before.expires_at": "expiresAt"}, ""},
}

// TestRecordedResults checks the output of actions for recorded and official responses.
func TestRecordedResults(t *testing.T) {
	backend, m := compiled(t)
	bodies := make([][]json.RawMessage, len(results))
	eachRecorded(t, func(seen recorded) {
		for i, r := range results {
			if seen.Method == r.method && seen.Status < 300 && r.path.MatchString(seen.Path) {
				bodies[i] = append(bodies[i], bytes.Clone(seen.Body))
			}
		}
	})
	eachExample(t, func(operation, file string, body []byte) {
		for i, r := range results {
			if operation == r.operation && strings.HasPrefix(file, r.files) {
				bodies[i] = append(bodies[i], body)
			}
		}
	})
	for i, r := range results {
		t.Run(r.action, func(t *testing.T) {
			output, err := schema.Parse(json.RawMessage(m.Action(r.action).Output))
			if err != nil {
				t.Fatal(err)
			}
			for _, body := range bodies[i] {
				answer := r.replay(t, backend, body)
				for _, v := range output.Check(answer) {
					t.Errorf("%s: %.300s", v, body)
				}
				var in, out any
				if json.Unmarshal(body, &in) != nil || json.Unmarshal(answer, &out) != nil {
					t.Fatal("cannot compare")
				}
				for name, path := range r.fields {
					if want, got := follow(in, path), follow(out, name); !same(want, got) && !sameWord(want, got) {
						t.Errorf("%s is %v, and Okta's %s is %v", name, got, path, want)
					}
				}
			}
			t.Logf("%s: %d answers to %s", r.action, len(bodies[i]), r.operation)
			if len(bodies[i]) == 0 {
				t.Errorf("no answer to %s was found", r.operation)
			}
		})
	}
}

// sameWord reports whether two values are equal, or are the same result of a push.
func sameWord(in, out any) bool {
	return fmt.Sprint(in) == fmt.Sprint(out) || in == "SUCCESS" && out == "approved" || strings.EqualFold(fmt.Sprint(in), fmt.Sprint(out))
}

// replay runs the action against a server that responds to the call with the body.
func (r result) replay(t *testing.T, backend sdk.Backend, body json.RawMessage) json.RawMessage {
	t.Helper()
	done := false
	answer := body
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		status := r.before
		if done {
			status = r.after
		}
		switch path := req.URL.Path; {
		case req.Method == r.method && r.path.MatchString(path):
			done = true
			if strings.HasPrefix(r.files, "201") {
				w.WriteHeader(http.StatusCreated)
			}
			_, _ = w.Write(answer)
		case done && r.readFromAnswer != "" && strings.HasPrefix(path, r.readFromAnswer):
			_, _ = w.Write(answer)
		case strings.HasSuffix(path, "/risk"):
			_, _ = io.WriteString(w, `{"riskLevel":"NONE"}`)
		case strings.HasSuffix(path, "/factors"):
			_, _ = io.WriteString(w, `[{"id":"opf1","factorType":"push","provider":"OKTA","status":"ACTIVE"}]`)
		case strings.HasSuffix(path, "/roles"), path == "/api/v1/users", path == "/api/v1/groups":
			_, _ = io.WriteString(w, "[]")
		case status != "" && strings.Count(path, "/") == 4:
			fmt.Fprintf(w, `{"id":%q,"status":%q,"profile":{"login":"a@corp.example"}}`, path[strings.LastIndex(path, "/")+1:], status)
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"errorCode":"E0000007"}`)
		}
	}))
	defer server.Close()
	own := []byte("https://{yourOktaDomain}") // as the examples have it
	answer = bytes.ReplaceAll(body, own, []byte(server.URL))
	session, err := backend.Open(t.Context(), json.RawMessage(fmt.Sprintf(`{"org_url":%q,"token":%q,"allow_unknown_admins":true}`, server.URL, newToken())))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	result, err := session.Run(hclog.WithContext(t.Context(), hclog.NewNullLogger()), r.action, fill(t, r.input, []json.RawMessage{body}))
	if err != nil {
		t.Fatalf("%v on %.300s", err, body)
	}
	return bytes.ReplaceAll(result.Output, []byte(server.URL), own)
}

// TestRecordedErrors checks that each recorded rejection is an error with Okta's code and status.
func TestRecordedErrors(t *testing.T) {
	backend, _ := compiled(t)
	n := 0
	refuse := func(status int, body []byte) {
		t.Helper()
		n++
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write(body)
		}))
		defer server.Close()
		session, err := backend.Open(t.Context(), json.RawMessage(fmt.Sprintf(`{"org_url":%q,"token":%q}`, server.URL, newToken())))
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		_, err = session.Run(hclog.WithContext(t.Context(), hclog.NewNullLogger()), "get_user", json.RawMessage(`{"user":"`+someUser+`"}`))
		var okta struct{ ErrorCode, ErrorID string }
		_ = json.Unmarshal(body, &okta) // a body that is not an error of Okta has neither
		e := sdk.AsError(err)
		if e == nil || e.Message == "" || e.Code == sdk.Internal || e.Upstream == nil ||
			e.Upstream.Status != status || e.Upstream.Code != okta.ErrorCode || e.Upstream.ErrorID != okta.ErrorID {
			t.Errorf("%d %s: got %+v", status, body, e)
		}
	}
	eachRecorded(t, func(seen recorded) {
		if seen.Status >= 400 {
			refuse(seen.Status, seen.Body)
		}
	})
	eachExample(t, func(operation, file string, body []byte) {
		status := 0
		known := operation == "getUser" || operation == "listLogEvents" || operation == "createUser"
		if _, err := fmt.Sscanf(file, "%d__", &status); err == nil && status >= 400 && known {
			refuse(status, body)
		}
	})
	t.Logf("%d refusals were read", n)
	if n < 45 {
		t.Errorf("only %d refusals were found", n)
	}
}
