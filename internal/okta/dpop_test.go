package okta

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// proofClaims returns the claims of a request's proof, nil if the request has none.
func proofClaims(t *testing.T, r oktasim.Request) map[string]any {
	t.Helper()
	parts := strings.Split(r.Header.Get("DPoP"), ".")
	if len(parts) != 3 {
		return nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims map[string]any
	if err := json.Unmarshal(raw, &claims); err != nil {
		t.Fatal(err)
	}
	if raw, err = base64.RawURLEncoding.DecodeString(parts[0]); err != nil {
		t.Fatal(err)
	}
	var header struct {
		Key map[string]any `json:"jwk"`
	}
	if err := json.Unmarshal(raw, &header); err != nil || header.Key["x"] == nil || header.Key["d"] != nil {
		t.Errorf("the key of the proof is %v, %v", header.Key, err)
	}
	return claims
}

func boundApp(t *testing.T, mode string) *appOrg {
	t.Helper()
	return asApp{app: oktasim.NewServiceApp{DPoP: true}, change: func(s *Settings) { s.DPoP = mode }}.open(t)
}

// TestDPoPRequiredByApp checks that the client follows Okta's two rejections: the first requires DPoP, and the second
// sends the nonce.
func TestDPoPRequiredByApp(t *testing.T) {
	o := boundApp(t, "")
	for range 3 {
		if err := o.read(t); err != nil {
			t.Fatal(err)
		}
	}
	wantSent(t, o, tokenBad, tokenBad, tokenOK, userOK, userOK, userOK)
	seen := map[any]bool{}
	for i, r := range o.org.Requests() {
		claims := proofClaims(t, r)
		if i == 0 {
			if claims != nil {
				t.Error("sent a proof before it was required")
			}
			continue
		}
		if seen[claims["jti"]] {
			t.Errorf("request %d has a repeated proof", i)
		}
		seen[claims["jti"]] = true
		if claims["htm"] != r.Method || claims["htu"] != o.org.URL+r.Path {
			t.Errorf("request %d: proof of %v %v", i, claims["htm"], claims["htu"])
		}
		if hasHash := claims["ath"] != nil; hasHash != (r.Path != auth.TokenPath) {
			t.Errorf("request %d: ath is %v", i, claims["ath"])
		}
		if hasNonce := claims["nonce"] != nil; hasNonce != (i == 2) {
			t.Errorf("request %d: nonce is %v", i, claims["nonce"])
		}
	}
	if scheme := o.org.Requests()[3].Header.Get("Authorization"); scheme != "DPoP" {
		t.Errorf("scheme %s", scheme)
	}
	// The renewal already uses DPoP and the nonce.
	o.org.RevokeTokens("")
	o.org.ForgetRequests()
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	wantSent(t, o, user401, tokenOK, userOK)
}

func TestDPoPRequiredBySettings(t *testing.T) {
	// The setting also applies to an app that accepts bearer tokens.
	o := asApp{change: func(s *Settings) { s.DPoP = "required" }}.open(t)
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	wantSent(t, o, tokenBad, tokenOK, userOK)
	if scheme := o.org.Requests()[2].Header.Get("Authorization"); scheme != "DPoP" {
		t.Errorf("scheme %s", scheme)
	}

	o = asApp{change: func(s *Settings) { s.DPoP = "required" }}.open(t)
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Status: 200, Body: `{"access_token":"a","token_type":"Bearer","expires_in":3600}`})
	e := wantCode(t, o.read(t), sdk.Unauthenticated)
	if !strings.Contains(e.Message, "not bound") {
		t.Errorf("got %s", e.Message)
	}
	wantSent(t, o, tokenOK)
}

func TestDPoPOff(t *testing.T) {
	o := boundApp(t, "off")
	e := wantCode(t, o.read(t), sdk.Unauthenticated)
	if !strings.Contains(e.Message, "settings turn off") {
		t.Errorf("got %s", e.Message)
	}
	wantSent(t, o, tokenBad)

	o = asApp{change: func(s *Settings) { s.DPoP = "off" }}.open(t)
	if err := o.read(t); err != nil {
		t.Error(err)
	}
}

func TestNonceChange(t *testing.T) {
	o := boundApp(t, "")
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	o.org.ExpireNonces()
	o.org.RevokeTokens("")
	o.org.ForgetRequests()
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	wantSent(t, o, user401, tokenBad, tokenOK, userOK)
}

// TestEndlessNonceDemand checks that the client stops retrying. The SDK retries without end, with a new RSA key each
// time.
func TestEndlessNonceDemand(t *testing.T) {
	demand := oktasim.Fault{Path: auth.TokenPath, Status: 400, Body: `{"error":"use_dpop_nonce"}`, Headers: map[string]string{"DPoP-Nonce": "again"}}
	o := boundApp(t, "")
	o.org.Fault(demand)
	e := wantCode(t, o.read(t), sdk.Unauthenticated)
	if !strings.Contains(e.Message, "nonce") {
		t.Errorf("got %s", e.Message)
	}
	wantSent(t, o, tokenBad, tokenBad, tokenBad)

	demand.Headers = nil // no nonce is sent
	o = boundApp(t, "required")
	o.org.Fault(demand)
	wantCode(t, o.read(t), sdk.Unauthenticated)
	wantSent(t, o, tokenBad)
}

// TestNonceOfTheAPI checks that the API may require another nonce than the token endpoint.
func TestNonceOfTheAPI(t *testing.T) {
	demand := oktasim.Fault{Path: "/api/v1/users/**", Times: 1, Status: 401, Body: " ", Headers: map[string]string{
		"WWW-Authenticate": `Bearer realm="x", DPoP error="use_dpop_nonce", error_description="Resource server requires nonce in DPoP proof"`, "DPoP-Nonce": "api-1",
	}}
	o := boundApp(t, "")
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	o.org.ForgetRequests()
	o.org.Fault(demand)
	for range 2 {
		if err := o.read(t); err != nil {
			t.Fatal(err)
		}
	}
	wantSent(t, o, user401, userOK, userOK)
	for i, want := range []any{nil, "api-1", "api-1"} {
		if got := proofClaims(t, o.org.Requests()[i])["nonce"]; got != want {
			t.Errorf("request %d: nonce %v, want %v", i, got, want)
		}
	}

	// Any response may contain the next nonce. The nonce of the token endpoint does not change.
	o.org.Fault(oktasim.Fault{Path: "/api/v1/users/**", Times: 1, Kind: oktasim.KindSlow, Delay: "1ms", Headers: map[string]string{"DPoP-Nonce": "api-2"}})
	o.org.ForgetRequests()
	for range 2 {
		if err := o.read(t); err != nil {
			t.Fatal(err)
		}
	}
	o.org.RevokeTokens("")
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	wantSent(t, o, userOK, userOK, user401, tokenOK, userOK)

	demand.Times = 0
	o.org.Fault(demand)
	o.org.ForgetRequests()
	wantCode(t, o.read(t), sdk.Unauthenticated)
	wantSent(t, o, user401, user401)
}

// TestReplayedProof covers the SDK, which retries a request with the same proof. Okta rejects it as a replay: 400
// without a body.
func TestReplayedProof(t *testing.T) {
	o := boundApp(t, "")
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	replay := oktasim.Fault{Path: "/api/v1/users/**", Times: 1, Kind: oktasim.KindEmpty, Status: 400,
		Headers: map[string]string{"WWW-Authenticate": `DPoP error="invalid_dpop_proof", error_description="The DPoP proof JWT has already been used."`}}
	o.org.ForgetRequests()
	o.org.Fault(replay)
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	wantSent(t, o, user400, userOK)

	replay.Times = 0
	o.org.Fault(replay)
	o.org.ForgetRequests()
	e := wantCode(t, o.read(t), sdk.Unauthenticated)
	if !strings.Contains(e.Message, "DPoP") {
		t.Errorf("got %s", e.Message)
	}
	wantSent(t, o, user400, user400)
}

// TestProofRepeatedByTransport covers net/http, which repeats a GET on a new connection with the same proof.
func TestProofRepeatedByTransport(t *testing.T) {
	o := boundApp(t, "")
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	o.org.ForgetRequests()
	o.org.Fault(oktasim.Fault{Path: "/api/v1/users/**", Method: "GET", Times: 1, Kind: oktasim.KindHangup, AfterEffect: true})
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	got := o.sent()
	if len(got) != 3 || got[1] != user400 || got[2] != userOK {
		t.Errorf("sent %q", got)
	}
}

// TestForeignProof checks that the caller's own DPoP header is replaced.
func TestForeignProof(t *testing.T) {
	o := asApp{}.open(t)
	_, err := o.exchange(t.Context(), func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.Org()+"/api/v1/users/"+o.user.ID, nil)
		if err != nil {
			return err
		}
		req.Header.Set("DPoP", "theirs")
		req.Header.Set("Authorization", "Basic theirs")
		resp, err := o.http.Do(req)
		if err != nil {
			return err
		}
		return resp.Body.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	if h := o.org.Requests()[1].Header; h.Get("DPoP") != "" || h.Get("Authorization") != "Bearer" {
		t.Errorf("sent %v", h)
	}
}
