package connector

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

const shared = "../../../shared/okta"

// A reading is an action that reads a list, the path it reads, and where its items
// are in the answer.
type reading struct {
	action, input, member string
	path                  string // with the ids that the input leads to
	recorded              *regexp.Regexp
	example               string // operation of the official examples
}

const someUser = "00uAAAAAAAAAAAAAAAAA"

var readings = []reading{
	{"list_users", `{"return_all":true}`, "users", "/api/v1/users", regexp.MustCompile(`^/api/v1/users$`), "listUsers"},
	{"list_groups", `{"return_all":true}`, "groups", "/api/v1/groups", regexp.MustCompile(`^/api/v1/groups$`), "listGroups"},
	{"list_user_groups", `{"user":"` + someUser + `"}`, "groups", "/api/v1/users/" + someUser + "/groups", regexp.MustCompile(`^/api/v1/users/[^/]+/groups$`), "listUserGroups"},
	{"list_group_members", `{"group":"00gAAAAAAAAAAAAAAAAA","return_all":true}`, "users", "/api/v1/groups/00gAAAAAAAAAAAAAAAAA/users", regexp.MustCompile(`^/api/v1/groups/[^/]+/users$`), "listGroupUsers"},
	{"list_applications", `{"return_all":true}`, "applications", "/api/v1/apps", regexp.MustCompile(`^/api/v1/apps$`), "listApplications"},
	{"list_policies", `{"type":"OKTA_SIGN_ON","return_all":true}`, "policies", "/api/v1/policies", regexp.MustCompile(`^/api/v1/policies$`), "listPolicies"},
	{"list_network_zones", `{"return_all":true}`, "zones", "/api/v1/zones", regexp.MustCompile(`^/api/v1/zones$`), "listNetworkZones"},
	{"list_devices", `{"return_all":true}`, "devices", "/api/v1/devices", regexp.MustCompile(`^/api/v1/devices$`), "listDevices"},
	{"list_user_roles", `{"user":"` + someUser + `"}`, "roles", "/api/v1/users/" + someUser + "/roles", regexp.MustCompile(`^/api/v1/users/[^/]+/roles$`), "listAssignedRolesForUser"},
	{"get_user_factors", `{"user":"` + someUser + `"}`, "factors", "/api/v1/users/" + someUser + "/factors", regexp.MustCompile(`^/api/v1/users/[^/]+/factors$`), "listFactors"},
	{"list_user_devices", `{"user":"` + someUser + `"}`, "devices", "/api/v1/users/" + someUser + "/devices", regexp.MustCompile(`^/api/v1/users/[^/]+/devices$`), "listUserDevices"},
}

// Every real and official answer that an action reads comes out of it whole.
func TestRecordedAnswersComeOutWhole(t *testing.T) {
	bodies := recordedBodies(t)
	backend, m := compiled(t)
	read := 0
	for _, r := range readings {
		info := m.Action(r.action)
		if info == nil {
			t.Errorf("there is no action %s", r.action)
			continue
		}
		output, err := schema.Parse(json.RawMessage(info.Output))
		if err != nil {
			t.Fatal(err)
		}
		for _, body := range bodies[r.action] {
			read++
			answer := replay(t, backend, r, body)
			for _, v := range output.Check(answer) {
				t.Errorf("%s: %s", r.action, v)
			}
			var want []any
			var got map[string]any
			if json.Unmarshal(body, &want) != nil || json.Unmarshal(answer, &got) != nil {
				t.Fatalf("%s: cannot compare", r.action)
			}
			items, _ := got[r.member].([]any)
			raws := make([]any, 0, len(items))
			for _, item := range items {
				m, _ := item.(map[string]any)
				raws = append(raws, m["raw"])
			}
			if diff := cmp.Diff(want, raws); diff != "" {
				t.Errorf("%s lost something: %s", r.action, diff)
			}
		}
	}
	t.Logf("%d answers were read", read)
	if read < 15 {
		t.Errorf("only %d answers were found", read)
	}
}

func compiled(t *testing.T) (sdk.Backend, *sdk.Manifest) {
	t.Helper()
	backend, err := Backend()
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return backend, m
}

// replay runs the action against a server that gives the recorded answer.
func replay(t *testing.T, backend sdk.Backend, r reading, body json.RawMessage) json.RawMessage {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case req.URL.Path == r.path:
			_, _ = w.Write(body)
		case strings.Count(req.URL.Path, "/") == 4: // the user or group that the input names
			fmt.Fprintf(w, `{"id":%q,"status":"ACTIVE","type":"OKTA_GROUP","profile":{"login":"a@corp.example","name":"G"}}`, req.URL.Path[strings.LastIndex(req.URL.Path, "/")+1:])
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	session, err := backend.Open(t.Context(), json.RawMessage(fmt.Sprintf(`{"org_url":%q,"token":"x"}`, server.URL)))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	result, err := session.Run(hclog.WithContext(t.Context(), hclog.NewNullLogger()), r.action, json.RawMessage(r.input))
	if err != nil {
		t.Fatalf("%s: %v on %.200s", r.action, err, body)
	}
	return result.Output
}

// recordedBodies are the lists in the recorded traffic and in Okta's own examples,
// by the action that reads them.
func recordedBodies(t *testing.T) map[string][]json.RawMessage {
	t.Helper()
	bodies := map[string][]json.RawMessage{}
	keep := func(r reading, body []byte) {
		if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
			bodies[r.action] = append(bodies[r.action], bytes.Clone(body))
		}
	}
	f, err := os.Open(shared + "/recorded/interactions.jsonl")
	if err != nil {
		t.Skipf("recorded answers are not here: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var seen struct {
			Method, Path string
			Status       int
			Body         json.RawMessage
		}
		if err := json.Unmarshal(lines.Bytes(), &seen); err != nil {
			t.Fatal(err)
		}
		for _, r := range readings {
			if seen.Method == "GET" && seen.Status == 200 && r.recorded.MatchString(seen.Path) {
				keep(r, seen.Body)
			}
		}
	}
	a, err := os.Open(shared + "/openapi/examples-2026.06.3.tar.gz")
	if err != nil {
		t.Skipf("official examples are not here: %v", err)
	}
	defer a.Close()
	z, err := gzip.NewReader(a)
	if err != nil {
		t.Fatal(err)
	}
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		if errors.Is(err, io.EOF) {
			return bodies
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range readings {
			if strings.HasPrefix(h.Name, "examples/"+r.example+"/200__") {
				body, err := io.ReadAll(files)
				if err != nil {
					t.Fatal(err)
				}
				keep(r, body)
			}
		}
	}
}
