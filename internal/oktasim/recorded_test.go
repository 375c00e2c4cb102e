package oktasim_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/oktasim"
)

const recordedFile = "../../../shared/okta/recorded/interactions.jsonl"

// recorded is one exchange with a real org.
type recorded struct {
	Method  string          `json:"method"`
	Path    string          `json:"path"`
	Query   string          `json:"query"`
	Request json.RawMessage `json:"request_body"`
	Status  int             `json:"status"`
	Body    any             `json:"body"`
}

// TestRecorded sends every recorded request for an endpoint of the org to an org with the same objects. It compares
// the status and the structure of the responses.
func TestRecorded(t *testing.T) {
	t.Parallel()
	f, err := os.Open(recordedFile)
	if err != nil {
		t.Skipf("no recorded traffic to compare with: %v", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	replayed, total := 0, 0
	for lines.Scan() {
		total++
		var r recorded
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		// The org has no catalogue of apps. It knows only the name of an app.
		if !oktasim.HasEndpoint(r.Method, r.Path) || strings.HasSuffix(r.Path, "/targets/catalog/apps") {
			continue
		}
		replayed++
		t.Run(fmt.Sprintf("%d_%s_%s", total, r.Method, strings.ReplaceAll(r.Path[1:], "/", "_")), func(t *testing.T) { replay(t, r) })
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	t.Logf("replayed %d of %d recorded requests", replayed, total)
	if replayed < 100 {
		t.Errorf("only %d recorded requests were replayed", replayed)
	}
}

func replay(t *testing.T, r recorded) {
	c, _ := start(t)
	if !prepareAccess(t, c, r) {
		prepare(t, c, r)
	}
	target := r.Path
	if r.Query != "" {
		target += "?" + r.Query
	}
	body := string(r.Request)
	if body == "null" {
		body = ""
	}
	a := c.do(r.Method, target, body)
	if a.status != r.Status {
		t.Fatalf("%s %s: %d, recorded %d: %s", r.Method, target, a.status, r.Status, a.body)
	}
	if r.Body == nil {
		if a.body != "" {
			t.Errorf("body %q, recorded none", a.body)
		}
		return
	}
	for _, difference := range compareShapes("", r.Body, decode[any](t, a)) {
		t.Error(difference)
	}
}

var idInPath = regexp.MustCompile(`/(00[ug][A-Za-z0-9]{17})`)

// prepare adds the users and groups that a recorded request needs.
func prepare(t *testing.T, c *caller, r recorded) {
	t.Helper()
	items, _ := r.Body.([]any)
	if one, ok := r.Body.(map[string]any); ok && r.Method != "POST" {
		items = []any{one}
	}
	owner := ""
	for _, m := range idInPath.FindAllStringSubmatch(r.Path, -1) {
		if owner = m[1]; strings.HasPrefix(owner, "00g") {
			break
		}
	}
	for _, item := range items {
		addRecorded(c, item.(map[string]any), owner)
	}
	for _, m := range idInPath.FindAllStringSubmatch(r.Path, -1) {
		ensure(c, m[1], r)
	}
	link(c, r, items)
	if r.Status == 200 {
		defineAttributes(t, c, r)
	}
}

// addRecorded adds the recorded user or group to the org.
func addRecorded(c *caller, item map[string]any, owner string) {
	profile, ok := item["profile"].(map[string]any)
	if !ok {
		return
	}
	id, _ := item["id"].(string)
	if name, isGroup := profile["name"].(string); isGroup {
		if item["type"] != "BUILT_IN" {
			description, _ := profile["description"].(string)
			c.org.AddGroup(oktasim.NewGroup{ID: id, Name: name, Description: description})
		}
		return
	}
	text := func(k string) string { s, _ := profile[k].(string); return s }
	extra := maps.Clone(profile)
	for _, k := range []string{"login", "email", "firstName", "lastName"} {
		delete(extra, k)
	}
	maps.DeleteFunc(extra, func(_ string, v any) bool { return v == nil })
	c.org.AddUser(oktasim.NewUser{
		ID: id, Login: text("login"), Email: text("email"), FirstName: text("firstName"), LastName: text("lastName"),
		Status: item["status"].(string), Profile: extra,
	})
	credentials, _ := item["credentials"].(map[string]any)
	if q, ok := credentials["recovery_question"].(map[string]any); ok {
		c.want("POST", "/api/v1/users/"+id, fmt.Sprintf(`{"credentials":{"recovery_question":{"question":%q,"answer":"x"}}}`, q["question"]), 200, "")
	}
}

// ensure adds the objects of a path that are missing in the response.
func ensure(c *caller, id string, r recorded) {
	state := c.org.State()
	if strings.HasPrefix(id, "00u") {
		if _, there := state.User(id); there {
			return
		}
		status := "ACTIVE"
		if strings.HasSuffix(r.Path, "/activate") {
			status = "STAGED"
		}
		c.org.AddUser(oktasim.NewUser{ID: id, Login: id + "@corp.example", Status: status})
		return
	}
	if !slices.ContainsFunc(state.Groups, func(g oktasim.GroupState) bool { return g.ID == id }) {
		c.org.AddGroup(oktasim.NewGroup{ID: id, Name: id})
	}
}

// link adds the memberships of a list of groups or members.
func link(c *caller, r recorded, items []any) {
	parts := strings.Split(strings.TrimPrefix(r.Path, "/api/v1/"), "/")
	if len(parts) != 3 {
		return
	}
	for _, item := range items {
		id := item.(map[string]any)["id"].(string)
		switch {
		case parts[0] == "groups" && parts[2] == "users":
			c.org.AddMember(parts[1], id)
		case parts[0] == "users" && parts[2] == "groups" && item.(map[string]any)["type"] != "BUILT_IN":
			c.org.AddMember(id, parts[1])
		}
	}
}

// defineAttributes gives the org the custom attributes that an accepted request uses.
func defineAttributes(t *testing.T, c *caller, r recorded) {
	t.Helper()
	var body struct {
		Profile map[string]any `json:"profile"`
	}
	if len(r.Request) == 0 || string(r.Request) == "null" || !strings.HasPrefix(r.Path, "/api/v1/users") {
		return
	}
	if err := json.Unmarshal(r.Request, &body); err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"login", "email"} {
		delete(body.Profile, k)
	}
	c.org.AddUser(oktasim.NewUser{Login: "attributes@corp.example", Profile: body.Profile})
}

// dependsOnOrg lists keys that only some real orgs return, or only during an operation.
var dependsOnOrg = []string{"realmId", "orn", "owners", "resetFactors", "transitioningToStatus"}

// compareShapes lists the differences of two JSON values in keys and types. Null matches every type.
func compareShapes(at string, want, got any) []string {
	if want == nil || got == nil {
		return nil
	}
	var out []string
	switch want := want.(type) {
	case map[string]any:
		got, ok := got.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s: %T, recorded an object", at, got)}
		}
		keys := slices.Sorted(maps.Keys(want))
		for k := range got {
			if _, ok := want[k]; !ok && !slices.Contains(dependsOnOrg, k) {
				out = append(out, fmt.Sprintf("%s.%s: not in the recorded response", at, k))
			}
		}
		for _, k := range keys {
			v, ok := got[k]
			if !ok && !slices.Contains(dependsOnOrg, k) {
				out = append(out, fmt.Sprintf("%s.%s: missing", at, k))
			}
			out = append(out, compareShapes(at+"."+k, want[k], v)...)
		}
	case []any:
		got, ok := got.([]any)
		if !ok || len(got) == 0 && len(want) > 0 {
			return []string{fmt.Sprintf("%s: %v, recorded a list of %d", at, got, len(want))}
		}
		for i := range min(len(got), len(want)) {
			out = append(out, compareShapes(fmt.Sprintf("%s[%d]", at, i), want[i], got[i])...)
		}
	default:
		if fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			out = append(out, fmt.Sprintf("%s: %T, recorded %T", at, got, want))
		}
	}
	return out
}
