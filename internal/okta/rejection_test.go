package okta

import (
	"encoding/csv"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// A foreignBody is a response body of a proxy, a portal or another server.
type foreignBody struct{ contentType, body string }

var foreignBodies = map[string]foreignBody{
	"HTML":                  {"text/html; charset=utf-8", "<html><h1>404 Not Found</h1>nginx</html>"},
	"empty":                 {"", ""},
	"plain text":            {"text/plain", "404 page not found\n"},
	"null":                  {"application/json", "null"},
	"no JSON":               {"application/json", `{"errorCode":"E0000007"`},
	"HTML around JSON":      {"text/html", `<pre>{"errorCode":"E0000007"}</pre>`},
	"a gateway's message":   {"application/json", `{"message":"not found"}`},
	"a gateway's error":     {"application/json", `{"timestamp":1,"status":404,"error":"Not Found","path":"/api/v1/users"}`},
	"a gateway's challenge": {"application/json", `{"error":"unauthorized","error_description":"Full authentication is required"}`},
	"a number for a code":   {"application/json", `{"errorCode":404,"errorSummary":"Not found"}`},
	"a list for a code":     {"application/json", `{"errorCode":["E0000007"]}`},
	"no code":               {"application/json", `{"errorCode":null,"errorSummary":"Not found: Resource not found: x (User)"}`},
	"another's code":        {"application/json", `{"errorCode":"NOT_FOUND","errorSummary":"Not found"}`},
	"a code in a text":      {"application/json", `{"errorCode":"no E0000007 here"}`},
	"a short code":          {"application/json", `{"errorCode":"E7"}`},
	"a list of errors":      {"application/json", `[{"errorCode":"E0000007"}]`},
	"a nested error":        {"application/json", `{"error":{"errorCode":"E0000007"}}`},
	"two documents":         {"application/json", `{"errorCode":"E0000007"}{}`},
}

var foreignStatuses = []int{400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 412, 418, 421, 423, 451, 501, 502, 503}

// calls are the reads and writes that draw conclusions from an error.
var calls = map[string]func(*testing.T, *Client) error{
	"GET /api/v1/users/00u00000000000000001": func(t *testing.T, c *Client) error {
		_, err := c.User(t.Context(), "00u00000000000000001")
		return err
	},
	"GET /api/v1/sessions/102abcdefghijkl": func(t *testing.T, c *Client) error {
		_, err := c.Session(t.Context(), "102abcdefghijkl")
		return err
	},
	"GET /api/v1/devices/guo1": func(t *testing.T, c *Client) error { _, err := c.Device(t.Context(), "guo1"); return err },
	"GET /api/v1/users/00u1/factors": func(t *testing.T, c *Client) error {
		_, err := c.FactorsOf(t.Context(), "00u1")
		return err
	},
	"GET /api/v1/logs": func(t *testing.T, c *Client) error { return readLog(t.Context(), c) },
	"GET /api/v1/iam/assignees/users": func(t *testing.T, c *Client) error {
		_, err := guardedOrg{c}.Admins(t.Context())
		return err
	},
	"GET /api/v1/users/me": func(t *testing.T, c *Client) error { _, err := Check(t.Context(), c); return err },
	"DELETE /api/v1/eventHooks/who1": func(t *testing.T, c *Client) error {
		_, err := c.send(t.Context(), http.MethodDelete, "/api/v1/eventHooks/who1", url.Values{"token": {canary}}, nil)
		return err
	},
	"GET /api/v1/meta/schemas": func(t *testing.T, c *Client) error {
		_, err := c.Custom(t.Context(), CustomCall{Method: http.MethodGet, Path: "/api/v1/meta/schemas", Query: url.Values{"token": {canary}}})
		return err
	},
}

// TestResponsesFromOtherServers checks that an error response of another server implies nothing about an object, a
// permission or the credentials. The error names the request and the cause.
func TestResponsesFromOtherServers(t *testing.T) {
	var status int
	var sent foreignBody
	c, _ := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", sent.contentType)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(sent.body))
	})
	for _, status = range foreignStatuses {
		for name, body := range foreignBodies {
			sent = body
			for request, call := range calls {
				err := call(t, c)
				e := wantCode(t, err, sdk.Unavailable)
				foreign := status >= 500 && status != http.StatusNotImplemented || strings.Contains(e.Message, "did not come from Okta")
				if !foreign || !strings.HasPrefix(e.Message, request+": ") || strings.Contains(e.Message, "?") || CheckpointLost(err) {
					t.Errorf("%d, %s: got %v, rejected %t", status, name, e, CheckpointLost(err))
				}
				if e.Upstream == nil || e.Upstream.Status != status || e.Upstream.Code != "" {
					t.Errorf("%d, %s: upstream is %+v", status, name, e.Upstream)
				}
			}
		}
	}
}

// TestMissingObject checks which responses mean that an object does not exist: only an Okta error body with a code
// for missing objects and the status of that code.
func TestMissingObject(t *testing.T) {
	var status int
	var body string
	header := http.Header{}
	c, _ := stub(t, func(w http.ResponseWriter, _ *http.Request) {
		maps.Copy(w.Header(), header)
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	coded := func(code string) string {
		return `{"errorCode":"` + code + `","errorSummary":"s","errorLink":"` + code + `","errorId":"oae1","errorCauses":[]}`
	}
	for _, test := range []struct {
		status    int
		body      string
		challenge string
		want      sdk.Code
		resets    bool // the log's checkpoint is reset
	}{
		{404, coded("E0000007"), "", sdk.NotFound, true},
		{404, coded("E0000048"), "", sdk.NotFound, true},
		{404, coded("E0000163"), "", sdk.NotFound, true},
		{404, coded("E0000191"), "", sdk.NotFound, true},
		{404, coded("E0000198"), "", sdk.NotFound, true},
		{404, `{"errorCode":"E0000007","errorCauses":null}`, "", sdk.NotFound, true},
		{404, `{"errorCode":"E0000007","errorCauses":[7]}`, "", sdk.NotFound, true},
		{400, coded("E0000001"), "", sdk.InvalidInput, true},
		{400, coded("E0000053"), "", sdk.InvalidInput, true},
		{414, coded("E0000256"), "", sdk.InvalidInput, true},
		// These codes concern the endpoint, the request or the credentials.
		{404, coded("E0000008"), "", sdk.Forbidden, false},
		{404, coded("E0000012"), "", sdk.Internal, false},
		{404, coded("E0000026"), "", sdk.Forbidden, false},
		{404, coded("E0000258"), "", sdk.Forbidden, false},
		{410, coded("E0000215"), "", sdk.Forbidden, false},
		{404, coded("E9999999"), "", sdk.Conflict, false},
		{404, coded("E0000006"), "", sdk.Forbidden, false},
		{404, coded("E0000011"), "", sdk.Unauthenticated, false},
		{404, coded("E0000001"), "", sdk.InvalidInput, false},
		{410, coded("E0000156"), "", sdk.Conflict, false},
		{409, coded("E0000195"), "", sdk.Conflict, false},
		{412, coded("E0000231"), "", sdk.Conflict, false},
		{403, coded("E0000006"), "", sdk.Forbidden, false},
		{405, coded("E0000022"), "", sdk.Internal, false},
		// The code does not match the status.
		{200, coded("E0000007"), "", sdk.Unavailable, false},
		{400, coded("E0000007"), "", sdk.Unavailable, false},
		{403, coded("E0000007"), "", sdk.Unavailable, false},
		{409, coded("E0000007"), "", sdk.Unavailable, false},
		{410, coded("E0000007"), "", sdk.Unavailable, false},
		{412, coded("E0000007"), "", sdk.Unavailable, false},
		{500, coded("E0000007"), "", sdk.Unavailable, false},
		{502, coded("E0000191"), "", sdk.Unavailable, false},
		// OAuth bodies and challenges come from Okta, and never mean that an object is missing.
		{404, `{"error":"invalid_client","error_description":"x"}`, "", sdk.Conflict, false},
		{401, `{"error":"invalid_client","error_description":"x"}`, "", sdk.Unauthenticated, false},
		{403, `{"error":"access_denied"}`, "", sdk.Forbidden, false},
		{401, "", `Bearer error="invalid_token"`, sdk.Unauthenticated, false},
		{403, "", `DPoP error="insufficient_scope"`, sdk.Forbidden, false},
		{403, "<html>", `Bearer realm="x", DPoP error="insufficient_scope"`, sdk.Forbidden, false},
		{400, " ", `DPoP error="invalid_dpop_proof"`, sdk.Unauthenticated, false},
		{404, "", `Bearer error="invalid_token"`, sdk.Unavailable, false},
		{401, "", `Basic realm="proxy"`, sdk.Unavailable, false},
		{401, "", `Negotiate`, sdk.Unavailable, false},
		{401, "", `Bearer realm="gateway"`, sdk.Unavailable, false},
		{401, "", `Basic error="invalid_token"`, sdk.Unavailable, false},
		{401, "", `Bearer error="no such thing"`, sdk.Unavailable, false},
		{407, "", `Basic realm="proxy"`, sdk.Unavailable, false},
	} {
		status, body = test.status, test.body
		header.Del("WWW-Authenticate")
		if test.challenge != "" {
			header.Set("WWW-Authenticate", test.challenge)
		}
		for request, call := range calls {
			err := call(t, c)
			if e := wantCode(t, err, test.want); !strings.HasPrefix(e.Message, request+": ") {
				t.Errorf("%d %s %s: the request is missing in %q", status, body, test.challenge, e.Message)
			}
			if CheckpointLost(err) != test.resets {
				t.Errorf("%d %s: the checkpoint is reset: %t", status, body, CheckpointLost(err))
			}
		}
	}
}

// TestErrorCodesOfMissingObjects checks the list of codes with status 404 that mean a missing object.
func TestErrorCodesOfMissingObjects(t *testing.T) {
	const list = "../../../shared/okta/error-codes.csv"
	f, err := os.Open(list)
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("needs " + list + ", which is not part of the project")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	others := []string{"E0000008", "E0000012", "E0000026", "E0000258"}
	for _, row := range rows[1:] {
		status, err := strconv.Atoi(row[1])
		if err != nil {
			continue
		}
		want := status == http.StatusNotFound && !slices.Contains(others, row[0])
		r := &rest.Response{Status: status, Header: http.Header{}, Body: []byte(`{"errorCode":"` + row[0] + `"}`)}
		if got := r.Rejection(strings.Clone); (got.Code == sdk.NotFound) != want {
			t.Errorf("%s %s (%s): %s", row[1], row[0], row[2], got.Code)
		}
	}
}

// TestListWithMissingPage checks a 404 for a later page of a list. The object of the list exists, because the first
// page exists.
func TestListWithMissingPage(t *testing.T) {
	const user = "00u00000000000000001"
	const path = "/api/v1/users/" + user + "/groups"
	for name, test := range map[string]struct {
		body string
		want sdk.Code
	}{
		"Okta's": {`{"errorCode":"E0000007"}`, sdk.Conflict}, "a proxy's": {`<html>`, sdk.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			var writes int
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				switch {
				case r.Method != http.MethodGet:
					writes++
				case r.URL.Path != path:
					_, _ = w.Write([]byte(`[{"id":"00gBREAKGLASS0000001","profile":{"name":"Break Glass"}}]`))
				case r.URL.Query().Get("after") == "":
					w.Header().Set("Link", "<http://"+r.Host+path+`?after=1>; rel="next"`)
					_, _ = w.Write([]byte(`[]`))
				default:
					w.WriteHeader(http.StatusNotFound)
					_, _ = w.Write([]byte(test.body))
				}
			}))
			t.Cleanup(s.Close)
			settings := settingsFor(s.URL)
			settings.Rules = guard.Rules{ProtectedGroups: []string{"Break Glass"}}
			c, err := Open(t.Context(), settings)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close(); forgetWindows(c) })
			if e := wantCode(t, c.SuspendUser(t.Context(), user), test.want); !strings.HasPrefix(e.Message, "GET "+path+": ") {
				t.Errorf("got %v", e)
			}
			if writes != 0 {
				t.Errorf("%d writes were sent to a user who may be in a protected group", writes)
			}
		})
	}
}

// TestLookupsBehindProxy checks a proxy that responds to one of the reads for guards and names. The call fails, and
// no write is sent.
func TestLookupsBehindProxy(t *testing.T) {
	guards := guard.Rules{ProtectedUsers: []string{"glass@corp.example"}, ProtectedGroups: []string{"Break Glass"}}
	for path, call := range map[string]func(t *testing.T, c *Client, u oktasim.User, device, session string) error{
		"/api/v1/users/glass@corp.example": func(t *testing.T, c *Client, u oktasim.User, _, _ string) error {
			return c.SuspendUser(t.Context(), u.ID)
		},
		"/api/v1/groups": func(t *testing.T, c *Client, u oktasim.User, _, _ string) error {
			return c.SuspendUser(t.Context(), u.ID)
		},
		"/api/v1/users/*/groups": func(t *testing.T, c *Client, u oktasim.User, _, _ string) error {
			return c.SuspendUser(t.Context(), u.ID)
		},
		"/api/v1/users/*/roles": func(t *testing.T, c *Client, u oktasim.User, _, _ string) error {
			return c.SuspendUser(t.Context(), u.ID)
		},
		"/api/v1/devices/*/users": func(t *testing.T, c *Client, _ oktasim.User, device, _ string) error {
			return c.SuspendDevice(t.Context(), device)
		},
		"/api/v1/sessions/*": func(t *testing.T, c *Client, _ oktasim.User, _, session string) error {
			return c.EndSession(t.Context(), session)
		},
		"/api/v1/users/a@corp.example": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.send(t.Context(), http.MethodPost, "/api/v1/users/a@corp.example/lifecycle/suspend", nil, nil)
			return err
		},
		"/api/v1/users/a@corp.*": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.FindUser(t.Context(), "/user", "a@corp.example")
			return err
		},
		"/api/v1/users/b@corp.*": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.UserByLogin(t.Context(), "b@corp.example")
			return err
		},
		"/api/v1/users": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.UserByEmail(t.Context(), "/email", "mail@corp.example")
			return err
		},
		"/api/v1/groups/*": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.FindGroup(t.Context(), "/group", "00g00000000000000001")
			return err
		},
		"/api/v1/apps/*": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.FindApp(t.Context(), "/app", "0oa00000000000000001")
			return err
		},
		"/api/v1/zones/*": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.FindZone(t.Context(), "/zone", "nzo00000000000000001")
			return err
		},
		"/api/v1/logs": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.OwnAddress(t.Context())
			return err
		},
		"/api/v1/users/me": func(t *testing.T, c *Client, _ oktasim.User, _, _ string) error {
			_, err := c.Guard.Self(t.Context())
			return err
		},
	} {
		for name, fault := range map[string]oktasim.Fault{
			"404": {Kind: oktasim.KindHTML, Status: 404}, "403": {Kind: oktasim.KindEmpty, Status: 403},
			"JSON": {Status: 404, Body: `{"message":"not found"}`}, "410": {Kind: oktasim.KindHTML, Status: 410},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				c, s := guarded(t, guards)
				s.AddUser(oktasim.NewUser{Login: "glass@corp.example"})
				s.AddGroup(oktasim.NewGroup{Name: "Break Glass"})
				u := s.AddUser(oktasim.NewUser{Login: "a@corp.example"})
				device := s.AddDevice(oktasim.NewDevice{Name: "d", Users: []string{u.ID}})
				session := s.AddSession(u.ID)
				fault.Method, fault.Path = "GET", path
				s.Fault(fault)
				e := wantCode(t, call(t, c, u, device.ID, session), sdk.Unavailable)
				if !strings.Contains(e.Message, "GET /api/v1/") || !strings.Contains(e.Message, "did not come from Okta") {
					t.Errorf("got %v", e)
				}
				if n := writes(s); n != 0 {
					t.Errorf("%d writes were sent", n)
				}
			})
		}
	}
}

// TestErrorsNameTheirRequest checks that every error names its request.
func TestErrorsNameTheirRequest(t *testing.T) {
	page := map[string]string{"Link": `<https://elsewhere.example/api/v1/users>; rel="next"`}
	for name, fault := range map[string]oktasim.Fault{
		"hang-up": {Kind: oktasim.KindHangup}, "cut off": {Kind: oktasim.KindTruncate}, "reset": {Kind: oktasim.KindReset},
		"too slow": {Kind: oktasim.KindSlow, Delay: "10s"}, "no JSON": {Kind: oktasim.KindHTML, Status: 200},
		"nothing": {Kind: oktasim.KindEmpty, Status: 200}, "null": {Status: 200, Body: "null"}, "a text": {Status: 200, Body: `"x"`},
		"no id": {Status: 200, Body: `[{}]`}, "no objects": {Status: 200, Body: `[1]`}, "a link elsewhere": {Status: 200, Body: `[]`, Headers: page},
		"a redirect": {Status: 302, Headers: map[string]string{"Location": "https://elsewhere.example/"}},
		"refused":    {Status: 400, ErrorCode: "E0000001"}, "no right": {Status: 403, ErrorCode: "E0000006"}, "missing": {Status: 404, ErrorCode: "E0000007"},
		"rate limit": {Status: 429, ErrorCode: "E0000047"}, "failure": {Status: 500}, "a proxy": {Status: 404, Kind: oktasim.KindHTML},
	} {
		for request, call := range map[string]func(*testing.T, *Client) error{
			"GET /api/v1/users/00u1/factors": calls["GET /api/v1/users/00u1/factors"],
			"GET /api/v1/users/00u1/groups": func(t *testing.T, c *Client) error {
				_, err := c.UserGroups(t.Context(), "00u1")
				return err
			},
			"GET /api/v1/zones": func(t *testing.T, c *Client) error { _, err := c.Zones(t.Context(), ""); return err },
		} {
			t.Run(name+" "+request, func(t *testing.T) {
				s := oktasim.Start(t, oktasim.Options{Token: canary})
				settings := settingsFor(s.URL)
				if name == "too slow" {
					settings.Timeout = sdk.Duration(1e8)
				}
				c, err := Open(t.Context(), settings)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = c.Close(); forgetWindows(c) })
				s.Fault(fault)
				err = call(t, c)
				if e := sdk.AsError(err); e == nil || !strings.HasPrefix(e.Message, request+": ") || strings.Contains(e.Message, canary) {
					t.Errorf("got %v", err)
				}
				if fault.Status == 429 { // the next request is not sent; its error also names it
					if e := sdk.AsError(call(t, c)); e == nil || !strings.HasPrefix(e.Message, request+": ") {
						t.Errorf("held back: %v", e)
					}
				}
			})
		}
	}
}

// TestErrorsNameRequestsWithoutSecrets checks that the error names a request without the secret in its path.
func TestErrorsNameRequestsWithoutSecrets(t *testing.T) {
	c, _ := stub(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) })
	const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIwMHUxIn0.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
	query := url.Values{"recoveryToken": {canary}}
	_, err := c.Custom(t.Context(), CustomCall{Method: http.MethodGet, Path: "/api/v1/custom/" + token, Query: query})
	e := wantCode(t, err, sdk.Unavailable)
	if !strings.HasPrefix(e.Message, "GET /api/v1/custom/") || strings.Contains(e.Error(), token) || strings.Contains(e.Error(), "recoveryToken") {
		t.Errorf("got %v", e)
	}
}
