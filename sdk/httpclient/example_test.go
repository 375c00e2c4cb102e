package httpclient_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/httpclient"
)

// A token authorizes requests to a service with fixed tokens.
type token string

func (t token) Authorize(_ context.Context, req *http.Request) error {
	req.Header.Set("Authorization", "Bearer "+string(t))
	return nil
}

func (token) Rejected(*httpclient.Response) bool { return false }

// A connector creates one transport for each connection and sends every request through it. The
// actions then support dry runs without further code.
func Example() {
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("the service got", r.Method, r.URL.Path, "with", r.Header.Get("Authorization"))
	}))
	defer service.Close()

	origin, err := url.Parse(service.URL)
	if err != nil {
		panic(err)
	}
	transport := httpclient.New(origin)
	defer transport.Close()
	transport.Begin = func() httpclient.Authorization { return token("secret") }
	transport.Retries = 2

	block := func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodPut, service.URL+"/hosts/7/block", nil)
		if err != nil {
			return err
		}
		resp, err := transport.Client().Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		return httpclient.Check(resp)
	}
	fmt.Println("error:", block(context.Background()))

	dryRun := sdk.WithDryRun(context.Background())
	_ = block(dryRun)
	for _, request := range sdk.PlannedRequests(dryRun) {
		fmt.Println("planned:", request.Method, request.Path)
	}
	// Output:
	// the service got PUT /hosts/7/block with Bearer secret
	// error: <nil>
	// planned: PUT /hosts/7/block
}
