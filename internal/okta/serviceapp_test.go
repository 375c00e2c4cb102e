package okta

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/okta/rest"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// rsaKeyOf generates one key of each size, because generation is slow.
var rsaKeyOf = func() func(int) *rsa.PrivateKey {
	var mu sync.Mutex
	made := map[int]*rsa.PrivateKey{}
	return func(bits int) *rsa.PrivateKey {
		mu.Lock()
		defer mu.Unlock()
		if made[bits] == nil {
			key, err := rsa.GenerateKey(rand.Reader, bits)
			if err != nil {
				panic(err)
			}
			made[bits] = key
		}
		return made[bits]
	}
}()

func ecKey(curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func pemOf(kind string, der []byte, err error) string {
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func pkcs8(key any) string {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pemOf("PRIVATE KEY", der, err)
}

func jwkOf(key any, id, algorithm string) string {
	b, err := json.Marshal(jose.JSONWebKey{Key: key, KeyID: id, Algorithm: algorithm})
	if err != nil {
		panic(err)
	}
	return string(b)
}

// wanted are the scopes that the app of the tests has and requests.
var wanted = []string{"okta.groups.read", "okta.roles.read", "okta.users.manage", "okta.users.read"}

// An appOrg is an embedded org with a service app and a client of the app.
type appOrg struct {
	*Client
	org  *oktasim.Server
	app  oktasim.NewServiceApp
	user oktasim.User
}

// asApp changes the defaults of the service app and the settings of its client.
type asApp struct {
	options oktasim.Options
	app     oktasim.NewServiceApp
	change  func(*Settings)
}

func (a asApp) open(t *testing.T) *appOrg {
	t.Helper()
	s := oktasim.Start(t, a.options)
	key := rsaKeyOf(2048)
	settings := Settings{OrgURL: s.URL, ServiceApp: auth.ServiceApp{PrivateKey: sdk.NewSecret(pkcs8(key)), Scopes: wanted}}
	if a.app.Keys == nil {
		a.app.Keys = []json.RawMessage{oktasim.PublicJWK(key.Public(), "usual")}
	}
	if a.app.Scopes == nil {
		a.app.Scopes = wanted
	}
	settings.ClientID = s.AddServiceApp(a.app)
	a.app.ClientID = settings.ClientID
	if a.change != nil {
		a.change(&settings)
	}
	c, err := Open(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	u := s.AddUser(oktasim.NewUser{Login: "alice@corp.example"})
	return &appOrg{Client: c, org: s, app: a.app, user: u}
}

func (o *appOrg) read(t *testing.T) error {
	t.Helper()
	_, err := o.User(t.Context(), o.user.ID)
	return err
}

// sent lists the requests as "METHOD path status", with {id} instead of the user's ID.
func (o *appOrg) sent() []string {
	var all []string
	for _, r := range o.org.Requests() {
		path := strings.ReplaceAll(r.Path, o.user.ID, "{id}")
		all = append(all, r.Method+" "+path+" "+http.StatusText(r.Status))
	}
	return all
}

func (o *appOrg) tokenRequests() int {
	n := 0
	for _, r := range o.org.Requests() {
		if r.Path == auth.TokenPath {
			n++
		}
	}
	return n
}

func wantSent(t *testing.T, o *appOrg, want ...string) {
	t.Helper()
	if got := o.sent(); !slices.Equal(got, want) {
		t.Errorf("sent\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

const (
	tokenOK  = "POST " + auth.TokenPath + " OK"
	tokenBad = "POST " + auth.TokenPath + " Bad Request"
	userOK   = "GET /api/v1/users/{id} OK"
	user401  = "GET /api/v1/users/{id} Unauthorized"
	user400  = "GET /api/v1/users/{id} Bad Request"
)

// eventually waits until another goroutine has made a condition true.
func eventually(t *testing.T, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for !done() {
		if ctx.Err() != nil {
			t.Fatal("the condition did not become true")
		}
		runtime.Gosched()
	}
}

func TestKeyFormatsAndAlgorithms(t *testing.T) {
	rsa2048, p256, p384, p521 := rsaKeyOf(2048), ecKey(elliptic.P256()), ecKey(elliptic.P384()), ecKey(elliptic.P521())
	sec1 := func(k *ecdsa.PrivateKey) string {
		der, err := x509.MarshalECPrivateKey(k)
		return pemOf("EC PRIVATE KEY", der, err)
	}
	for name, test := range map[string]struct {
		key       crypto.Signer
		text      string
		algorithm string
		keyID     string
		want      string
	}{
		"PKCS 1":           {rsa2048, pemOf("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsa2048), nil), "", "", "RS256"},
		"PKCS 8 RSA":       {rsa2048, pkcs8(rsa2048), "auto", "k1", "RS256"},
		"RS384":            {rsa2048, pkcs8(rsa2048), "RS384", "k1", "RS384"},
		"RS512":            {rsa2048, pkcs8(rsa2048), "RS512", "k1", "RS512"},
		"JWK RSA":          {rsa2048, jwkOf(rsa2048, "k1", ""), "", "", "RS256"},
		"JWK with alg":     {rsa2048, jwkOf(rsa2048, "k1", "RS512"), "", "", "RS512"},
		"alg over JWK":     {rsa2048, jwkOf(rsa2048, "k1", "RS512"), "RS384", "", "RS384"},
		"kid over JWK":     {rsa2048, jwkOf(rsa2048, "other", ""), "", "k1", "RS256"},
		"SEC 1":            {p256, sec1(p256), "", "", "ES256"},
		"SEC 1 of openssl": {p256, "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n" + sec1(p256), "", "k1", "ES256"},
		"PKCS 8 P-384":     {p384, pkcs8(p384), "", "k1", "ES384"},
		"PKCS 8 P-521":     {p521, pkcs8(p521), "ES512", "k1", "ES512"},
		"JWK P-256":        {p256, jwkOf(p256, "k1", "ES256"), "auto", "", "ES256"},
		"JWK P-384":        {p384, jwkOf(p384, "k1", ""), "ES384", "", "ES384"},
		"JWK P-521":        {p521, jwkOf(p521, "k1", ""), "", "", "ES512"},
		"PEM on one line":  {p256, strings.ReplaceAll(pkcs8(p256), "\n", `\n`), "", "", "ES256"},
		"PEM of Notepad":   {p256, "\ufeff" + strings.ReplaceAll(pkcs8(p256), "\n", "\r\n"), "", "", "ES256"},
		"after its public": {p256, pemOf("CERTIFICATE", []byte("x"), nil) + pkcs8(p256), "", "", "ES256"},
		"JWK of Notepad":   {p256, "\ufeff" + jwkOf(p256, "k1", ""), "", "", "ES256"},
		"PEM of Windows":   {p256, "\r\n" + strings.ReplaceAll(pkcs8(p256), "\n", "\r\n") + " ", "", "", "ES256"},
	} {
		t.Run(name, func(t *testing.T) {
			o := asApp{
				app: oktasim.NewServiceApp{Keys: []json.RawMessage{oktasim.PublicJWK(test.key.Public(), "k1")}},
				change: func(s *Settings) {
					s.PrivateKey, s.Algorithm, s.KeyID = sdk.NewSecret(test.text), auth.Algorithm(test.algorithm), test.keyID
				},
			}.open(t)
			if err := o.read(t); err != nil {
				t.Fatal(err)
			}
			wantSent(t, o, tokenOK, userOK)
			signing, err := auth.ServiceApp{PrivateKey: sdk.NewSecret(test.text), Algorithm: auth.Algorithm(test.algorithm)}.SigningKey()
			if err != nil || string(signing.Algorithm) != test.want {
				t.Errorf("signed with %s (%v), want %s", signing.Algorithm, err, test.want)
			}
		})
	}
}

// TestAssertionIsInTheBody covers the SDK, which sends the assertion in the URL. URLs appear in logs.
func TestAssertionIsInTheBody(t *testing.T) {
	o := asApp{}.open(t)
	if err := o.read(t); err != nil {
		t.Fatal(err)
	}
	r := o.org.Requests()[0]
	if r.Query != "" || !strings.Contains(r.Body, "client_assertion=") || r.Header.Get("Authorization") != "" {
		t.Errorf("got query %q, body %q", r.Query, r.Body)
	}
}

func TestUnknownServiceApp(t *testing.T) {
	other := pkcs8(ecKey(elliptic.P256()))
	for name, change := range map[string]func(*Settings){
		"another key":    func(s *Settings) { s.PrivateKey = sdk.NewSecret(other) },
		"another key id": func(s *Settings) { s.KeyID = "nobody" },
		"another client": func(s *Settings) { s.ClientID = "0oaNobody" },
	} {
		t.Run(name, func(t *testing.T) {
			o := asApp{change: change}.open(t)
			e := wantCode(t, o.read(t), sdk.Unauthenticated)
			if e.Upstream == nil || e.Upstream.Code != rest.InvalidClient || e.Upstream.RequestID == "" || !strings.Contains(e.Message, "Okta says: ") {
				t.Errorf("got %v, %+v", e, e.Upstream)
			}
			if strings.Contains(e.Message, "clock") {
				t.Errorf("the error blames the correct clock: %v", e)
			}
			wantSent(t, o, "POST "+auth.TokenPath+" Unauthorized")
		})
	}
}

func TestSettingsHoldOneSetOfCredentials(t *testing.T) {
	key := sdk.NewSecret(pkcs8(ecKey(elliptic.P256())))
	token := sdk.NewSecret("00token")
	for name, test := range map[string]struct {
		settings Settings
		pointer  string // "" for valid settings
	}{
		"token":                {Settings{Token: token}, ""},
		"token, form defaults": {Settings{Token: token, ServiceApp: auth.ServiceApp{Algorithm: "auto", DPoP: "auto"}}, ""},
		"app":                  {Settings{ServiceApp: auth.ServiceApp{ClientID: "0oa1", PrivateKey: key}}, ""},
		"neither":              {Settings{}, "/token"},
		"both":                 {Settings{Token: token, ServiceApp: auth.ServiceApp{ClientID: "0oa1", PrivateKey: key}}, "/token"},
		"token and client":     {Settings{Token: token, ServiceApp: auth.ServiceApp{ClientID: "0oa1"}}, "/token"},
		"token and key":        {Settings{Token: token, ServiceApp: auth.ServiceApp{PrivateKey: key}}, "/token"},
		"no key":               {Settings{ServiceApp: auth.ServiceApp{ClientID: "0oa1"}}, "/private_key"},
		"no client":            {Settings{ServiceApp: auth.ServiceApp{PrivateKey: key}}, "/client_id"},
		"key id of a token":    {Settings{Token: token, ServiceApp: auth.ServiceApp{KeyID: "k"}}, "/key_id"},
		"scopes of a token":    {Settings{Token: token, ServiceApp: auth.ServiceApp{Scopes: wanted}}, "/scopes"},
		"algorithm of a token": {Settings{Token: token, ServiceApp: auth.ServiceApp{Algorithm: "RS256"}}, "/algorithm"},
		"dpop of a token":      {Settings{Token: token, ServiceApp: auth.ServiceApp{DPoP: "required"}}, "/dpop"},
		"other algorithm":      {Settings{ServiceApp: auth.ServiceApp{ClientID: "0oa1", PrivateKey: key, Algorithm: "RS256"}}, "/algorithm"},
		"no key at all":        {Settings{ServiceApp: auth.ServiceApp{ClientID: "0oa1", PrivateKey: sdk.NewSecret("x")}}, "/private_key"},
	} {
		test.settings.OrgURL = "https://acme.okta.com"
		err := test.settings.Validate()
		if test.pointer == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		e := wantCode(t, err, sdk.InvalidInput)
		if len(e.Violations) != 1 || e.Violations[0].Pointer != test.pointer {
			t.Errorf("%s: got %+v, want %s", name, e.Violations, test.pointer)
		}
		if _, err := Open(t.Context(), test.settings); err == nil {
			t.Errorf("%s: a client was opened", name)
		}
	}
	_, err := Open(t.Context(), Settings{OrgURL: "https://acme.okta.com", ServiceApp: auth.ServiceApp{ClientID: "0oa1", PrivateKey: key}})
	if e := wantCode(t, err, sdk.InvalidInput); e.Violations[0].Pointer != "/scopes" {
		t.Errorf("got %+v", e.Violations)
	}
}

func TestTokenFetchTimeout(t *testing.T) {
	o := asApp{change: func(s *Settings) { s.Timeout = sdk.Duration(50 * time.Millisecond) }}.open(t)
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Kind: oktasim.KindSlow, Delay: "10s"})
	if e := wantCode(t, o.read(t), sdk.Timeout); !strings.Contains(e.Message, "not sent") {
		t.Errorf("got %s", e.Message)
	}
	if e := wantCode(t, o.SuspendUser(t.Context(), o.user.ID), sdk.Timeout); strings.Contains(e.Message, "not known") {
		t.Errorf("the result of an unsent write is unknown: %s", e.Message)
	}
	if slices.ContainsFunc(o.sent(), func(s string) bool { return strings.Contains(s, "suspend") }) {
		t.Error("a write was sent without credentials")
	}
}

// TestFailedTokenFetchErrorCodes checks that a failed token request implies nothing about the object of the
// request.
func TestFailedTokenFetchErrorCodes(t *testing.T) {
	for name, test := range map[string]struct {
		fault oktasim.Fault
		code  sdk.Code
	}{
		"404":    {oktasim.Fault{ErrorCode: "E0000007", Status: 404}, sdk.Unauthenticated},
		"403":    {oktasim.Fault{ErrorCode: "E0000006", Status: 403}, sdk.Unauthenticated},
		"400":    {oktasim.Fault{Status: 400, Body: `{"error":"invalid_target"}`}, sdk.Unauthenticated},
		"denied": {oktasim.Fault{Status: 400, Body: `{"error":"access_denied"}`}, sdk.Unauthenticated},
		"grant":  {oktasim.Fault{Status: 400, Body: `{"error":"unauthorized_client"}`}, sdk.Unauthenticated},
		"Okta's shape": {oktasim.Fault{Status: 401,
			Body: `{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter."}`}, sdk.Unauthenticated},
		"429":               {oktasim.Fault{ErrorCode: "E0000047", Status: 429}, sdk.RateLimited},
		"500":               {oktasim.Fault{ErrorCode: "E0000009", Status: 500}, sdk.Unavailable},
		"HTML":              {oktasim.Fault{Kind: oktasim.KindHTML}, sdk.Unavailable},
		"no endpoint":       {oktasim.Fault{ErrorCode: "E0000008", Status: 404}, sdk.Unauthenticated},
		"HTML 400":          {oktasim.Fault{Kind: oktasim.KindHTML, Status: 400}, sdk.Unavailable},
		"HTML 401":          {oktasim.Fault{Kind: oktasim.KindHTML, Status: 401}, sdk.Unavailable},
		"HTML 403":          {oktasim.Fault{Kind: oktasim.KindHTML, Status: 403}, sdk.Unavailable},
		"HTML 404":          {oktasim.Fault{Kind: oktasim.KindHTML, Status: 404}, sdk.Unavailable},
		"HTML 410":          {oktasim.Fault{Kind: oktasim.KindHTML, Status: 410}, sdk.Unavailable},
		"empty 404":         {oktasim.Fault{Kind: oktasim.KindEmpty, Status: 404}, sdk.Unavailable},
		"gateway's 404":     {oktasim.Fault{Status: 404, Body: `{"error":"Not Found"}`}, sdk.Unavailable},
		"gateway's 401":     {oktasim.Fault{Status: 401, Body: `{"error":"unauthorized","error_description":"x"}`}, sdk.Unavailable},
		"HTML success":      {oktasim.Fault{Kind: oktasim.KindHTML, Status: 200}, sdk.Unavailable},
		"redirect":          {oktasim.Fault{Status: 302, Headers: map[string]string{"Location": "https://elsewhere.example/"}}, sdk.Unavailable},
		"empty":             {oktasim.Fault{Kind: oktasim.KindEmpty, Status: 200}, sdk.Unavailable},
		"no content":        {oktasim.Fault{Kind: oktasim.KindEmpty, Status: 204}, sdk.Unavailable},
		"hang-up":           {oktasim.Fault{Kind: oktasim.KindHangup}, sdk.Unavailable},
		"cut off":           {oktasim.Fault{Kind: oktasim.KindTruncate}, sdk.Unavailable},
		"no token":          {oktasim.Fault{Status: 200, Body: `{"token_type":"Bearer","expires_in":3600}`}, sdk.Unavailable},
		"odd token":         {oktasim.Fault{Status: 200, Body: `{"token_type":"Bearer","expires_in":3600,"access_token":"a\r\nX-Evil: 1"}`}, sdk.Unavailable},
		"odd type":          {oktasim.Fault{Status: 200, Body: `{"token_type":"mac","expires_in":3600,"access_token":"a"}`}, sdk.Unavailable},
		"unrequested proof": {oktasim.Fault{Status: 200, Body: `{"token_type":"DPoP","expires_in":3600,"access_token":"a"}`}, sdk.Unavailable},
		"no life":           {oktasim.Fault{Status: 200, Body: `{"token_type":"Bearer","access_token":"a"}`}, sdk.Unavailable},
		"past life":         {oktasim.Fault{Status: 200, Body: `{"token_type":"Bearer","expires_in":-5,"access_token":"a"}`}, sdk.Unavailable},
		"life in words":     {oktasim.Fault{Status: 200, Body: `{"token_type":"Bearer","expires_in":"long","access_token":"a"}`}, sdk.Unavailable},
	} {
		t.Run(name, func(t *testing.T) {
			o := asApp{}.open(t)
			test.fault.Path = auth.TokenPath
			o.org.Fault(test.fault)
			e := wantCode(t, o.SuspendUser(t.Context(), o.user.ID), test.code)
			if strings.Contains(e.Message, "not known") {
				t.Errorf("the result of an unsent write is unknown: %s", e.Message)
			}
			if test.code == sdk.RateLimited && e.RetryAfter < time.Second {
				t.Errorf("retry after %s", e.RetryAfter)
			}
			for _, r := range o.org.Requests() {
				if r.Path != auth.TokenPath {
					t.Errorf("%s %s was sent without credentials", r.Method, r.Path)
				}
			}
			// The failure is not cached.
			o.org.ClearFaults()
			o.org.ClearLimits()
			forgetWindows(o.Client)
			if err := o.read(t); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestUnreachableTokenEndpoint(t *testing.T) {
	c, err := Open(t.Context(), Settings{OrgURL: "http://127.0.0.1:1", ServiceApp: auth.ServiceApp{
		ClientID: "0oa1", PrivateKey: sdk.NewSecret(pkcs8(ecKey(elliptic.P256()))), Scopes: wanted,
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = c.User(t.Context(), "00u1")
	wantCode(t, err, sdk.Unavailable)
}

func TestCheckOfAServiceApp(t *testing.T) {
	o := asApp{}.open(t)
	h, err := Check(t.Context(), o.Client)
	if err != nil || h.Account != o.app.ClientID || h.Target != o.org.URL || len(h.Notes) != 0 {
		t.Errorf("got %+v, %v", h, err)
	}
	o = asApp{change: func(s *Settings) { s.KeyID = "nobody" }}.open(t)
	_, err = Check(t.Context(), o.Client)
	wantCode(t, err, sdk.Unauthenticated)
}
