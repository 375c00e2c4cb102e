package ecs

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func document(t *testing.T, raw string) (d Document) {
	t.Helper()
	doc, err := AppendRaw(nil, []byte(raw), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if wrong := conform("full", doc); wrong != nil {
		t.Errorf("%v\nof %s", wrong, doc)
	}
	if wrong := lost([]byte(raw), doc); wrong != nil {
		t.Errorf("%v is lost in %s", wrong, doc)
	}
	if err := json.Unmarshal(doc, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestUsers checks that user is the actor, user.target the user acted on, and related.user all of
// them.
func TestUsers(t *testing.T) {
	const (
		root   = `{"id":"00u1","type":"User","alternateId":"root@corp.example","displayName":"Ruth Root"}`
		system = `{"id":"okta","type":"SystemPrincipal","alternateId":"system@okta.com","displayName":"Okta System"}`
		app    = `{"id":"0oa1","type":"PublicClientApp","alternateId":"unknown","displayName":"Console"}`
		bob    = `{"id":"00u2","type":"User","alternateId":"bob@corp.example","displayName":"Bob B"}`
		eve    = `{"id":"00u3","type":"User","alternateId":"CORP\\eve","displayName":"Eve E"}`
		appBob = `{"id":"0ua2","type":"AppUser","alternateId":"bob.app","displayName":"Bob B"}`
		group  = `{"id":"00g1","type":"UserGroup","alternateId":"unknown","displayName":"Admins"}`
	)
	for _, c := range []struct {
		name, actor, targets      string
		user, email, target, mail string
		related                   string
	}{
		{"another user", root, bob, "root@corp.example", "root@corp.example", "bob@corp.example", "bob@corp.example",
			"root@corp.example 00u1 Ruth Root bob@corp.example 00u2 Bob B"},
		{"the own account", bob, bob, "bob@corp.example", "bob@corp.example", "bob@corp.example", "bob@corp.example", "bob@corp.example 00u2 Bob B"},
		{"no target", root, "", "root@corp.example", "root@corp.example", "", "", "root@corp.example 00u1 Ruth Root"},
		{"the system", system, appBob + "," + bob, "system@okta.com", "system@okta.com", "bob@corp.example", "bob@corp.example",
			"system@okta.com okta Okta System bob.app 0ua2 Bob B bob@corp.example 00u2"},
		{"an app", app, eve, "unknown", "", `CORP\eve`, "", `0oa1 Console CORP\eve 00u3 Eve E`},
		{"several users", root, eve + "," + bob, "root@corp.example", "root@corp.example", `CORP\eve`, "",
			`root@corp.example 00u1 Ruth Root CORP\eve 00u3 Eve E bob@corp.example 00u2 Bob B`},
		{"a user of an app", root, appBob, "root@corp.example", "root@corp.example", "bob.app", "",
			"root@corp.example 00u1 Ruth Root bob.app 0ua2 Bob B"},
		{"a group", root, group, "root@corp.example", "root@corp.example", "", "", "root@corp.example 00u1 Ruth Root"},
		{"no actor", "null", bob, "", "", "bob@corp.example", "bob@corp.example", "bob@corp.example 00u2 Bob B"},
		{"nobody", "null", "null", "", "", "", "", ""},
	} {
		d := document(t, `{"eventType":"user.lifecycle.suspend","actor":`+c.actor+`,"target":[`+c.targets+`]}`)
		if got := d.User; got.Name != c.user || got.Email != c.email || got.Target.Name != c.target || got.Target.Email != c.mail {
			t.Errorf("%s: %+v", c.name, got)
		}
		if got := strings.Join(d.Related.User, " "); got != c.related {
			t.Errorf("%s: related.user is %q, want %q", c.name, got, c.related)
		}
		if d.Client.User != d.User.User {
			t.Errorf("%s: client.user is %+v", c.name, d.Client.User)
		}
		if wantGroup := strings.Contains(c.targets, "UserGroup"); (d.User.Target.Group.Name == "Admins") != wantGroup {
			t.Errorf("%s: group %+v", c.name, d.User.Target.Group)
		}
	}
}

func TestImpersonationAndRename(t *testing.T) {
	const who = `"actor":{"id":"00s1","type":"User","alternateId":"support@okta.com"},` +
		`"target":[{"id":"00u2","type":"User","alternateId":"bob@corp.example","changeDetails":`
	d := document(t, `{"eventType":"user.session.impersonation.initiate",`+who+`null}]}`)
	if d.User.Name != "support@okta.com" || d.User.Effective.ID != "00u2" || d.User.Target.ID != "00u2" {
		t.Errorf("%+v", d.User)
	}
	d = document(t, `{"eventType":"user.account.update_profile",`+who+
		`{"from":{"login":"bob@corp.example"},"to":{"login":"rob@corp.example","displayName":"Rob"}}}]}`)
	if d.User.Effective != (User{}) || d.User.Changes != (User{Name: "rob@corp.example", Email: "rob@corp.example", FullName: "Rob"}) {
		t.Errorf("%+v", d.User)
	}
}

func TestIsEmail(t *testing.T) {
	for s, want := range map[string]bool{
		"a@b": true, "alice.moreau@corp.example": true, "o'neil+x@sub.corp.example": true, "é@münchen.de": true,
		"": false, "unknown": false, `CORP\x`: false, `CORP\x@corp.example`: false, "@b": false, "a@": false, "a@b@c": false, "a b@c": false,
		"<a@b>": false, "a@.b": false, "a@b.": false, ".a@b": false, "a..b@c": false, "a,b@c": false, "null": false, "a\n@b": false,
	} {
		if got := isEmail(quoted(s)); got != want {
			t.Errorf("%q: %t", s, got)
		}
	}
}

// TestPlaceholders checks that placeholders for absent values are not values of typed fields, and
// that they are kept.
func TestPlaceholders(t *testing.T) {
	for _, word := range []string{`"null"`, `"unknown"`, `"NULL"`, `"Unknown"`} {
		d := document(t, strings.ReplaceAll(`{"published":WORD,"actor":{"alternateId":WORD},"device":{"managed":WORD},
			"client":{"ipAddress":WORD,"geographicalContext":{"city":WORD,"state":WORD,"country":WORD,"postalCode":WORD,"geolocation":WORD}},
			"securityContext":{"asNumber":WORD,"asOrg":WORD,"domain":WORD,"isProxy":WORD},"authenticationContext":{"authenticationStep":WORD},
			"request":{"ipChain":[{"ip":WORD,"geographicalContext":{"geolocation":{"lat":WORD,"lon":1}}}]},
			"debugContext":{"debugData":{"url":WORD,"dtHash":WORD}}}`, "WORD", word))
		if d.Timestamp != "" || d.Source != (Endpoint{}) || d.Client != (Endpoint{User: d.User.User}) || d.User.Email != "" || d.URL != (URL{}) ||
			d.Okta.Device.Managed != nil || d.Okta.AuthenticationContext.AuthenticationStep != nil || d.Okta.SecurityContext.IsProxy != nil {
			t.Errorf("%s: %+v", word, d)
		}
		if r := d.Related; len(r.Hosts)+len(r.IP)+len(r.User)+len(r.Hash) != 0 {
			t.Errorf("%s: %+v", word, r)
		}
	}
}

func TestURLAndRelated(t *testing.T) {
	for raw, want := range map[string]URL{
		`"url":"/a/b?"`:                       {Original: "/a/b?", Path: "/a/b"},
		`"url":"/a?x=1&y=2#z"`:                {Original: "/a?x=1&y=2#z", Path: "/a", Query: "x=1&y=2"},
		`"requestUri":"/only"`:                {Original: "/only", Path: "/only"},
		`"url":"/u?","requestUri":"/r"`:       {Original: "/u?", Path: "/u"},
		`"url":"https://u:p@h.example:8/p?q"`: {Original: "https://u:p@h.example:8/p?q", Path: "/p", Query: "q", Scheme: "https", Domain: "h.example"},
		`"url":"https://[::1]:8"`:             {Original: "https://[::1]:8", Scheme: "https", Domain: "[::1]"},
		`"url":"/go?to=https://evil.example"`: {Original: "/go?to=https://evil.example", Path: "/go", Query: "to=https://evil.example"},
		`"url":{"odd":1}`:                     {},
		`"url":"\"\u0000<b>"`:                 {Original: "\"\x00<b>", Path: "\"\x00<b>"},
	} {
		if d := document(t, `{"debugContext":{"debugData":{`+raw+`}}}`); d.URL != want {
			t.Errorf("%s: %+v, want %+v", raw, d.URL, want)
		}
	}
	d := document(t, `{"client":{"ipAddress":"192.0.2.1"},"device":{"name":"HOST-1"},"securityContext":{"domain":"isp.example"},
		"request":{"ipChain":[{"ip":"192.0.2.1"},{"ip":"2001:db8::1"},{"ip":"x"}]},"debugContext":{"debugData":{"dtHash":"aa","url":"https://h.example/"}}}`)
	if r := d.Related; !slices.Equal(r.Hosts, []string{"isp.example", "h.example", "HOST-1"}) ||
		!slices.Equal(r.IP, []string{"192.0.2.1", "2001:db8::1"}) || !slices.Equal(r.Hash, []string{"aa"}) {
		t.Errorf("%+v", r)
	}
}

// TestSekoiaRules checks both intakes of Sekoia.io for cases without a sample.
func TestSekoiaRules(t *testing.T) {
	for _, c := range []struct{ raw, now, then string }{
		{`"outcome":{"result":"ALLOW"}`, `{"okta":{"system":{"outcome":{"result":"ALLOW"}}}}`, `{"okta":{"system":{"outcome":{"result":"ALLOW"}}}}`},
		{`"actor":{"id":"1","alternateId":"a@b\\\\"}`,
			`{"user":{"id":"1","name":"a@b","email":"a@b"},"okta":{"system":{"actor":{"id":"1","alternate_id":"a@b"}}},"related":{"user":["a@b"]}}`,
			`{"user":{"id":"1","name":"a@b\\\\","email":"a@b\\\\"},"okta":{"system":{"actor":{"id":"1","alternate_id":"a@b\\\\"}}},"related":{"user":["a@b\\\\"]}}`},
		{`"actor":{"id":"1","alternateId":"z"},"target":[{"id":"3","type":"AppUser","alternateId":"y"},{"id":"2","type":"User","alternateId":"x"}]`,
			`{"user":{"id":"1","name":"z","email":"z","target":{"id":"3","name":"y","email":"y"}},` +
				`"okta":{"system":{"actor":{"id":"1","alternate_id":"z"}}},"related":{"user":["y","z"]}}`,
			`{"user":{"id":"3","name":"y","email":"y"},"okta":{"system":{"actor":{"id":"1","alternate_id":"z"}}},"related":{"user":["y"]}}`},
		{`"target":[{"id":"g","type":"UserGroup"},{"id":"a","type":"AppInstance","alternateId":"App\\"},{"id":"b","type":"AppInstance"}]`,
			`{"okta":{"system":{"target":{"type":"AppInstance","id":"a","alternateId":"App\\"}}}}`, `{}`},
		{`"debugContext":{"debugData":{"dtHash":"aa","threatSuspected":"true","url":"/x",` +
			`"risk":"{reasons=Anomalous Location, level=MEDIUM}","behaviors":"{New IP=POSITIVE, Velocity=NEGATIVE}"}}`,
			`{"okta":{"system":{"debug":{"dtHash":"aa","threatSuspected":true,` +
				`"risk":{"reasons":"Anomalous Location","level":"MEDIUM"},"behaviors":{"New IP":"POSITIVE","Velocity":"NEGATIVE"}}}}}`, `{}`},
		{`"debugContext":{"debugData":{"threatSuspected":"maybe","risk":"","behaviors":null}}`, `{}`, `{}`},
	} {
		for profile, want := range map[Profile]string{Sekoia: c.now, Sekoia202307: c.then} {
			doc, err := AppendRaw(nil, []byte(`{`+c.raw+`}`), Options{Profile: profile})
			if err != nil {
				t.Fatal(err)
			}
			got := decode(t, doc).(map[string]any)
			delete(got, "event")
			delete(got, "observer")
			text, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			normal, err := json.Marshal(decode(t, []byte(want)))
			if err != nil {
				t.Fatal(err)
			}
			if string(text) != string(normal) {
				t.Errorf("%d, %s:\n%s, want\n%s", profile, c.raw, text, normal)
			}
		}
	}
}
