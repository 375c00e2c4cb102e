package oktasim_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"soar.example/okta/internal/oktasim"
)

// clientKey is the signing key of an OAuth client in these tests.
type clientKey struct {
	t       testing.TB
	private crypto.Signer
	alg     string
	id      string
}

// rsaKey is generated once, because generation is slow.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return k
})

func newKey(t testing.TB, alg string) *clientKey {
	t.Helper()
	k := &clientKey{t: t, alg: alg, id: "key-" + alg}
	curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[alg]
	if curve == nil {
		k.private = rsaKey()
		return k
	}
	private, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k.private = private
	return k
}

func (k *clientKey) jwk() json.RawMessage { return oktasim.PublicJWK(k.private.Public(), k.id) }

// app returns a service app with this key.
func (k *clientKey) app(scopes ...string) oktasim.NewServiceApp {
	return oktasim.NewServiceApp{Label: "SOAR", Keys: []json.RawMessage{k.jwk()}, Scopes: scopes}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func marshal(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func (k *clientKey) sign(header, claims map[string]any) string {
	k.t.Helper()
	signed := b64(marshal(header)) + "." + b64(marshal(claims))
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[k.alg[2:]]
	h := hash.New()
	h.Write([]byte(signed))
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		s, err := rsa.SignPKCS1v15(nil, private, hash, h.Sum(nil))
		if err != nil {
			k.t.Fatal(err)
		}
		return signed + "." + b64(s)
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, h.Sum(nil))
		if err != nil {
			k.t.Fatal(err)
		}
		size := (private.Params().BitSize + 7) / 8
		return signed + "." + b64(append(r.FillBytes(make([]byte, size)), s.FillBytes(make([]byte, size))...))
	}
	panic("no such key")
}

var serial atomic.Int64

func unique() string { return fmt.Sprint("id-", serial.Add(1)) }

// changes replaces claims of a token, and removes claims with the value nil. A key "header:kid" changes the
// header.
type changes map[string]any

func (ch changes) apply(header, claims map[string]any) {
	for name, v := range ch {
		into := claims
		if len(name) > 7 && name[:7] == "header:" {
			into, name = header, name[7:]
		}
		into[name] = v
		if v == nil {
			delete(into, name)
		}
	}
}

// assertion returns a valid client assertion with changes.
func (k *clientKey) assertion(client, org string, now time.Time, ch ...changes) string {
	k.t.Helper()
	header := map[string]any{"alg": k.alg, "kid": k.id, "typ": "JWT"}
	claims := map[string]any{
		"iss": client, "sub": client, "aud": org + "/oauth2/v1/token", "iat": now.Unix(), "exp": now.Add(5 * time.Minute).Unix(), "jti": unique(),
	}
	for _, c := range ch {
		c.apply(header, claims)
	}
	return k.sign(header, claims)
}

func (k *clientKey) form(assertion, scope string) string {
	return url.Values{
		"grant_type": {"client_credentials"}, "scope": {scope}, "client_assertion": {assertion},
		"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
	}.Encode()
}

// proof returns a valid DPoP proof for a request, with changes. It omits an empty nonce or token.
func (k *clientKey) proof(method, target, nonce, token string, now time.Time, ch ...changes) string {
	k.t.Helper()
	var public map[string]any
	if err := json.Unmarshal(k.jwk(), &public); err != nil {
		k.t.Fatal(err)
	}
	header := map[string]any{"alg": k.alg, "typ": "dpop+jwt", "jwk": public}
	claims := map[string]any{"htm": method, "htu": target, "iat": now.Unix(), "jti": unique()}
	if nonce != "" {
		claims["nonce"] = nonce
	}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims["ath"] = b64(sum[:])
	}
	for _, c := range ch {
		c.apply(header, claims)
	}
	return k.sign(header, claims)
}

// tokenRequest requests a token, with a proof unless the proof is empty.
func (c *caller) tokenRequest(form, proof string) response {
	c.t.Helper()
	r := c.request("POST", "/oauth2/v1/token", form)
	r.Header.Del("Authorization")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if proof != "" {
		r.Header.Set("DPoP", proof)
	}
	a, err := c.send(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

// oauthCode returns the error code of an OAuth response.
func (a response) oauthCode() string {
	var e struct{ Error string }
	_ = json.Unmarshal([]byte(a.body), &e)
	return e.Error
}

// with sends a request with these headers instead of the API token.
func (c *caller) with(method, target string, header map[string]string) response {
	c.t.Helper()
	r := c.request(method, target, "")
	r.Header.Del("Authorization")
	for name, v := range maps.All(header) {
		r.Header.Set(name, v)
	}
	a, err := c.send(r)
	if err != nil {
		c.t.Fatal(err)
	}
	return a
}

func decodeB64(s string) (string, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	return string(b), err
}
