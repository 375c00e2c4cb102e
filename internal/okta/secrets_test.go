package okta

import (
	"bytes"
	"crypto/elliptic"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/oktasim"
	"soar.example/okta/sdk"
)

// TestSecretsAreMasked checks that errors, logs and printed values contain neither the key, nor signed tokens, nor
// the access token.
func TestSecretsAreMasked(t *testing.T) {
	key := ecKey(elliptic.P256())
	text := jwkOf(key, "k1", "")
	private, err := key.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	secrets := map[string]string{"private half": base64.RawURLEncoding.EncodeToString(private), "key": text}
	var settings Settings
	o := asApp{
		app: oktasim.NewServiceApp{DPoP: true, Keys: []json.RawMessage{oktasim.PublicJWK(key.Public(), "k1")}},
		change: func(s *Settings) {
			s.PrivateKey = sdk.NewSecret(text)
			settings = *s
		},
	}.open(t)
	var log bytes.Buffer
	ctx := hclog.WithContext(t.Context(), hclog.New(&hclog.LoggerOptions{Level: hclog.Trace, Output: &log}))
	var said []string
	try := func(err error) {
		if err != nil {
			said = append(said, fmt.Sprintf("%v %+v", err, err))
			cause := sdk.AsError(err).Err
			said = append(said, fmt.Sprintf("%+v %#v", cause, cause))
		}
	}
	_, err = o.User(ctx, o.user.ID)
	try(err)
	if err != nil {
		t.Fatal(err)
	}
	access := accessToken(t, o.Client)
	secrets["access token"] = access[60:90] // a part, because long texts are truncated

	// A server that replaces Okta may echo the request.
	echo := func(s string) string {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	for _, fault := range []oktasim.Fault{
		{Path: "/api/v1/users/**", Status: 400, Body: `{"errorCode":"E0000001","errorSummary":` + echo("you sent "+access) + `}`},
		{Path: "/api/v1/users/**", Status: 401, Body: `{"errorCode":"E0000011","errorSummary":` + echo(access) + `}`,
			Headers: map[string]string{"WWW-Authenticate": `DPoP error="invalid_token", scope="` + access + `"`}},
		{Path: "/api/v1/users/**", Status: 403, Kind: oktasim.KindEmpty,
			Headers: map[string]string{"WWW-Authenticate": `DPoP error="insufficient_scope", scope="` + access + `"`}},
		{Path: "/api/v1/users/**", Kind: oktasim.KindHangup},
		{Path: auth.TokenPath, Status: 401, Body: `{"error":"invalid_client","error_description":` + echo("not with "+access) + `}`},
		{Path: auth.TokenPath, Kind: oktasim.KindTruncate},
	} {
		o.org.ClearFaults()
		o.org.Fault(fault)
		if fault.Path == auth.TokenPath {
			dropToken(t, o.Client)
		}
		_, err := o.User(ctx, o.user.ID)
		if err == nil {
			t.Errorf("%+v: no error", fault)
		}
		try(err)
	}
	// This token does not have the usual form.
	o.org.ClearFaults()
	secrets["opaque token"] = "0pAqUe-t0ken"
	dropToken(t, o.Client)
	o.org.Fault(oktasim.Fault{Path: auth.TokenPath, Status: 200, Body: `{"access_token":"0pAqUe-t0ken","token_type":"DPoP","expires_in":3600}`})
	o.org.Fault(oktasim.Fault{Path: "/api/v1/users/**", Status: 400, Body: `{"errorCode":"E0000001","errorSummary":"you sent 0pAqUe-t0ken"}`})
	_, err = o.User(ctx, o.user.ID)
	if e := wantCode(t, err, sdk.InvalidInput); !strings.Contains(e.Message, "you sent ****") {
		t.Errorf("got %s", e.Message)
	}
	try(err)

	settings.PrivateKey = sdk.NewSecret(text + "}")
	try(settings.Validate())
	printed, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	said = append(said, string(printed), log.String())
	for _, v := range []any{settings, &settings, o.Client, o.credentials, o.credentials.Begin(), o.http.Transport} {
		said = append(said, fmt.Sprintf("%v %+v %#v", v, v, v))
	}
	for _, s := range said {
		for name, secret := range secrets {
			if strings.Contains(s, secret) {
				t.Errorf("the %s is in %.400s", name, s)
			}
		}
	}
	if !strings.Contains(log.String(), auth.TokenPath) {
		t.Error("the log does not have the token request")
	}
}

// TestEchoedTokenIsMasked checks that errors mask the API token if Okta or a proxy echoes it.
func TestEchoedTokenIsMasked(t *testing.T) {
	c, s := org(t)
	s.Fault(oktasim.Fault{Path: "/api/v1/users/**", Status: 400, Body: `{"errorCode":"E0000001","errorSummary":"odd header: SSWS ` + canary + `"}`})
	_, err := c.User(t.Context(), "00u1")
	e := wantCode(t, err, sdk.InvalidInput)
	if strings.Contains(e.Error(), canary) || !strings.Contains(e.Message, "odd header: SSWS ********") {
		t.Errorf("got %s", e.Message)
	}
}
