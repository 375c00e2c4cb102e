package httpclient

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

func TestJSON(t *testing.T) {
	type doc struct {
		Name string `json:"name"`
	}
	for name, c := range map[string]struct {
		status            int
		contentType, body string
		discard           bool // the caller expects no body
		want              sdk.Code
	}{
		"document":              {200, "application/json", `{"name":"a"}`, false, ""},
		"created":               {201, "application/json", `{"name":"a"}`, false, ""},
		"no content":            {204, "", "", true, ""},
		"discarded document":    {200, "application/json", `{}`, true, ""},
		"HTML of a proxy":       {200, "text/html", "<html>", false, sdk.Unavailable},
		"discarded HTML":        {200, "text/html", "<html>", true, sdk.Unavailable},
		"no document":           {200, "application/json", "", false, sdk.Unavailable},
		"unexpected form":       {200, "application/json", `{"name":1}`, false, sdk.Unavailable},
		"missing":               {404, "application/json", `{"error":"no badge"}`, false, sdk.NotFound},
		"404 of a proxy":        {404, "text/html", "<html>", false, sdk.Unavailable},
		"403 of a proxy":        {403, "", "", true, sdk.Unavailable},
		"conflict":              {409, "application/json", `{}`, true, sdk.Conflict},
		"rate limit of a proxy": {429, "text/html", "<html>", false, sdk.RateLimited},
		"gateway":               {502, "text/html", "<html>", false, sdk.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			transport, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if r.URL.RequestURI() != "/a%2Fb?n=1" || string(body) != `{"name":"in"}` || r.Header.Get("Authorization") != "Bearer secret" {
					t.Errorf("got %s with %s and %s", r.URL.RequestURI(), body, r.Header)
				}
				w.Header().Set("Content-Type", c.contentType)
				w.Header().Set("X-Id", "r1")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			transport.RequestID, transport.Begin = "X-Id", Bearer(sdk.NewSecret("secret"))
			var out doc
			into := any(&out)
			if c.discard {
				into = nil
			}
			err := transport.JSON(t.Context(), "PUT", "/a%2Fb?n=1", doc{"in"}, into)
			if c.want == "" {
				if err != nil || !c.discard && out.Name != "a" {
					t.Errorf("got %+v, %v", out, err)
				}
				return
			}
			e := sdk.AsError(err)
			if e == nil || e.Code != c.want || !strings.HasPrefix(e.Message, "PUT /a%2Fb: ") || e.Upstream == nil ||
				e.Upstream.Status != c.status || e.Upstream.RequestID != "r1" {
				t.Errorf("got %+v, want %s", e, c.want)
			}
		})
	}
}

func TestJSONRejectsOtherOrigins(t *testing.T) {
	transport, count := serve(t, ok)
	for _, path := range []string{"https://other.example/x", "//other.example/x", "%zz"} {
		if err := transport.JSON(t.Context(), "GET", path, nil, nil); sdk.AsError(err) == nil || sdk.AsError(err).Code != sdk.Internal {
			t.Errorf("%s: %v", path, err)
		}
	}
	if err := transport.JSON(t.Context(), "PUT", "/x", make(chan int), nil); sdk.AsError(err) == nil {
		t.Error("a body that cannot be encoded was sent")
	}
	if count.Load() != 0 {
		t.Errorf("%d requests were sent", count.Load())
	}
}
