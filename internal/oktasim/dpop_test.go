package oktasim_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

func TestDPoP(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	k, proofKey, stranger := newKey(t, "RS256"), newKey(t, "ES256"), newKey(t, "ES256")
	n := k.app("okta.users.read", "okta.users.manage")
	n.DPoP = true
	client := c.org.AddServiceApp(n)
	endpoint := c.org.URL + "/oauth2/v1/token"
	now := clock.Now()
	form := k.form(k.assertion(client, c.org.URL, now), "okta.users.read")

	if a := c.tokenRequest(form, ""); a.status != 400 || a.oauthCode() != "invalid_dpop_proof" {
		t.Fatal(a.status, a.body)
	}
	a := c.tokenRequest(form, proofKey.proof("POST", endpoint, "", "", now))
	nonce := a.header.Get("DPoP-Nonce")
	if a.status != 400 || a.oauthCode() != "use_dpop_nonce" || nonce == "" {
		t.Fatal(a.status, a.body)
	}
	if a := c.tokenRequest(form, proofKey.proof("POST", endpoint, "made-up", "", now)); a.oauthCode() != "use_dpop_nonce" || a.header.Get("DPoP-Nonce") == nonce {
		t.Error(a.body)
	}
	for name, ch := range map[string]changes{
		"method":        {"htm": "GET"},
		"another URL":   {"htu": c.org.URL + "/oauth2/v1/other"},
		"with a query":  {"htu": endpoint + "?x=1"},
		"no id":         {"jti": nil},
		"no time":       {"iat": nil},
		"old":           {"iat": now.Add(-6 * time.Minute).Unix()},
		"ahead":         {"iat": now.Add(6 * time.Minute).Unix()},
		"type":          {"header:typ": "JWT"},
		"no key":        {"header:jwk": nil},
		"another key":   {"header:jwk": json.RawMessage(stranger.jwk())},
		"symmetric alg": {"header:alg": "HS256"},
	} {
		if a := c.tokenRequest(form, proofKey.proof("POST", endpoint, nonce, "", now, ch)); a.status != 400 || a.oauthCode() != "invalid_dpop_proof" {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	proof := proofKey.proof("POST", endpoint, nonce, "", now)
	a = c.tokenRequest(form, proof)
	if a.status != 200 {
		t.Fatal(a.status, a.body)
	}
	tok := decode[token](t, a)
	if tok.Type != "DPoP" || a.header.Get("Cache-Control") == "" {
		t.Errorf("%+v", tok)
	}
	payload := strings.Split(tok.Text, ".")[1]
	thumbprint, _ := oktasim.Thumbprint(proofKey.jwk())
	if raw, err := decodeB64(payload); err != nil || !strings.Contains(raw, `"cnf":{"jkt":"`+thumbprint+`"}`) {
		t.Error(raw, err)
	}
	replay := k.form(k.assertion(client, c.org.URL, now), "okta.users.read")
	if a := c.tokenRequest(replay, proof); a.oauthCode() != "invalid_dpop_proof" {
		t.Error("a replayed proof: ", a.body)
	}

	const path = "/api/v1/users"
	users := c.org.URL + path
	send := func(scheme, proof string) response {
		t.Helper()
		h := map[string]string{"Authorization": scheme + " " + tok.Text}
		if proof != "" {
			h["DPoP"] = proof
		}
		return c.with("GET", path+"?limit=1", h)
	}
	good := proofKey.proof("GET", users, "", tok.Text, now)
	if a := send("DPoP", good); a.status != 200 {
		t.Error(a.status, a.header, a.body)
	}
	if a := send("Bearer", ""); a.status != 401 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer ") {
		t.Error(a.status, a.header)
	}
	for name, proof := range map[string]string{
		"replayed":      good,
		"missing":       "",
		"no hash":       proofKey.proof("GET", users, "", "", now),
		"another token": proofKey.proof("GET", users, "", tok.Text+"x", now),
		"another key":   stranger.proof("GET", users, "", tok.Text, now),
		"method":        proofKey.proof("POST", users, "", tok.Text, now),
		"with query":    proofKey.proof("GET", users+"?limit=1", "", tok.Text, now),
		"old":           proofKey.proof("GET", users, "", tok.Text, now.Add(-time.Hour)),
		"garbage":       "a.b.c",
	} {
		a := send("DPoP", proof)
		challenge := a.header.Get("WWW-Authenticate")
		if a.status != 400 || a.body != "" || !strings.HasPrefix(challenge, "DPoP ") || !strings.Contains(challenge, `error="invalid_dpop_proof"`) {
			t.Errorf("%s: %d %q %q", name, a.status, challenge, a.body)
		}
	}
	suspend := users + "/okta.admin@corp.example/lifecycle/suspend"
	a = c.with("POST", suspend, map[string]string{"Authorization": "DPoP " + tok.Text, "DPoP": proofKey.proof("POST", suspend, "", tok.Text, now)})
	if a.status != 403 || !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "DPoP ") {
		t.Error(a.status, a.header)
	}

	c.org.ExpireNonces()
	again := k.form(k.assertion(client, c.org.URL, now), "okta.users.read")
	if a := c.tokenRequest(again, proofKey.proof("POST", endpoint, nonce, "", now)); a.oauthCode() != "use_dpop_nonce" {
		t.Error(a.body)
	}
	clock.Advance(time.Hour)
	if a := send("DPoP", proofKey.proof("GET", users, "", tok.Text, clock.Now())); a.status != 401 {
		t.Error(a.status)
	}
}

// TestDPoPIsOptional binds the tokens of a client for which DPoP is optional.
func TestDPoPIsOptional(t *testing.T) {
	t.Parallel()
	c, clock := start(t)
	k := newKey(t, "ES256")
	client := c.org.AddServiceApp(k.app("okta.users.read"))
	endpoint := c.org.URL + "/oauth2/v1/token"
	form := k.form(k.assertion(client, c.org.URL, clock.Now()), "okta.users.read")
	nonce := c.tokenRequest(form, k.proof("POST", endpoint, "", "", clock.Now())).header.Get("DPoP-Nonce")
	got := decode[token](t, c.tokenRequest(form, k.proof("POST", endpoint, nonce, "", clock.Now())))
	if got.Type != "DPoP" {
		t.Errorf("%+v", got)
	}
	plain := c.fetchToken(k, client, "okta.users.read", clock.Now())
	h := map[string]string{"Authorization": "DPoP " + plain.Text, "DPoP": k.proof("GET", c.org.URL+"/api/v1/users", "", plain.Text, clock.Now())}
	if a := c.with("GET", "/api/v1/users", h); a.status != 401 {
		t.Errorf("a bearer token as DPoP: %d", a.status)
	}
	if len(c.logged()) != 2 {
		t.Error(c.logged())
	}
}
