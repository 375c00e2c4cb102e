package httpclient

import (
	"bytes"
	"compress/gzip"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"soar.example/okta/sdk"
)

// TestComplete checks that the service receives the completed address, and that plans and errors
// show the original one.
func TestComplete(t *testing.T) {
	var got string
	transport, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.RequestURI
		w.WriteHeader(http.StatusTeapot)
	})
	transport.Complete = func(u *url.URL) { u.Path, u.RawQuery = "/secret"+u.Path, "sig=secret&"+u.RawQuery }
	resp, err := send(t.Context(), transport, "POST", "/a?b=c", "{}")
	if err != nil || got != "/secret/a?sig=secret&b=c" {
		t.Errorf("sent %q, %v", got, err)
	}
	if err := Check(resp); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	ctx := sdk.WithDryRun(t.Context())
	if _, err := send(ctx, transport, "POST", "/a?b=c", "{}"); !errors.Is(err, sdk.ErrPlanned) {
		t.Error(err)
	}
	if plan := sdk.PlannedRequests(ctx); len(plan) != 1 || plan[0].Path != "/a?b=c" {
		t.Errorf("planned %+v", plan)
	}
	transport.Complete = func(u *url.URL) { u.Host = "evil.example" }
	if _, err := send(t.Context(), transport, "GET", "/a", ""); err == nil || !strings.Contains(err.Error(), "was not sent") {
		t.Errorf("a completion changed the origin: %v", err)
	}
}

func TestCutBody(t *testing.T) {
	zipped := func(body []byte) []byte {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		_, _ = z.Write(body)
		_ = z.Close()
		return b.Bytes()
	}
	for name, c := range map[string]struct {
		size      int
		zip       bool
		want      int
		truncated bool
	}{
		"shorter": {9, false, 9, false}, "equal": {10, false, 10, false}, "longer": {11, false, 10, true}, "much longer": {1 << 20, false, 10, true},
		"compressed": {10, true, 10, false}, "compressed and longer": {50, true, 10, true},
	} {
		t.Run(name, func(t *testing.T) {
			body := bytes.Repeat([]byte("a"), c.size)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				if c.zip {
					w.Header().Set("Content-Encoding", "gzip")
					_, _ = w.Write(zipped(body))
					return
				}
				_, _ = w.Write(body)
			}))
			defer server.Close()
			origin, err := url.Parse(server.URL)
			if err != nil {
				t.Fatal(err)
			}
			transport := New(origin)
			defer transport.Close()
			transport.MaxBody, transport.CutBody = 10, true
			if c.zip {
				transport.MaxBody = 10 + 30 // the limit applies to the compressed form too
				c.want = min(c.size, 40)
			}
			req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r, err := transport.Send(req)
			if err != nil || len(r.Body) != c.want || r.Truncated != c.truncated {
				t.Errorf("got %d bytes, %+v, %v", len(r.Body), r.Truncated, err)
			}
		})
	}
}
