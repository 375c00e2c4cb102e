package okta

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const shared = "../../../shared/okta"

// A kind is a type of Okta's objects and its position in responses: alone, in a list, or in
// a list within an object.
type kind struct {
	paths    *regexp.Regexp // paths of the recorded traffic, with any method
	examples []string       // operations of the official examples
	envelope string         // the member that holds a list of them
}

var kinds = map[string]kind{
	"user": {at(`/api/v1/(users|users/[^/]+|groups/00g[^/]+/users)`), []string{
		"listUsers", "getUser", "createUser", "replaceUser", "updateUser", "listGroupUsers",
	}, ""},
	"group": {at(`/api/v1/(groups|groups/00g[^/]+|users/[^/]+/groups)`), []string{
		"listGroups", "getGroup", "addGroup", "replaceGroup", "listUserGroups",
	}, ""},
	"app": {at(`/api/v1/apps(/[^/]+)?`), []string{
		"listApplications", "getApplication", "createApplication", "replaceApplication", "listAssignedApplicationsForGroup",
	}, ""},
	"app user": {at(`/api/v1/apps/[^/]+/users(/[^/]+)?`), []string{
		"listApplicationUsers", "getApplicationUser", "assignUserToApplication", "updateApplicationUser",
	}, ""},
	"policy": {at(`/api/v1/policies(/[^/]+)?`), []string{"listPolicies", "getPolicy", "createPolicy", "replacePolicy"}, ""},
	"zone": {at(`/api/v1/zones(/[^/]+|/[^/]+/lifecycle/[a-z]+)?`), []string{
		"listNetworkZones", "getNetworkZone", "createNetworkZone", "replaceNetworkZone", "activateNetworkZone", "deactivateNetworkZone",
	}, ""},
	"device":        {at(`/api/v1/devices(/[^/]+)?`), []string{"listDevices", "getDevice"}, ""},
	"user's device": {at(`/api/v1/users/[^/]+/devices`), []string{"listUserDevices"}, ""},
	"role": {at(`/(api/v1/(users|groups)|oauth2/v1/clients)/[^/]+/roles(/[^/]+)?`), []string{
		"listAssignedRolesForUser", "getUserAssignedRole", "assignRoleToUser", "listGroupAssignedRoles", "getGroupAssignedRole", "assignRoleToGroup",
		"listRolesForClient", "retrieveClientRole", "assignRoleToClient",
	}, ""},
	"custom role": {at(`/api/v1/iam/roles(/[^/]+)?`), []string{"listRoles", "getRole", "createRole", "replaceRole"}, "roles"},
	"factor":      {at(`/api/v1/users/[^/]+/factors(/[^/]+)?`), []string{"listFactors", "getFactor", "enrollFactor", "activateFactor"}, ""},
	"event":       {at(`/api/v1/logs`), []string{"listLogEvents"}, ""},
	"risk":        {at(`/api/v1/users/[^/]+/risk`), []string{"getUserRisk", "upsertUserRisk"}, ""},
}

// notSo lists paths that match a kind but return other objects.
var notSo = at(`/api/v1/(users/[^/]+/factors/questions|groups/rules)`)

// found holds the recorded objects of a kind.
type found struct {
	lists                       []json.RawMessage // one for each response
	objects, recorded, examples int
}

// bodies returns the lists, or each object as a list with one item.
func (f *found) bodies(apart bool) []json.RawMessage {
	if !apart {
		return f.lists
	}
	var all []json.RawMessage
	for _, list := range f.lists {
		var objects []json.RawMessage
		_ = json.Unmarshal(list, &objects) // it was read before
		for _, o := range objects {
			all = append(all, slices.Concat([]byte("["), o, []byte("]")))
		}
	}
	return all
}

// add stores the objects of a response, and reports whether the response has any.
func (f *found) add(t *testing.T, body json.RawMessage, envelope string) bool {
	t.Helper()
	var within map[string]json.RawMessage
	if json.Unmarshal(body, &within) == nil && within[envelope] != nil {
		body = within[envelope]
	} else if within != nil {
		body = slices.Concat([]byte("["), body, []byte("]"))
	}
	var objects []map[string]any
	if err := json.Unmarshal(body, &objects); err != nil {
		t.Fatalf("%v: %.300s", err, body)
	}
	f.objects += len(objects)
	f.lists = append(f.lists, bytes.Clone(body))
	return len(objects) > 0
}

// recordedObjects returns the objects of the recorded traffic and of Okta's examples, by kind.
func recordedObjects(t *testing.T) map[string]*found {
	t.Helper()
	all := map[string]*found{}
	for name := range kinds {
		all[name] = new(found)
	}
	eachRecorded(t, func(seen recorded) {
		for name, k := range kinds {
			has := seen.Status < 300 && !bytes.Equal(seen.Body, []byte("null"))
			if has && k.paths.MatchString(seen.Path) && !notSo.MatchString(seen.Path) && all[name].add(t, seen.Body, k.envelope) {
				all[name].recorded++
			}
		}
	})
	eachExample(t, func(operation, file string, body []byte) {
		for name, k := range kinds {
			if strings.HasPrefix(file, "20") && slices.Contains(k.examples, operation) && all[name].add(t, body, k.envelope) {
				all[name].examples++
			}
		}
	})
	return all
}

// recorded is a response of a real Okta org.
type recorded struct {
	Method, Path string
	Status       int
	Body         json.RawMessage
}

// eachRecorded calls do with each recorded response.
func eachRecorded(t *testing.T, do func(recorded)) {
	t.Helper()
	f, err := os.Open(shared + "/recorded/interactions.jsonl")
	if err != nil {
		t.Skipf("recorded answers are not here: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var seen recorded
		if err := json.Unmarshal(lines.Bytes(), &seen); err != nil {
			t.Fatal(err)
		}
		do(seen)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

// eachExample calls do with each of Okta's examples.
func eachExample(t *testing.T, do func(operation, file string, body []byte)) {
	t.Helper()
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
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		do(path.Base(path.Dir(h.Name)), path.Base(h.Name), body)
	}
}
