package ecs

import (
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"

	"soar.example/okta/internal/jsonscan"
	"soar.example/okta/schema"
)

func TestSplitDomain(t *testing.T) {
	for _, c := range []struct{ domain, registered, sub, top string }{
		{"example.org", "example.org", "", "org"},
		{"www.example.org", "example.org", "www", "org"},
		{"a.b.example.co.uk", "example.co.uk", "a.b", "co.uk"},
		{"WWW.Example.ORG.", "Example.ORG", "WWW", "ORG"},
		{"me.github.io", "github.io", "me", "io"},
		{"googleusercontent.com", "googleusercontent.com", "", "com"},
		{"b.s3.eu-west-1.amazonaws.com", "amazonaws.com", "b.s3.eu-west-1", "com"},
		{"www.city.kawasaki.jp", "city.kawasaki.jp", "www", "kawasaki.jp"},
		{"xn--mnchen-3ya.de", "xn--mnchen-3ya.de", "", "de"},
		{"a.münchen.de", "münchen.de", "a", "de"},
		{"org", "", "", "org"},
		{"co.uk", "", "", "co.uk"},
		{"localhost", "", "", ""},
		{"host.corp.local", "", "", ""},
		{"192.0.2.1", "", "", ""},
		{"", "", "", ""},
		{".", "", "", ""},
		{"..", "", "", ""},
		{".org", "", "", ""},
		{"a..org", "", "", ""},
		{"例。jp", "", "", ""},
		{strings.Repeat("a.", 100_000) + "org", "a.org", strings.Repeat("a.", 99_998) + "a", "org"},
	} {
		registered, sub, top := splitDomain(c.domain)
		if registered != c.registered || sub != c.sub || top != c.top {
			t.Errorf("%.40s: %.40q %.40q %.40q, want %q %.40q %q", c.domain, registered, sub, top, c.registered, c.sub, c.top)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for published, want := range map[string]string{
		"2022-11-15T08:04:22.213Z":       "2022-11-15T08:04:22.213000Z",
		"2022-11-02T12:00:00.000Z":       "2022-11-02T12:00:00Z",
		"2022-11-02T12:00:00Z":           "2022-11-02T12:00:00Z",
		"2022-11-02T12:00:00.0000009Z":   "2022-11-02T12:00:00Z",
		"2022-11-02T12:00:00.123456789Z": "2022-11-02T12:00:00.123456Z",
		"2022-11-02T12:00:00.5-03:30":    "2022-11-02T15:30:00.500000Z",
		"9999-12-31T23:59:59-00:01":      "",
		"0000-01-01T00:00:00+00:01":      "",
		"2022-11-02 12:00:00Z":           "",
		"2022-11-02T12:00:00":            "",
		"2022-11-02T12:00:00+0000":       "",
		"2022-13-02T12:00:00Z":           "",
		"1667390400":                     "",
		"":                               "",
	} {
		if got := timestamp(published); got != want {
			t.Errorf("%s: %q, want %q", published, got, want)
		}
	}
}

func TestOutcome(t *testing.T) {
	for result, want := range map[string]string{
		"SUCCESS": "success", "ALLOW": "success", "FAILURE": "failure", "DENY": "failure",
		"CHALLENGE": "unknown", "SKIPPED": "unknown", "UNKNOWN": "unknown", "": "unknown", "success": "unknown", "NEW": "unknown",
	} {
		if got := outcome(lit(`"` + result + `"`)); got != want {
			t.Errorf("%s: %s, want %s", result, got, want)
		}
	}
}

func quoted(s string) lit {
	if s == "" {
		return ""
	}
	return lit(jsonscan.AppendQuoted(nil, s))
}

func TestUserAgent(t *testing.T) {
	for _, c := range []struct{ raw, browser, want string }{
		{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36",
			"CHROME", "Chrome|124.0.0|Mac|Mac OS X|10.15.7"},
		{"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:125.0) Gecko/20100101 Firefox/125.0", "FIREFOX", "Firefox|125.0|Other|Windows|10"},
		{"python-requests/2.31.0", "UNKNOWN", "Python Requests|2.31|Other|Other|"},
		{"axios/0.19.2", "UNKNOWN", "axios|0.19.2|Other|Other|"},
		{"Okta-Integrations", "UNKNOWN", "Other||Other|Other|"},
		{"UNKNOWN-DOWNLOAD", "UNKNOWN", "||||"},
		{"UNKNOWN-DOWNLOAD", "CHROME", "Chrome||||"},
		{"", "INTERNET_EXPLORER", "Internet_explorer||||"},
		{"", "éDGE", "Édge||||"},
		{"", "Unknown", "||||"},
		{"", "", "||||"},
	} {
		rules, err := browsers()
		if err != nil {
			t.Fatal(err)
		}
		var e event
		e.add(eventObject)
		e.values[atUserAgent].lit, e.values[atBrowser].lit = quoted(c.raw), quoted(c.browser)
		w := writer{[]byte{'{'}}
		w.userAgent(&e, rules)
		var d Document
		if err := json.Unmarshal(append(w.b, '}'), &d); err != nil {
			t.Fatal(err)
		}
		ua := d.UserAgent
		if got := strings.Join([]string{ua.Name, ua.Version, ua.Device.Name, ua.OS.Name, ua.OS.Version}, "|"); got != c.want {
			t.Errorf("%s: %s, want %s", c.raw, got, c.want)
		}
	}
}

// TestAgentCacheIsBounded checks that concurrent use with more headers than the cache keeps
// returns correct results, and that the cache stays bounded.
func TestAgentCacheIsBounded(t *testing.T) {
	a := &agents{young: map[string]string{}}
	var wait sync.WaitGroup
	for n := range 4 {
		wait.Go(func() {
			for i := range cachedAgents {
				a.keep(strconv.Itoa(n*cachedAgents+i), strconv.Itoa(n*cachedAgents+i))
			}
		})
	}
	wait.Wait()
	if len(a.young)+len(a.old) > 2*cachedAgents {
		t.Errorf("%d and %d kept", len(a.young), len(a.old))
	}
	for header, ua := range a.old {
		if ua != header || a.parse(header) != header {
			t.Fatalf("%s has the result %s", header, ua)
		}
		if _, ok := a.young[header]; !ok {
			t.Fatal("a header in use was not kept")
		}
		break
	}
}

// TestConcurrent checks that concurrent conversions return the same documents.
func TestConcurrent(t *testing.T) {
	raw := pageEvent(t)
	want, err := AppendRaw(nil, raw, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			for range 50 {
				got, err := AppendRaw(nil, raw, Options{})
				if err != nil || string(got) != string(want) {
					t.Errorf("%v: %s", err, got)
					return
				}
				if _, err := AppendRaw(nil, []byte(`{"target":[{"id":"1"}`), Options{}); err == nil {
					t.Error("an incomplete event was accepted")
				}
			}
		})
	}
	wait.Wait()
}

// TestSchema checks that the published schema is valid, describes every field, and lists the
// values of the categorization fields.
func TestSchema(t *testing.T) {
	published, err := schema.Output[Document]()
	if err != nil {
		t.Fatal(err)
	}
	for doc, ok := range map[string]bool{
		`{"event":{"kind":"event","dataset":"system-log","category":["session"],"type":["start"],"outcome":"success"},"observer":{"vendor":"Okta"}}`: true,
		`{"event":{"kind":"alert","dataset":"system-log"},"observer":{"vendor":"Okta"}}`:                                                             false,
		`{"event":{"kind":"event","dataset":"system-log","category":["party"]},"observer":{"vendor":"Okta"}}`:                                        false,
		`{"event":{"kind":"event","dataset":"system-log","outcome":"fine"},"observer":{"vendor":"Okta"}}`:                                            false,
		`{"event":{"kind":"event","dataset":"system-log"},"observer":{"vendor":"Okta"},"source":{"geo":{"location":{"lat":91,"lon":0}}}}`:            false,
		`{"observer":{"vendor":"Okta"}}`: false,
	} {
		if v := published.Check(json.RawMessage(doc)); (v == nil) != ok {
			t.Errorf("%s: %v", doc, v)
		}
	}
	seen := map[string]bool{}
	for _, f := range Fields() {
		if f.Name == "" || f.Type == "" || seen[f.Name] {
			t.Errorf("%+v", f)
		}
		seen[f.Name] = true
	}
}
