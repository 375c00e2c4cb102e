package okta

import (
	"slices"
	"strings"
	"testing"
	"time"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// halfGranted is an app with two of the four requested scopes.
func halfGranted(t *testing.T) *appOrg {
	t.Helper()
	return asApp{app: oktasim.NewServiceApp{Scopes: []string{"okta.users.read", "okta.users.manage"}}}.open(t)
}

// TestMissingScopes checks the rejection of several scopes. Okta rejects all if one is not granted, without
// naming it.
func TestMissingScopes(t *testing.T) {
	o := halfGranted(t)
	if _, _, known := o.Scopes(); known {
		t.Error("scopes are known before the first access token")
	}
	h, err := Check(t.Context(), o.Client)
	if err != nil {
		t.Fatal(err)
	}
	if len(h.Notes) != 1 || !strings.Contains(h.Notes[0], "okta.groups.read, okta.roles.read") {
		t.Errorf("noted %q", h.Notes)
	}
	granted, missing, known := o.Scopes()
	if !known || !slices.Equal(granted, []string{"okta.users.manage", "okta.users.read"}) ||
		!slices.Equal(missing, []string{"okta.groups.read", "okta.roles.read"}) {
		t.Errorf("granted %q, missing %q, %v", granted, missing, known)
	}
	// The client requests all scopes, then each scope alone, and then the granted scopes.
	if n := o.tokenRequests(); n != 1+len(wanted)+1 {
		t.Errorf("%d token requests", n)
	}
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	// The renewal requests only the granted scopes.
	later(o.Client, time.Hour)
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	if n := o.tokenRequests(); n != 1+len(wanted)+2 {
		t.Errorf("%d token requests after a renewal", n)
	}
}

// TestRevokedScope checks that outdated findings about scopes are corrected.
func TestRevokedScope(t *testing.T) {
	o := halfGranted(t)
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	o.org.ForgetRequests()
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Times: 1, Status: 400, Body: `{"error":"invalid_scope"}`})
	later(o.Client, time.Hour)
	if err := o.read(t); err != nil {
		t.Error(err)
	}
	// The client requests the known scopes, then each scope alone, and then the granted scopes.
	if n := o.tokenRequests(); n != 1+len(wanted)+1 {
		t.Errorf("%d token requests", n)
	}
}

func TestNoScopeIsGranted(t *testing.T) {
	o := asApp{app: oktasim.NewServiceApp{Scopes: []string{"okta.brands.read"}}}.open(t)
	e := wantCode(t, o.read(t), sdk.Unauthenticated)
	if !strings.Contains(e.Message, "none of the scopes") || e.Upstream == nil || e.Upstream.Code != rest.InvalidScope {
		t.Errorf("got %v", e)
	}
	// The next call sends no token request for a while.
	n := o.tokenRequests()
	wantCode(t, o.read(t), sdk.Unauthenticated)
	if again := o.tokenRequests(); again != n || n != 1+len(wanted) {
		t.Errorf("%d token requests, then %d", n, again)
	}
	later(o.Client, 2*time.Minute)
	wantCode(t, o.read(t), sdk.Unauthenticated)
	if again := o.tokenRequests(); again != 2*n {
		t.Errorf("%d token requests, want %d", again, 2*n)
	}
}

// TestInterruptedScopeProbe checks that an interrupted probe keeps its findings.
func TestInterruptedScopeProbe(t *testing.T) {
	o := halfGranted(t)
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Skip: 3, Times: 1, Status: 429})
	wantCode(t, o.read(t), sdk.RateLimited) // after three requests: all, one, two
	forgetWindows(o.Client)
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	// The probe has found the two missing scopes, and the granted ones suffice.
	if n := o.tokenRequests(); n != 4+1 {
		t.Errorf("%d token requests", n)
	}
}

// TestTokenWithoutScopeList checks a token with fewer scopes than requested. Only the response lists them.
func TestTokenWithoutScopeList(t *testing.T) {
	o := asApp{}.open(t)
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Status: 200, Body: `{"access_token":"a","token_type":"Bearer","expires_in":3600,` +
		`"scope":"okta.users.read okta.groups.read okta.users.manage"}`})
	wantCode(t, o.read(t), sdk.Unauthenticated) // the org does not know this token
	o.org.ClearFaults()
	o.org.Fault(oktasim.Fault{Path: "/api/v1/users/me", Status: 200, Body: `{"id":"00u1","profile":{"login":"x"}}`})
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Status: 200, Body: `{"access_token":"a","token_type":"Bearer","expires_in":3600,` +
		`"scope":"okta.users.read okta.groups.read okta.users.manage"}`})
	h, err := Check(t.Context(), o.Client)
	if err != nil || len(h.Notes) != 1 || !strings.Contains(h.Notes[0], "okta.roles.read") {
		t.Errorf("got %+v, %v", h, err)
	}
}

func TestAPITokenHasNoScopes(t *testing.T) {
	c, _ := org(t)
	if _, err := Check(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if granted, missing, known := c.Scopes(); known || granted != nil || missing != nil {
		t.Errorf("got %q, %q", granted, missing)
	}
}
