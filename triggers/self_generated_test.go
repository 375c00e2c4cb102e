package triggers_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"slices"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// do runs an action of the connection that polls.
func (p *poller) do(action, user string) {
	p.t.Helper()
	ctx := hclog.WithContext(p.t.Context(), hclog.NewNullLogger())
	if _, err := p.session.Run(ctx, action, json.RawMessage(fmt.Sprintf(`{"user":%q}`, user))); err != nil {
		p.t.Fatal(err)
	}
}

func (p *poller) requestsTo(path string) int {
	n := 0
	for _, r := range p.Requests() {
		if r.Path == path {
			n++
		}
	}
	return n
}

// TestSelfGeneratedEventsStartNothing checks that a playbook that suspends users after a
// suspension does not start itself.
func TestSelfGeneratedEventsStartNothing(t *testing.T) {
	p := newPoller(t, oktasim.Options{Seed: oktasim.Demo}, types("user.lifecycle.suspend"))
	p.sweep()
	alice, _ := p.State().User("alice.moreau@corp.example")
	others := p.Append(oktasim.Event{"eventType": "user.lifecycle.suspend", "target": []any{map[string]any{"id": alice.ID}}})
	for range 3 {
		page, err := p.poll()
		if err != nil {
			t.Fatal(err)
		}
		// The playbook suspends each suspended user again.
		for range page.Events {
			p.do("suspend_user", alice.ID)
			p.do("unsuspend_user", alice.ID)
			p.do("suspend_user", alice.ID)
		}
	}
	if !slices.Equal(p.got, others) {
		t.Errorf("got %v, want %v", p.got, others)
	}
	if n := p.requestsTo("/api/v1/users/me"); n > 1 {
		t.Errorf("%d requests to identify the principal", n)
	}
	p.params["own_events"] = true
	p.do("unsuspend_user", alice.ID)
	p.do("suspend_user", alice.ID)
	if p.sweep(); len(p.got) != 2 {
		t.Errorf("requested self-generated events: got %v", p.got)
	}
}

// TestSelfGeneratedEventsAreCounted checks the number of omitted events.
func TestSelfGeneratedEventsAreCounted(t *testing.T) {
	p := newPoller(t, oktasim.Options{Seed: oktasim.Demo}, types("*"))
	p.sweep()
	p.do("suspend_user", "alice.moreau@corp.example")
	p.do("unsuspend_user", "alice.moreau@corp.example")
	want := p.append(1, "user.session.start")
	page, err := p.poll()
	if err != nil || page.SelfGenerated != 2 || page.Seen != 3 || !slices.Equal(p.got, want) {
		t.Errorf("self-generated %d of %d, got %v, %v", page.SelfGenerated, page.Seen, p.got, err)
	}
}

// TestSelfGeneratedEventsOfAnotherProcess checks events of another process with the same
// credentials. The poller identifies its principal with one request, also after a restart.
func TestSelfGeneratedEventsOfAnotherProcess(t *testing.T) {
	p := newPoller(t, oktasim.Options{Seed: oktasim.Demo}, types("user.lifecycle.*"))
	p.sweep()
	p.do("suspend_user", "alice.moreau@corp.example")
	p.connect(p.URL)
	before := p.requestsTo("/api/v1/users/me")
	p.sweep()
	for range 3 {
		p.Append(oktasim.Event{"eventType": "user.lifecycle.suspend", "client": map[string]any{"userAgent": map[string]any{"rawUserAgent": "soar-okta/0.1.0"}},
			"transaction": map[string]any{"detail": map[string]any{"requestApiTokenId": p.TokenID()}}})
		p.sweep()
	}
	if len(p.got) != 0 {
		t.Errorf("got %v", p.got)
	}
	if n := p.requestsTo("/api/v1/users/me") - before; n != 1 {
		t.Errorf("%d requests to identify the principal", n)
	}
}

// TestEventsOfOtherPrincipals checks that events of another token, or of a person at the
// Admin Console, are not self-generated. Once the ID of the token is known, the user agent
// does not matter.
func TestEventsOfOtherPrincipals(t *testing.T) {
	p := newPoller(t, oktasim.Options{Seed: oktasim.Demo}, types("user.lifecycle.suspend"))
	other := p.AddAPIToken(oktasim.NewAPIToken{Token: "another-token", User: "okta.admin@corp.example"})
	p.sweep()
	event := func(token, agent, actor string) oktasim.Event {
		e := oktasim.Event{"eventType": "user.lifecycle.suspend", "client": map[string]any{"userAgent": map[string]any{"rawUserAgent": agent}}}
		if token != "" {
			e["transaction"] = map[string]any{"detail": map[string]any{"requestApiTokenId": token}}
		}
		if actor != "" {
			e["actor"] = map[string]any{"id": actor, "type": "SystemPrincipal"}
		}
		return e
	}
	want := p.Append(event(other, "curl/8", ""), event("", "Mozilla/5.0", ""), event("", "soar-okta/0.1.0", ""),
		event("00Tx", "soar-okta/0.1.0", "00uSomebodyElse12345"))
	p.sweep()
	if !slices.Equal(p.got, want) {
		t.Errorf("before the token's ID is known: got %v, want %v", p.got, want)
	}
	p.do("suspend_user", "alice.moreau@corp.example")
	p.sweep()
	p.got = nil
	want = p.Append(event(other, "soar-okta/0.1.0", ""))
	p.Append(event(p.TokenID(), "curl/8", "00uSomeSystemProcess"))
	p.sweep()
	if !slices.Equal(p.got, want) {
		t.Errorf("after that: got %v, want %v", p.got, want)
	}
}

// TestSelfGeneratedEventsOfServiceApp checks that the client ID identifies the events of a
// service app, including its token requests.
func TestSelfGeneratedEventsOfServiceApp(t *testing.T) {
	p := newPoller(t, oktasim.Options{Seed: oktasim.Demo}, types("*"))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	scopes := []string{"okta.logs.read", "okta.users.read", "okta.users.manage", "okta.roles.read"}
	id := p.AddServiceApp(oktasim.NewServiceApp{Keys: []json.RawMessage{oktasim.PublicJWK(key.Public(), "k")}, Scopes: scopes})
	p.open(map[string]any{
		"org_url": p.URL, "client_id": id, "scopes": scopes,
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	p.sweep()
	p.do("suspend_user", "alice.moreau@corp.example")
	before := p.requestsTo("/api/v1/users/me")
	want := p.append(1, "user.session.start")
	page, err := p.poll()
	if err != nil || page.SelfGenerated == 0 || !slices.Equal(p.got, want) {
		t.Errorf("self-generated %d of %d, got %v, want %v, %v", page.SelfGenerated, page.Seen, p.got, want, err)
	}
	if n := p.requestsTo("/api/v1/users/me") - before; n != 0 {
		t.Errorf("%d requests to identify the principal", n)
	}
}

// TestSelfGeneratedEventsWhenOktaFails checks that no page is lost if the principal cannot
// be read.
func TestSelfGeneratedEventsWhenOktaFails(t *testing.T) {
	p := newPoller(t, oktasim.Options{Seed: oktasim.Demo}, types("user.lifecycle.suspend"))
	p.sweep()
	p.do("suspend_user", "alice.moreau@corp.example")
	p.connect(p.URL)
	want := p.append(1, "user.lifecycle.suspend")
	p.Fault(oktasim.Fault{Path: "/api/v1/users/me", Times: 1, Status: 503})
	if _, err := p.poll(); sdk.AsError(err) == nil || len(p.got) != 0 {
		t.Fatalf("got %v, %v", p.got, err)
	}
	if p.sweep(); !slices.Equal(p.got, want) {
		t.Errorf("got %v, want %v", p.got, want)
	}
}
