package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"soar.example/okta/internal/oktasim"
)

// TestLoginScripts logs in as people do whose org has service apps, by the environment
// alone. $APP is an app that is granted all that the scripts use, $BOUND one that
// demands DPoP as well, and $READER one that may only read users; all have one key.
func TestLoginScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/login",
		Setup: func(env *testscript.Env) error {
			org := oktasim.New(oktasim.Options{Seed: oktasim.Demo, Token: demoToken})
			server := httptest.NewServer(org)
			env.Defer(server.Close)
			env.Defer(func() { killLeftOver(filepath.Join(env.WorkDir, "pid")) })
			env.Values["org"] = org
			env.Setenv(envOrgURL, server.URL)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("DEMO_TOKEN", demoToken)
			key, text, jwk := newLoginKey(t)
			_, wrong, _ := newLoginKey(t)
			env.Setenv("KEY_PEM", text)
			env.Setenv("KEY_JWK", jwk)
			env.Setenv("WRONG_PEM", wrong)
			all := []string{
				"okta.users.manage", "okta.groups.manage", "okta.roles.manage", "okta.devices.manage", "okta.apps.manage", "okta.logs.read",
				"okta.networkZones.manage", "okta.policies.read", "okta.sessions.manage", "okta.userRisk.manage", "okta.universalLogout.manage",
				"okta.users.read", "okta.groups.read", "okta.roles.read", "okta.devices.read", "okta.apps.read", "okta.networkZones.read", "okta.userRisk.read",
			}
			keys := []json.RawMessage{oktasim.PublicJWK(key.Public(), "k1")}
			env.Setenv("APP", org.AddServiceApp(oktasim.NewServiceApp{Keys: keys, Scopes: all}))
			env.Setenv("BOUND", org.AddServiceApp(oktasim.NewServiceApp{Label: "Bound", Keys: keys, Scopes: all, DPoP: true}))
			env.Setenv("READER", org.AddServiceApp(oktasim.NewServiceApp{Label: "Reader", Keys: keys, Scopes: []string{"okta.users.read"}}))
			return os.WriteFile(filepath.Join(env.WorkDir, "key.pem"), []byte(text), 0o600)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "user": checkUser, "requests": checkRequests, "append": appendEvents, "await": await, "signal": signalWatcher,
			"secretless": secretless, "fault": addFault,
		},
	})
}

// leaked is what the scripts and the embedded org make of secrets: canaries, links with
// a token, and temporary passwords that are not masked.
var leaked = regexp.MustCompile(`CANARY[\w-]*|/signin/reset-password/[\w-]+|/welcome/[\w-]+|temporary_password\\?": ?\\?"[^*"\\][^"]*`)

// secretless FILE... checks that no secret is in the files.
func secretless(ts *testscript.TestScript, _ bool, args []string) {
	for _, name := range args {
		if found := leaked.FindString(ts.ReadFile(name)); found != "" {
			ts.Fatalf("%s holds %q", name, found)
		}
	}
}

// newLoginKey makes a key, and writes it as PEM and as a JWK.
func newLoginKey(t *testing.T) (key *ecdsa.PrivateKey, text, jwk string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	members := map[string]string{}
	if err := json.Unmarshal(oktasim.PublicJWK(key.Public(), "k1"), &members); err != nil {
		t.Fatal(err)
	}
	members["d"] = base64.RawURLEncoding.EncodeToString(private)
	whole, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), string(whole)
}
