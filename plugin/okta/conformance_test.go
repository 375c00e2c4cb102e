package okta

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/internal/oktaspec"
	"soar.example/okta/sdk"
	"soar.example/okta/sdk/sdktest"
)

func TestMain(m *testing.M) {
	// The SDK's token cache, which is not used, has a goroutine that ends with the
	// garbage collection of its client.
	ownWords := func(e oktasim.Exchange) bool { return strings.Contains(e.Query+string(e.Body), "CANARY") }
	goleak.VerifyTestMain(oktaspec.Main{M: m, Except: ownWords}, goleak.IgnoreTopFunction("github.com/patrickmn/go-cache.(*janitor).Run"))
}

const (
	victim    = "alice.moreau@corp.example"
	bystander = "bystander@corp.example"
)

func TestConformance(t *testing.T) {
	backend, err := checkedBackend(t)
	if err != nil {
		t.Fatal(err)
	}
	sdktest.Run(t, sdktest.Suite{
		Backend: backend,
		Service: func(t *testing.T) sdktest.Service { return newService(t) },
		Actions: allCases(),
		Triggers: map[string]json.RawMessage{
			"system_log": json.RawMessage(`{"event_types":["user.session.*"],"look_back":"1h"}`),
		},
	})
}

// inputOf returns the input of a case for a service.
type inputOf = func(sdktest.Service) json.RawMessage

func allCases() map[string]sdktest.Case {
	cases := coreCases()
	maps.Copy(cases, directoryCases())
	maps.Copy(cases, responseCases())
	return cases
}

// always returns an input that refers only to objects of every service.
func always(input string) func(sdktest.Service) json.RawMessage {
	return func(sdktest.Service) json.RawMessage { return json.RawMessage(input) }
}

func coreCases() map[string]sdktest.Case {
	user := always(`{"user":"` + victim + `"}`)
	return map[string]sdktest.Case{
		"get_logs":         {Input: always(`{"limit":10}`)},
		"list_event_types": {Input: always(`{"search":"session","limit":2}`)},
		"get_user":         {Input: user},
		"contain_user":     {Input: always(`{"users":["` + victim + `"],"quarantine":"Quarantine"}`), Again: sdk.Accepted}, // likewise
		"restore_user": {Input: func(s sdktest.Service) json.RawMessage {
			u, _ := s.(service).State().User("suspended@corp.example")
			return json.RawMessage(`{"record":{"user_id":"` + u.ID + `","login":"` + u.Login + `","status_before":"ACTIVE","status_after":"SUSPENDED"}}`)
		}},
		"suspend_user":             {Input: user},
		"unsuspend_user":           {Input: always(`{"user":"suspended@corp.example"}`)},
		"revoke_all_user_sessions": {Input: user}, // Okta cannot tell whether there were any
		"end_current_user_sessions": {Absence: true, Input: func(s sdktest.Service) json.RawMessage {
			return json.RawMessage(`{"session_id":"` + s.(service).session + `"}`)
		}},
		"add_user_to_group":      {Input: always(`{"user":"` + victim + `","group":"Quarantine"}`)},
		"remove_user_from_group": {Input: always(`{"user":"` + victim + `","group":"Finance"}`)},
	}
}

type service struct {
	*oktasim.Server
	victim  string // the victim's id
	session string // one of the victim's
	group   string // id of the quarantine group
}

func newService(t testing.TB) service {
	s := oktasim.Start(t, oktasim.Options{})
	quarantine := s.AddGroup(oktasim.NewGroup{Name: "Quarantine"})
	s.AddGroup(oktasim.NewGroup{Name: "Finance"})
	u := s.AddUser(oktasim.NewUser{Login: victim, Sessions: 2, OAuthTokens: 1, Groups: []string{"Finance"}})
	s.AddUser(oktasim.NewUser{Login: "suspended@corp.example", Status: oktasim.StatusSuspended})
	s.AddUser(oktasim.NewUser{Login: bystander})
	s.Append(oktasim.Event{"eventType": "user.session.start"}, oktasim.Event{"eventType": "user.session.end"})
	return service{s, u.ID, s.AddSession(u.ID), quarantine.ID}
}

func (s service) Settings() json.RawMessage {
	return json.RawMessage(`{"org_url":"` + s.URL + `","token":"` + s.Token + `","allow_custom_writes":true}`)
}

func (s service) Requests() int { return len(s.Org.Requests()) }

func (s service) Writes() int {
	n := 0
	for _, r := range s.Org.Requests() {
		if r.Method != http.MethodGet {
			n++
		}
	}
	return n
}

func (s service) Break(f sdktest.Fault) {
	s.Fault(map[sdktest.Fault]oktasim.Fault{
		sdktest.Unauthorized:        {ErrorCode: "E0000011", Status: 401},
		sdktest.NoPermission:        {ErrorCode: "E0000006", Status: 403},
		sdktest.EmptyForbidden:      {Kind: oktasim.KindEmpty, Status: 403},
		sdktest.Missing:             {ErrorCode: "E0000007", Status: 404},
		sdktest.ForeignMissing:      {Kind: oktasim.KindHTML, Status: 404},
		sdktest.GatewayMissing:      {Status: 404, Body: `{"message":"not found"}`},
		sdktest.ForeignForbidden:    {Kind: oktasim.KindHTML, Status: 403},
		sdktest.ForeignUnauthorized: {Kind: oktasim.KindEmpty, Status: 401, Headers: map[string]string{"WWW-Authenticate": `Basic realm="proxy"`}},
		sdktest.ForeignConflict:     {Kind: oktasim.KindHTML, Status: 409},
		sdktest.ForeignGone:         {Kind: oktasim.KindEmpty, Status: 410},
		sdktest.ForeignState:        {Kind: oktasim.KindHTML, Status: 412},
		sdktest.NoEndpoint:          {ErrorCode: "E0000008", Status: 404},
		sdktest.TooMany:             {ErrorCode: "E0000047", Status: 429},
		sdktest.TooManyBare:         {ErrorCode: "E0000047", Status: 429, Headers: map[string]string{"X-Rate-Limit-Reset": ""}},
		sdktest.ServerError:         {ErrorCode: "E0000009", Status: 500},
		sdktest.Overloaded:          {Kind: oktasim.KindHTML, Status: 503},
		sdktest.HTMLError:           {Kind: oktasim.KindHTML},
		sdktest.HTMLSuccess:         {Kind: oktasim.KindHTML, Status: 200},
		sdktest.EmptySuccess:        {Kind: oktasim.KindEmpty, Status: 200},
		sdktest.HangUp:              {Kind: oktasim.KindHangup},
		sdktest.CutOff:              {Kind: oktasim.KindTruncate},
		sdktest.Reset:               {Kind: oktasim.KindReset},
	}[f])
}

// compiled returns the connector and its manifest.
func compiled(t testing.TB) (sdk.Backend, *sdk.Manifest) {
	t.Helper()
	backend, err := checkedBackend(t)
	if err != nil {
		t.Fatal(err)
	}
	m, err := backend.Manifest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return backend, m
}
