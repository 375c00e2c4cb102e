package okta

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"

	"soar.example/okta/schema"
	"soar.example/okta/sdk"
)

// A reading is an action that reads objects of a kind.
type reading struct {
	action, kind string
	input        string            // {name.of} is replaced by that member of the object
	path         *regexp.Regexp    // requests with the objects as the response
	list         string            // member of the response with the list; "" if the response is the object
	whole        string            // member of each that is the object as it was sent; "" if none, "." if it is that itself
	fields       map[string]string // members of each, and where the object has them
}

const someUser = "00uAAAAAAAAAAAAAAAAA"

func at(path string) *regexp.Regexp { return regexp.MustCompile("^" + path + "$") }

var (
	userFields = map[string]string{"id": "id", "login": "profile.login", "email": "profile.email", "status": "status", "last_login": "lastLogin"}
	wholeUser  = map[string]string{
		"id": "id", "login": "profile.login", "email": "profile.email", "status": "status", "transitioning_to_status": "transitioningToStatus",
		"created": "created", "activated": "activated", "status_changed": "statusChanged", "last_login": "lastLogin",
		"last_updated": "lastUpdated", "password_changed": "passwordChanged", "profile": "profile",
	}
	groupFields = map[string]string{"id": "id", "name": "profile.name", "description": "profile.description", "type": "type"}
	appFields   = map[string]string{"id": "id", "label": "label", "name": "name", "status": "status", "sign_on_mode": "signOnMode"}
)

var readings = []reading{
	{"list_users", "user", `{"return_all":true}`, at("/api/v1/users"), "users", "raw", userFields},
	{"list_group_members", "user", `{"group":"00gAAAAAAAAAAAAAAAAA","return_all":true}`, at("/api/v1/groups/[^/]+/users"), "users", "raw", userFields},
	{"get_user", "user", `{"user":"{id}"}`, at("/api/v1/users/[^/]+"), "", "", wholeUser},
	{"get_user_by_email", "user", `{"email":"{profile.email}"}`, at("/api/v1/users"), "", "", wholeUser},
	{"list_groups", "group", `{"return_all":true}`, at("/api/v1/groups"), "groups", "raw", groupFields},
	{"list_user_groups", "group", `{"user":"` + someUser + `"}`, at("/api/v1/users/[^/]+/groups"), "groups", "raw", groupFields},
	{"get_group_by_name", "group", `{"name":"{profile.name}"}`, at("/api/v1/groups"), "", "", map[string]string{
		"id": "id", "name": "profile.name", "description": "profile.description", "type": "type",
		"created": "created", "last_updated": "lastUpdated", "last_membership_updated": "lastMembershipUpdated",
	}},
	{"list_applications", "app", `{"return_all":true}`, at("/api/v1/apps"), "applications", "raw", appFields},
	{"list_user_applications", "app", `{"user":"` + someUser + `"}`, at("/api/v1/apps"), "applications", "raw", appFields},
	{"list_application_users", "app user", `{"app":"0oaAAAAAAAAAAAAAAAAA","return_all":true}`, at("/api/v1/apps/[^/]+/users"), "users", "raw", map[string]string{
		"id": "id", "user_name": "credentials.userName", "scope": "scope", "status": "status",
	}},
	{"list_policies", "policy", `{"type":"OKTA_SIGN_ON","return_all":true}`, at("/api/v1/policies"), "policies", "raw", map[string]string{
		"id": "id", "name": "name", "type": "type", "status": "status", "priority": "priority", "system": "system",
	}},
	{"list_network_zones", "zone", `{"return_all":true}`, at("/api/v1/zones"), "zones", "raw", map[string]string{
		"id": "id", "name": "name", "type": "type", "status": "status", "usage": "usage", "system": "system", "addresses": "gateways.value",
	}},
	{"list_devices", "device", `{"return_all":true}`, at("/api/v1/devices"), "devices", "raw", map[string]string{
		"id": "id", "name": "profile.displayName", "platform": "profile.platform", "status": "status", "serial_number": "profile.serialNumber",
	}},
	{"list_user_devices", "user's device", `{"user":"` + someUser + `"}`, at("/api/v1/users/[^/]+/devices"), "devices", "raw", map[string]string{
		"id": "device.id", "name": "device.profile.displayName", "platform": "device.profile.platform", "status": "device.status", "enrolled": "created",
	}},
	{"list_user_roles", "role", `{"user":"` + someUser + `"}`, at("/api/v1/users/[^/]+/roles"), "roles", "raw", map[string]string{
		"id": "id", "type": "type", "label": "label", "status": "status", "role": "role", "resource_set": "resource-set",
	}},
	{"list_roles", "custom role", `{}`, at("/api/v1/iam/roles"), "roles", "", map[string]string{"name": "id", "label": "label", "description": "description"}},
	{"get_user_factors", "factor", `{"user":"` + someUser + `"}`, at("/api/v1/users/[^/]+/factors"), "factors", "raw", map[string]string{
		"id": "id", "type": "factorType", "provider": "provider", "status": "status", "created": "created",
	}},
	{"get_logs", "event", `{"return_all":true}`, at("/api/v1/logs"), "events", ".", nil},
	{"get_user_risk", "risk", `{"user":"` + someUser + `"}`, at("/api/v1/users/[^/]+/risk"), "", "", map[string]string{
		"risk_level": "riskLevel", "risk_reason": "reason",
	}},
}

// TestRecordedObjectsAreComplete checks that the output has each recorded and official object unchanged.
func TestRecordedObjectsAreComplete(t *testing.T) {
	known := recordedObjects(t)
	backend, m := compiled(t)
	read := map[string]bool{}
	for _, r := range readings {
		info := m.Action(r.action)
		if info == nil {
			t.Errorf("there is no action %s", r.action)
			continue
		}
		read[r.kind] = true
		t.Run(r.action, func(t *testing.T) {
			output, err := schema.Parse(json.RawMessage(info.Output))
			if err != nil {
				t.Fatal(err)
			}
			k := known[r.kind]
			for _, body := range k.bodies(r.list == "") {
				if !fits(t, r.input, body) {
					t.Logf("without what %s asks by: %s", r.action, body)
					continue
				}
				answer := replay(t, backend, r, body, kinds[r.kind].envelope)
				if r.whole != "." { // events are Okta's own, and their schema is held against them elsewhere
					for _, v := range output.Check(answer) {
						t.Errorf("%s: %.300s", v, body)
					}
				}
				r.compare(t, body, answer)
			}
			t.Logf("%s: %d %ss in %d recorded answers and %d official examples", r.action, k.objects, r.kind, k.recorded, k.examples)
			if k.objects == 0 {
				t.Errorf("no %s was found", r.kind)
			}
		})
	}
	for name := range kinds {
		if !read[name] {
			t.Errorf("nothing reads a %s", name)
		}
	}
}

// compare reports the objects and members that are missing in the output.
func (r reading) compare(t *testing.T, body, answer json.RawMessage) {
	t.Helper()
	var want []map[string]any
	var whole map[string]any
	if err := json.Unmarshal(body, &want); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(answer, &whole); err != nil {
		t.Fatal(err)
	}
	got := []any{whole}
	if r.list != "" {
		got, _ = whole[r.list].([]any)
		if r.action == "list_roles" {
			got = got[len(got)-len(want):] // after the standard ones
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d of %d came out of %.300s", len(got), len(want), body)
		return
	}
	for i, object := range want {
		item, _ := got[i].(map[string]any)
		switch r.whole {
		case "raw":
			if diff := cmp.Diff(object, item["raw"]); diff != "" {
				t.Errorf("lost something: %s", diff)
			}
		case ".":
			if diff := cmp.Diff(object, item); diff != "" {
				t.Errorf("lost something: %s", diff)
			}
		}
		for name, path := range r.fields {
			if in, out := follow(object, path), item[name]; !same(in, out) {
				t.Errorf("%s is %v, and Okta's %s is %v", name, out, path, in)
			}
		}
	}
}

// follow returns the value at a path. For a list it returns the values of all elements.
func follow(v any, path string) any {
	for name := range strings.SplitSeq(path, ".") {
		switch in := v.(type) {
		case map[string]any:
			v = in[name]
		case []any:
			all := make([]any, 0, len(in))
			for _, e := range in {
				all = append(all, follow(e, name))
			}
			v = all
		default:
			return nil
		}
	}
	return v
}

// same reports whether two values have the same meaning: an empty value may be absent, and
// a time can have several forms.
func same(in, out any) bool {
	empty := func(v any) bool {
		list, isList := v.([]any)
		return v == nil || v == "" || v == false || v == 0.0 || isList && len(list) == 0
	}
	a, _ := in.(string)
	b, _ := out.(string)
	then, err := time.Parse(time.RFC3339, a)
	if moment, err2 := time.Parse(time.RFC3339, b); err == nil && err2 == nil {
		return then.Equal(moment)
	}
	return empty(in) && empty(out) || cmp.Equal(in, out)
}

// replay runs the action against a server that returns the objects.
func replay(t *testing.T, backend sdk.Backend, r reading, body json.RawMessage, envelope string) json.RawMessage {
	t.Helper()
	var objects []json.RawMessage
	if err := json.Unmarshal(body, &objects); err != nil {
		t.Fatal(err)
	}
	served := []byte(body)
	switch {
	case r.list == "" && !slices.Contains([]string{"get_user_by_email", "get_group_by_name"}, r.action):
		served = objects[0]
	case envelope != "":
		served = []byte(fmt.Sprintf(`{%q:%s}`, envelope, body))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.path.MatchString(req.URL.Path):
			_, _ = w.Write(served)
		case strings.Count(req.URL.Path, "/") == 4: // the user, group or app that the input names
			fmt.Fprintf(w, `{"id":%q,"status":"ACTIVE","type":"OKTA_GROUP","label":"A","profile":{"login":"a@corp.example","name":"G"}}`,
				path.Base(req.URL.Path))
		default:
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `{"errorCode":"E0000007"}`)
		}
	}))
	defer server.Close()
	session, err := backend.Open(t.Context(), json.RawMessage(fmt.Sprintf(`{"org_url":%q,"token":%q}`, server.URL, newToken())))
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	result, err := session.Run(hclog.WithContext(t.Context(), hclog.NewNullLogger()), r.action, fill(t, r.input, objects))
	if err != nil {
		t.Fatalf("%v on %.300s", err, body)
	}
	return result.Output
}

// fits reports whether the objects have the members that the input refers to.
func fits(t *testing.T, input string, body json.RawMessage) bool {
	t.Helper()
	var objects []any
	if err := json.Unmarshal(body, &objects); err != nil {
		t.Fatal(err)
	}
	return !slices.ContainsFunc(blank.FindAllString(input, -1), func(name string) bool {
		return follow(objects[0], strings.Trim(name, "{}")) == nil
	})
}

var blank = regexp.MustCompile(`\{[a-zA-Z.]+\}`)

// fill replaces the placeholders of an input with values of the first object.
func fill(t *testing.T, input string, objects []json.RawMessage) json.RawMessage {
	t.Helper()
	return json.RawMessage(blank.ReplaceAllStringFunc(input, func(name string) string {
		var object any
		if err := json.Unmarshal(objects[0], &object); err != nil {
			t.Fatal(err)
		}
		text, err := json.Marshal(follow(object, strings.Trim(name, "{}")))
		if err != nil {
			t.Fatal(err)
		}
		return string(bytes.Trim(text, `"`))
	}))
}

var tokens atomic.Int64

// newToken returns a token that no other session of this process has. The process stores
// rate limits by address and token, and a new server may get the port of a closed server.
func newToken() string { return fmt.Sprintf("token-%d", tokens.Add(1)) }
