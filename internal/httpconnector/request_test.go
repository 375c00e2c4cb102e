package httpconnector

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

const token = "s3cret-token-of-the-test"

// hostile are paths that some servers read as paths outside of base_url.
var hostile = []string{
	"..", "/..", "a/..", "../a", "/a/../b", "/./a", ".", "//evil.example/a", "/a//b", "https://evil.example/", "/%2e%2e/a", "/a%2Fb", "/a\\..\\b",
	"/..;/a", "/a;b=c", "/a?b=c", "/a#b", "/a\r\nHost: evil", "/a\x00", "/．．/a", "/a／b", "/…", "/.. /a", "/a\tb", "/%", "///",
}

func TestRequest(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Set-Cookie", "session=x")
		w.Header().Set("X-Request-Id", "r-1")
		switch path.Base(r.URL.Path) {
		case "created":
			w.WriteHeader(201)
		case "empty":
			w.WriteHeader(204)
			return
		case "text":
			w.Header().Set("Content-Type", "text/plain")
			_, _ = io.WriteString(w, "plain \xff text")
			return
		case "long":
			_, _ = io.WriteString(w, strings.Repeat("a", 5000))
			return
		case "html":
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(404)
			_, _ = io.WriteString(w, "<html>")
			return
		case "echo":
			_, _ = fmt.Fprintf(w, `{"auth":%q,"n":12345678901234567890}`, r.Header.Get("Authorization"))
			return
		case "broken":
			w.WriteHeader(422)
			_, _ = fmt.Fprintf(w, `{"error":"no such field","auth":%q}`, r.Header.Get("Authorization"))
			return
		}
		_, _ = io.WriteString(w, `{"ok":true}`)
	})
	session, err := open(t, settings{
		"base_url": s.URL + "/api/v2?key=queryquery", "allow_cidrs": loopback, "max_response_bytes": 1024,
		"headers": settings{"Authorization": "Bearer " + token},
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		input string
		sent  string // method, target and body; "" if nothing is sent
		want  string // part of the output, or of the error
		code  sdk.Code
	}{
		"get":              {`{"path":"/a b/é@x","query":{"q":"a&b=c","n":3}}`, "GET /api/v2/a%20b/%C3%A9@x?key=queryquery&n=3&q=a%26b%3Dc ", `"ok":true`, ""},
		"no path":          {`{}`, "GET /api/v2?key=queryquery ", `"status":200`, ""},
		"slash at the end": {`{"path":"a/"}`, "GET /api/v2/a/?key=queryquery ", `"status":200`, ""},
		"head":             {`{"method":"HEAD","path":"a"}`, "HEAD /api/v2/a?key=queryquery ", `"outcome":"unchanged"`, ""},
		"post": {
			`{"method":"POST","path":"created","json":{"t":"\"x"}}`,
			`POST /api/v2/created?key=queryquery {"t":"\"x"}`, `"outcome":"accepted"`, "",
		},
		"form":              {`{"method":"PUT","form":{"a":"x&y=z","b":true,"c":null}}`, "PUT /api/v2?key=queryquery a=x%26y%3Dz&b=true", `"status":200`, ""},
		"delete":            {`{"method":"DELETE","path":"empty"}`, "DELETE /api/v2/empty?key=queryquery ", `"status":204`, ""},
		"dry run":           {`{"method":"POST","path":"a","json":{"password":"p"},"dry_run":true}`, "", `"path":"/a","body":"{\"password\":\"********\"}"`, ""},
		"dry run of a read": {`{"path":"a","dry_run":true}`, "GET /api/v2/a?key=queryquery ", `"status":200`, ""},
		"echo":              {`{"path":"echo"}`, "GET /api/v2/echo?key=queryquery ", `{"auth":"********","n":12345678901234567890}`, ""},
		"error with a body": {`{"path":"broken"}`, "GET /api/v2/broken?key=queryquery ", "no such field", sdk.InvalidInput},
		"expected":          {`{"path":"broken","expected_status":[422]}`, "GET /api/v2/broken?key=queryquery ", `"status":422`, ""},
		"unexpected":        {`{"path":"a","expected_status":[201]}`, "GET /api/v2/a?key=queryquery ", "expected_status", sdk.Conflict},
		"text":              {`{"path":"text"}`, "GET /api/v2/text?key=queryquery ", "expected_body: any", sdk.Unavailable},
		"any text":          {`{"path":"text","expected_body":"any"}`, "GET /api/v2/text?key=queryquery ", `"text":"plain � text"`, ""},
		"long":              {`{"path":"long"}`, "GET /api/v2/long?key=queryquery ", `"truncated":true`, ""},
		"page of a proxy":   {`{"path":"html"}`, "GET /api/v2/html?key=queryquery ", "proxy", sdk.Unavailable},
		"any missing page":  {`{"path":"html","expected_body":"any"}`, "GET /api/v2/html?key=queryquery ", "404", sdk.NotFound},
		"two bodies":        {`{"method":"POST","json":{},"form":{}}`, "", "one body", sdk.InvalidInput},
		"body of a get":     {`{"json":{}}`, "", "has no body", sdk.InvalidInput},
		"authorization":     {`{"headers":{"authorization":"x"}}`, "", "holds a secret", sdk.InvalidInput},
		"cookie":            {`{"headers":{"Cookie":"x"}}`, "", "holds a secret", sdk.InvalidInput},
		"API key":           {`{"headers":{"X-Api-Key":"x"}}`, "", "holds a secret", sdk.InvalidInput},
		"host":              {`{"headers":{"hOST":"x"}}`, "", "set by the connector", sdk.InvalidInput},
		"proxy header":      {`{"headers":{"Proxy-Connection":"x"}}`, "", "set by the connector", sdk.InvalidInput},
		"header injection":  {`{"headers":{"A":"b\r\nC: d"}}`, "", "does not allow", sdk.InvalidInput},
		"header name":       {`{"headers":{"A b":"c"}}`, "", "does not allow", sdk.InvalidInput},
		"query of base_url": {`{"query":{"key":"x"}}`, "", "base_url sets", sdk.InvalidInput},
		"method":            {`{"method":"CONNECT"}`, "", "method", sdk.InvalidInput},
		"list as a query":   {`{"query":{"a":[1]}}`, "", "query", sdk.InvalidInput},
		"content type": {
			`{"method":"POST","json":{},"headers":{"Content-Type":"application/vnd.api+json"}}`,
			"POST /api/v2?key=queryquery {}", `"status":200`, "",
		},
		"empty without JSON": {`{"method":"POST","path":"empty","json":[1]}`, "POST /api/v2/empty?key=queryquery [1]", `"status":204`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(s.requests())
			_, result, err := call(t, session, "request", c.input)
			all := fmt.Sprintf("%s %+v %v", result.Output, result.Calls, err)
			if c.code != "" {
				wantError(t, err, c.code, c.want)
			} else if err != nil || !strings.Contains(string(result.Output), c.want) {
				t.Errorf("got %s, %v", result.Output, err)
			}
			for _, secret := range []string{token, "queryquery", "/api/v2", "session=x"} {
				if strings.Contains(all, secret) {
					t.Errorf("%s is in %s", secret, all)
				}
			}
			sent := ""
			if now := s.requests(); len(now) > before {
				r := now[before]
				sent = r.method + " " + r.uri + " " + r.body
				if r.header.Get("Authorization") != "Bearer "+token {
					t.Errorf("sent the header %q", r.header.Get("Authorization"))
				}
			}
			if sent != c.sent {
				t.Errorf("sent %q, want %q", sent, c.sent)
			}
		})
	}
	for _, p := range hostile {
		input, err := json.Marshal(settings{"path": p})
		if err != nil {
			t.Fatal(err)
		}
		before := len(s.requests())
		_, _, err = call(t, session, "request", string(input))
		if wantError(t, err, sdk.InvalidInput, "/path"); len(s.requests()) > before {
			t.Errorf("%q was sent", p)
		}
	}
}

// TestRedirects checks that only reads follow redirects, and only within base_url.
func TestRedirects(t *testing.T) {
	other := serve(t, respond(200, "application/json", "{}"))
	var location string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/start") {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, "{}")
	})
	session, err := open(t, settings{"base_url": s.URL + "/base", "allow_cidrs": loopback, "headers": settings{"Authorization": token}})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		method, location string
		uris             []string
		code             sdk.Code
	}{
		"relative":      {"GET", "end?a=b", []string{"/base/start", "/base/end?a=b"}, ""},
		"absolute":      {"GET", s.URL + "/base/x/end/", []string{"/base/start", "/base/x/end/"}, ""},
		"to base_url":   {"GET", "/base", []string{"/base/start", "/base"}, ""},
		"outside":       {"GET", "/admin", []string{"/base/start"}, sdk.Forbidden},
		"dots":          {"GET", "/base/../admin", []string{"/base/start"}, sdk.Forbidden},
		"encoded dots":  {"GET", "/base/%2e%2e/admin", []string{"/base/start"}, sdk.Forbidden},
		"similar":       {"GET", "/based", []string{"/base/start"}, sdk.Forbidden},
		"other host":    {"GET", other.URL + "/base/end", []string{"/base/start"}, sdk.Forbidden},
		"no scheme":     {"GET", strings.TrimPrefix(other.URL, "http:") + "/base/end", []string{"/base/start"}, sdk.Forbidden},
		"other scheme":  {"GET", strings.Replace(s.URL, "http", "https", 1) + "/base/end", []string{"/base/start"}, sdk.Forbidden},
		"file":          {"GET", "file:///etc/passwd", []string{"/base/start"}, sdk.Forbidden},
		"metadata":      {"GET", "http://169.254.169.254/latest", []string{"/base/start"}, sdk.Forbidden},
		"user":          {"GET", strings.Replace(s.URL, "://", "://u:p@", 1) + "/base/end", []string{"/base/start"}, sdk.Forbidden},
		"loop":          {"GET", "start", slices.Repeat([]string{"/base/start"}, maxRedirects+1), sdk.Unavailable},
		"of a write":    {"POST", "end", []string{"/base/start"}, sdk.Unavailable},
		"cannot parse":  {"GET", "http://[", []string{"/base/start"}, sdk.Forbidden},
		"of a deletion": {"DELETE", "/base/end", []string{"/base/start"}, sdk.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			location = c.location
			before := len(s.requests())
			_, result, err := call(t, session, "request", `{"method":"`+c.method+`","path":"start"}`)
			if c.code != "" {
				wantError(t, err, c.code, "redirect")
			} else if err != nil {
				t.Error(err)
			}
			var uris []string
			for _, r := range s.requests()[before:] {
				uris = append(uris, r.uri)
			}
			if !slices.Equal(uris, c.uris) || len(result.Calls) != len(uris) {
				t.Errorf("sent %q with the calls %+v, want %q", uris, result.Calls, c.uris)
			}
		})
	}
	if n := len(other.requests()); n != 0 {
		t.Errorf("another server got %d requests", n)
	}
}

// TestRepetition checks which requests are repeated after which response.
func TestRepetition(t *testing.T) {
	for name, c := range map[string]struct {
		method, retryAfter string
		status, requests   int
		code               sdk.Code
	}{
		"read after 503":       {"GET", "1", 503, 2, ""},
		"write after 503":      {"POST", "1", 503, 1, sdk.Unavailable},
		"write after 500":      {"POST", "", 500, 1, sdk.Unavailable},
		"write after 429":      {"POST", "1", 429, 2, ""},
		"429 with a long wait": {"POST", "600", 429, 1, sdk.RateLimited},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := false
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if !failed {
					failed = true
					w.Header().Set("Retry-After", c.retryAfter)
					w.WriteHeader(c.status)
				}
				_, _ = io.WriteString(w, "{}")
			})
			session, err := open(t, settings{"base_url": s.URL, "allow_cidrs": loopback})
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = call(t, session, "request", `{"method":"`+c.method+`","path":"a"}`)
			if c.code != "" {
				wantError(t, err, c.code, "/a")
			} else if err != nil {
				t.Error(err)
			}
			if n := len(s.requests()); n != c.requests {
				t.Errorf("%d requests, want %d", n, c.requests)
			}
		})
	}
}

func TestRules(t *testing.T) {
	s := serve(t, respond(200, "application/json", "{}"))
	session, err := open(t, settings{"base_url": s.URL, "allow_cidrs": loopback, "read_only": true, "allowed_actions": []string{"request"}})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = call(t, session, "post_message", `{"text":"a"}`)
	wantError(t, err, sdk.Forbidden, "allowed_actions")
	_, _, err = call(t, session, "request", `{"method":"POST"}`)
	wantError(t, err, sdk.Forbidden, "read_only")
	if n := len(s.requests()); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
	out, _, err := call(t, session, "request", `{"method":"POST","dry_run":true}`)
	if err != nil || !strings.Contains(fmt.Sprint(out["plan"]), "read_only") {
		t.Errorf("got %v, %v", out, err)
	}
	if _, _, err = call(t, session, "request", `{}`); err != nil {
		t.Error(err)
	}
}

// FuzzEscapePath checks that no accepted path leaves base_url.
func FuzzEscapePath(f *testing.F) {
	for _, p := range append(hostile, "/a/b", "a@b:c", "é", "") {
		f.Add(p)
	}
	b := &base{origin: &url.URL{Scheme: "https", Host: "desk.example"}, path: "/base/x"}
	f.Fuzz(func(t *testing.T, p string) {
		escaped, err := escapePath(p)
		if err != nil {
			return
		}
		u, err := url.Parse(b.origin.String() + escaped)
		if err != nil {
			t.Fatalf("%q became %q: %v", p, escaped, err)
		}
		b.complete(u)
		if got := u.EscapedPath(); u.Host != "desk.example" || u.RawQuery != "" || u.Fragment != "" || !strings.HasPrefix(path.Clean(u.Path)+"/", "/base/x/") ||
			path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") || hasDotSegment(got) {
			t.Errorf("%q became %s", p, u)
		}
	})
}
