package oktasim_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

func TestFaultResponses(t *testing.T) {
	for name, tc := range map[string]struct {
		fault  oktasim.Fault
		status int
		code   string
		body   string
	}{
		"status":                {oktasim.Fault{Status: 500}, 500, "E0000009", ""},
		"status and code":       {oktasim.Fault{Status: 500, ErrorCode: "E0000053"}, 500, "E0000053", ""},
		"code":                  {oktasim.Fault{ErrorCode: "E0000010"}, 503, "E0000010", ""},
		"code without a status": {oktasim.Fault{Status: 418, ErrorCode: "E9999999"}, 418, "E9999999", ""},
		"status and body":       {oktasim.Fault{Status: 502, Body: "bad gateway"}, 502, "", "bad gateway"},
		"not JSON with 200":     {oktasim.Fault{Status: 200, Body: "<ok/>"}, 200, "", "<ok/>"},
		"empty with 200":        {oktasim.Fault{Status: 200}, 200, "", ""},
		"empty":                 {oktasim.Fault{Kind: oktasim.KindEmpty}, 403, "", ""},
		"empty 401":             {oktasim.Fault{Kind: oktasim.KindEmpty, Status: 401}, 401, "", ""},
		"html": {oktasim.Fault{Kind: oktasim.KindHTML}, 502, "",
			"<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"},
		"custom HTML": {oktasim.Fault{Kind: oktasim.KindHTML, Status: 403, Body: "<p>WAF</p>"}, 403, "", "<p>WAF</p>"},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := start(t)
			c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
			c.org.Fault(tc.fault)
			a := c.want("POST", "/api/v1/users/a@corp.example/lifecycle/suspend", "", tc.status, tc.code)
			if tc.code == "" && a.body != tc.body {
				t.Errorf("body %q", a.body)
			}
			if want := tc.fault.Kind == oktasim.KindHTML; strings.HasPrefix(a.header.Get("Content-Type"), "text/html") != want {
				t.Errorf("content type %q", a.header.Get("Content-Type"))
			}
			if a.header.Get("X-Okta-Request-Id") == "" {
				t.Error("no request id")
			}
			if s := c.status("a@corp.example"); s != "ACTIVE" {
				t.Errorf("a request with a faulty response had an effect: %s", s)
			}
			if r := c.org.Requests(); len(r) != 1 || r[0].Status != tc.status {
				t.Errorf("requests %+v", r)
			}
		})
	}
}

func TestFaultChoosesItsRequests(t *testing.T) {
	c, _ := start(t)
	c.org.Fault(oktasim.Fault{Method: "GET", Path: "/api/v1/users/*", Status: 500, Skip: 1, Times: 2})
	c.org.Fault(oktasim.Fault{Path: "/api/v1/groups/**", ErrorCode: "E0000047"})
	for i, step := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/api/v1/users/me", 200},
		{"GET", "/api/v1/users", 200},
		{"POST", "/api/v1/users/me", 400},
		{"GET", "/api/v1/users/me", 500},
		{"GET", "/api/v1/users/me/groups", 200},
		{"GET", "/api/v1/users/me", 500},
		{"GET", "/api/v1/users/me", 200},
		{"GET", "/api/v1/groups", 429},
		{"GET", "/api/v1/groups/x/users", 429},
		{"GET", "/api/v1/groups", 429},
	} {
		if a := c.do(step.method, step.path, ""); a.status != step.want {
			t.Errorf("step %d: %d, want %d", i, a.status, step.want)
		}
	}
	c.org.ClearFaults()
	c.want("GET", "/api/v1/groups", "", 200, "")
}

func TestFaultAfterEffect(t *testing.T) {
	for _, kind := range []string{"", oktasim.KindHangup, oktasim.KindHTML, oktasim.KindEmpty} {
		c, _ := start(t)
		c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
		status := 0
		if kind == "" {
			status = 504
		}
		c.org.Fault(oktasim.Fault{Kind: kind, Status: status, AfterEffect: true})
		if a, err := c.try("POST", "/api/v1/users/a@corp.example/lifecycle/suspend", ""); err == nil && a.status == 200 {
			t.Errorf("%q: the fault was not injected", kind)
		}
		if s := c.status("a@corp.example"); s != "SUSPENDED" {
			t.Errorf("%q: %s", kind, s)
		}
	}
}

func TestFaultHeaders(t *testing.T) {
	c, _ := start(t)
	c.org.Fault(oktasim.Fault{Status: 429, Times: 1})
	a := c.want("GET", "/api/v1/users/me", "", 429, "E0000047")
	if a.header.Get("X-Rate-Limit-Remaining") != "0" || a.header.Get("X-Rate-Limit-Reset") == "" {
		t.Errorf("a 429 has the headers %v", a.header)
	}
	c.org.Fault(oktasim.Fault{Status: 429, Headers: map[string]string{
		"x-rate-limit-reset": "", "date": "", "X-Rate-Limit-Limit": "0", "Retry-After": "7",
	}})
	a = c.want("GET", "/api/v1/users/me", "", 429, "E0000047")
	if a.header.Get("X-Rate-Limit-Limit") != "0" || a.header.Get("Retry-After") != "7" {
		t.Errorf("headers %v", a.header)
	}
	for _, gone := range []string{"X-Rate-Limit-Reset", "Date"} {
		if v, has := a.header[gone]; has {
			t.Errorf("%s is still there: %v", gone, v)
		}
	}
}

func TestFaultsOnTheWire(t *testing.T) {
	for kind, want := range map[string]error{
		oktasim.KindHangup: io.EOF, oktasim.KindTruncate: io.ErrUnexpectedEOF, oktasim.KindReset: syscall.ECONNRESET,
	} {
		t.Run(kind, func(t *testing.T) {
			c, _ := start(t)
			c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
			c.org.Fault(oktasim.Fault{Kind: kind, Times: 1})
			a, err := c.try("POST", "/api/v1/users/a@corp.example/lifecycle/expire_password", "")
			if !errors.Is(err, want) {
				t.Errorf("got %v (%d %q), want %v", err, a.status, a.body, want)
			}
			// A hangup prevents the effect of the request. The other faults interrupt a normal response.
			done := kind != oktasim.KindHangup
			if s := c.status("a@corp.example"); (s == "PASSWORD_EXPIRED") != done {
				t.Errorf("the user is %s", s)
			}
			c.want("GET", "/api/v1/users/me", "", 200, "")
		})
	}
}

func TestFaultTruncatesEmptyBody(t *testing.T) {
	c, _ := start(t)
	u := c.org.AddUser(oktasim.NewUser{Login: "a@corp.example", Status: "STAGED"})
	c.org.Fault(oktasim.Fault{Kind: oktasim.KindTruncate})
	if _, err := c.try("DELETE", "/api/v1/users/"+u.ID, ""); err == nil {
		t.Error("a response without a body was not omitted")
	}
}

func TestFaultSlow(t *testing.T) {
	c, _ := start(t)
	c.org.AddUser(oktasim.NewUser{Login: "a@corp.example"})
	c.org.AddUser(oktasim.NewUser{Login: "b@corp.example"})
	c.org.Fault(oktasim.Fault{Kind: oktasim.KindSlow, Delay: "30ms", Times: 1})
	begun := time.Now()
	c.want("POST", "/api/v1/users/a@corp.example/lifecycle/suspend", "", 200, "")
	if d := time.Since(begun); d < 30*time.Millisecond {
		t.Errorf("responded after %s", d)
	}

	// If the client disconnects before the work, the request has no effect. If it disconnects later, it has an
	// effect.
	for _, tc := range []struct {
		after bool
		want  string
	}{{false, "ACTIVE"}, {true, "SUSPENDED"}} {
		c.org.ForgetRequests()
		c.org.Fault(oktasim.Fault{Kind: oktasim.KindSlow, Delay: "1h", Times: 1, AfterEffect: tc.after})
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() {
			_, err := c.send(c.request("POST", "/api/v1/users/b@corp.example/lifecycle/suspend", "").WithContext(ctx))
			failed <- err
		}()
		waitFor(t, func() bool {
			return len(c.org.Requests()) == 1 && (!tc.after || c.status("b@corp.example") == "SUSPENDED")
		})
		cancel()
		if err := <-failed; !errors.Is(err, context.Canceled) {
			t.Errorf("after=%v: %v", tc.after, err)
		}
		if s := c.status("b@corp.example"); s != tc.want {
			t.Errorf("after=%v: %s", tc.after, s)
		}
	}
}

// waitFor polls a condition that another goroutine makes true.
func waitFor(t testing.TB, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("the test ended before the condition was true")
		}
	}
}

func TestFaultLink(t *testing.T) {
	c, _ := start(t)
	c.org.Append(oktasim.Event{})
	for link, want := range map[string]string{
		"https://evil.example/api/v1/logs?after=x": "https://evil.example/api/v1/logs?after=x",
		oktasim.LinkNone: "",
	} {
		c.org.Fault(oktasim.Fault{Path: "/api/v1/logs", Link: link, Times: 1})
		if _, next := c.want("GET", "/api/v1/logs", "", 200, "").links(t); next != want {
			t.Errorf("%s: next is %s", link, next)
		}
	}
	c.org.Fault(oktasim.Fault{Kind: oktasim.KindLink, Link: oktasim.LinkSelf, Times: 1})
	if self, next := c.get("/api/v1/logs?limit=3").links(t); next != self || next == "" {
		t.Errorf("next is %s, self %s", next, self)
	}
	if _, next := c.get("/api/v1/logs").links(t); next == "" {
		t.Error("the fault applies more often than times")
	}
}

func TestInvalidFaults(t *testing.T) {
	c, _ := start(t)
	for name, f := range map[string]oktasim.Fault{
		"nothing": {}, "kind": {Kind: "explode"}, "delay": {Kind: "slow"}, "negative delay": {Kind: "slow", Delay: "-1s"},
		"link": {Kind: "link"}, "path": {Path: "[", Status: 500}, "path rest": {Path: "[**", Status: 500}, "status": {Status: 42},
		"unknown code": {ErrorCode: "E1"}, "times": {Status: 500, Times: -1},
	} {
		if !panics(func() { c.org.Fault(f) }) {
			t.Errorf("%s: accepted", name)
		}
	}
	c.want("GET", "/api/v1/users/me", "", 200, "")
}

func TestIncompleteRequestBody(t *testing.T) {
	c, _ := start(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.org.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	head := "POST /api/v1/groups HTTP/1.1\r\nHost: x\r\nAuthorization: SSWS " + c.org.Token + "\r\nContent-Length: 100\r\n\r\n"
	if _, err := io.WriteString(conn, head+`{"profile":{"name":"x"}}`); err != nil {
		t.Fatal(err)
	}
	if err := conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if response, err := io.ReadAll(conn); err != nil || len(response) != 0 {
		t.Errorf("got the response %q, %v", response, err)
	}
	if err := conn.Close(); err != nil {
		t.Error(err)
	}
	if n := len(c.org.State().Groups); n != 1 {
		t.Errorf("%d groups", n)
	}
}
