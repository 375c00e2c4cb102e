package oktasim_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"soar.example/okta/internal/oktasim"
)

// TestUpdateWithoutProfile changes only credentials. PUT and POST keep the profile.
func TestUpdateWithoutProfile(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		body   string
		events []string
	}{
		"password": {`{"credentials":{"password":{"value":"correct horse"}}}`, []string{"user.account.update_password"}},
		"password as hash": {`{"credentials":{"password":{"hash":{"algorithm":"BCRYPT","workFactor":10,"salt":"s","value":"v"}}}}`,
			[]string{"user.account.update_password"}},
		"question": {`{"credentials":{"recovery_question":{"question":"Who?","answer":"nobody"}}}`, []string{"user.account.update_profile"}},
		"password and question": {
			`{"credentials":{"password":{"value":"correct horse"},"recovery_question":{"question":"Who?","answer":"nobody"}}}`,
			[]string{"user.account.update_password"},
		},
		"null profile": {`{"profile":null,"credentials":{"password":{"value":"correct horse"}}}`, []string{"user.account.update_password"}},
		"type":         {`{"type":{"id":"oty2k9m4x7Qw1Zr85d7"}}`, []string{"user.account.update_profile"}},
		"status":       {`{"status":"SUSPENDED"}`, []string{"user.account.update_profile"}},
		"nothing":      {`{}`, []string{"user.account.update_profile"}},
	} {
		for _, method := range []string{"PUT", "POST"} {
			t.Run(method+" "+name, func(t *testing.T) {
				t.Parallel()
				c, _ := start(t)
				u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Profile: map[string]any{"city": "Lyon"}})
				before := c.want("GET", "/api/v1/users/"+u.ID, "", 200, "").object(t)
				got := c.want(method, "/api/v1/users/"+u.ID, tc.body, 200, "").object(t)
				if d := cmp.Diff(before["profile"], got["profile"]); d != "" {
					t.Error(d)
				}
				if got["status"] != "ACTIVE" {
					t.Errorf("status %v", got["status"])
				}
				if d := cmp.Diff(tc.events, c.logged()); d != "" {
					t.Error(d)
				}
			})
		}
	}
}

func TestUpdateWithoutProfileErrors(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	for body, cause := range map[string]string{
		`{"credentials":{"password":{"value":"short"}}}`:                 "password: ",
		`{"credentials":{"password":{"value":"éééé"}}}`:                  "password: ", // 4 characters, 8 bytes
		`{"profile":{},"credentials":{"password":{"value":"longer o"}}}`: "",           // an empty profile is a replacement
	} {
		a := c.want("PUT", "/api/v1/users/"+u.ID, body, 400, "E0000001")
		if !strings.Contains(a.body, `{"errorSummary":"`+cause) {
			t.Errorf("%s: %s", body, a.body)
		}
	}
	if got := c.logged(); len(got) != 0 {
		t.Errorf("logged %v", got)
	}
}

// TestStatusGivenAtCreation creates objects with a status in the body. The lifecycle determines the status
// instead.
func TestStatusGivenAtCreation(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	for _, status := range []string{"SUSPENDED", "DEPROVISIONED", "LOCKED_OUT", "nonsense"} {
		login := strings.ToLower(status) + "@corp.example"
		body := `{"status":"` + status + `",` + profile(login) + `,"credentials":{"password":{"value":"correct horse"}}}`
		if got := c.want("POST", "/api/v1/users", body, 200, "").object(t)["status"]; got != "ACTIVE" {
			t.Errorf("%s: %v", status, got)
		}
	}
	if got := c.want("POST", "/api/v1/groups", `{"type":"APP_GROUP","profile":{"name":"G"}}`, 200, "").object(t)["type"]; got != "OKTA_GROUP" {
		t.Errorf("type %v", got)
	}
}

// TestNamesInAnyScript derives names from logins, and reads names with multibyte letters.
func TestNamesInAnyScript(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	for login, want := range map[string]string{
		"élodie.dupont@corp.example":  "Élodie Dupont",
		"zoë.ångström@corp.example":   "Zoë Ångström",
		"анна.иванова@corp.example":   "Анна Иванова",
		"李.小龙@corp.example":           "李 小龙",
		"ǆemal@corp.example":          "ǅemal User",
		"e\u0301va@corp.example":      "E\u0301va User",
		"𐐨𐐩@corp.example":             "𐐀𐐩 User",
		"7up@corp.example":            "7up User",
		".dot@corp.example":           " Dot",
		"alice.moreau@corp.example":   "Alice Moreau",
		"grace.m.hopper@corp.example": "Grace M.hopper",
	} {
		u := c.org.AddUser(oktasim.NewUser{Login: login})
		if got := u.FirstName + " " + u.LastName; got != want || !utf8.ValidString(got) {
			t.Errorf("%s: %q, want %q", login, got, want)
		}
		read := c.want("GET", "/api/v1/users/"+u.ID, "", 200, "")
		profile := read.object(t)["profile"].(map[string]any)
		if got := profile["firstName"].(string) + " " + profile["lastName"].(string); got != want || strings.ContainsRune(read.body, utf8.RuneError) {
			t.Errorf("%s: read %q, want %q", login, got, want)
		}
	}
	u := c.org.AddUser(oktasim.NewUser{Login: "role@corp.example"})
	role := c.org.AddRole(oktasim.NewRole{User: u.ID, Type: "CUSTOM", Role: "cr0a", ResourceSet: "iama", Label: "élu Admin"})
	c.want("DELETE", "/api/v1/users/"+u.ID+"/roles/"+role.ID, "", 204, "")
	if log := c.get("/api/v1/logs"); strings.ContainsRune(log.body, utf8.RuneError) {
		t.Errorf("broken text in %s", log.body)
	}
}

// TestLengthsCountCharacters sends texts of two-byte letters at the limit, and one letter above it.
func TestLengthsCountCharacters(t *testing.T) {
	t.Parallel()
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	group := "/api/v1/groups/" + c.org.AddGroup(oktasim.NewGroup{Name: "G"}).ID
	for _, tc := range []struct {
		method, path, before, after string
		limit                       int
	}{
		{"POST", "/api/v1/users/" + u.ID, `{"profile":{"city":"`, `"}}`, 255},
		{"PUT", group, `{"profile":{"name":"`, `"}}`, 255},
		{"PUT", group, `{"profile":{"name":"G","description":"`, `"}}`, 1024},
		{"POST", "/api/v1/zones", `{"type":"IP","name":"`, `"}`, 128},
	} {
		c.want(tc.method, tc.path, tc.before+strings.Repeat("é", tc.limit)+tc.after, 200, "")
		c.want(tc.method, tc.path, tc.before+strings.Repeat("é", tc.limit+1)+tc.after, 400, "E0000001")
	}
	a := c.want("GET", "/api/v1/logs?"+escape(`filter=severity eq "élodie" or eventType eqq "x"`), "", 400, "E0000053")
	if !strings.Contains(a.body, "at position 34") {
		t.Errorf("the position counts bytes: %s", a.body)
	}
}
