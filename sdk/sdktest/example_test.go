package sdktest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"

	"soar.example/okta/sdk"
	"soar.example/okta/sdk/sdktest"
)

type setBadge struct {
	Badge string `json:"badge"`
}

var (
	backend sdk.Backend                                             // of the connector
	fake    = func() http.Handler { return http.NotFoundHandler() } // of the service
)

// The test of a connector gives the suite a fake of the service, and a case for each action and
// trigger.
func ExampleRun() {
	_ = func(t *testing.T) { // TestConnector
		sdktest.Run(t, sdktest.Suite{
			Backend: backend,
			Service: func(t *testing.T) sdktest.Service {
				return sdktest.Serve(t, sdktest.Fake{
					Handler:  fake(),
					Settings: func(url string) any { return map[string]string{"url": url, "token": "secret"} },
				})
			},
			Actions:  map[string]sdktest.Case{"set_badge": {Input: sdktest.Input(setBadge{Badge: "b-1"})}},
			Triggers: map[string]json.RawMessage{"denied_entries": json.RawMessage(`{}`)},
		})
	}
}

// A Server can also be used without a suite, to test a client.
func ExampleServer_Break() {
	t := new(tester)
	defer t.end()
	s := sdktest.Serve(t, sdktest.Fake{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "fine") }),
		Settings: func(string) any { return nil },
	})
	get := func() {
		resp, err := http.Get(s.URL)
		if err != nil {
			fmt.Println("no response")
			return
		}
		defer resp.Body.Close()
		fmt.Println(resp.Status)
	}
	get()
	s.Break(sdktest.TooMany)
	get()
	s.Break(sdktest.HangUp)
	get()
	http.DefaultClient.CloseIdleConnections()
	// Output:
	// 200 OK
	// 429 Too Many Requests
	// no response
}

// A tester replaces the *testing.T of a test.
type tester struct {
	testing.TB
	cleanup []func()
}

func (*tester) Helper()            {}
func (t *tester) Cleanup(f func()) { t.cleanup = append(t.cleanup, f) }
func (t *tester) end() {
	for _, f := range t.cleanup {
		f()
	}
}
