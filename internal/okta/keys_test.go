package okta

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"slices"
	"strings"
	"testing"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/sdk"
)

func TestUnusableKeys(t *testing.T) {
	p256 := ecKey(elliptic.P256())
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	x25519, err := ecdh.X25519().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(p256.Public())
	if err != nil {
		t.Fatal(err)
	}
	whole := pkcs8(p256)
	// The key uses a curve that Go does not support: prime239v3 instead of P-256.
	block, _ := pem.Decode([]byte(whole))
	oid := []byte{0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1}
	strange := pemOf("PRIVATE KEY", bytes.Replace(block.Bytes, append(oid, 7), append(slices.Clone(oid), 6), 1), nil)
	// The private part belongs to another key than the public part.
	//lint:ignore SA1019 A key that its own constructors reject.
	chimera := &ecdsa.PrivateKey{PublicKey: ecKey(elliptic.P256()).PublicKey, D: p256.D} //nolint:staticcheck // SA1019, for golangci-lint
	var short map[string]any
	if err := json.Unmarshal([]byte(jwkOf(rsaKeyOf(2048), "k", "")), &short); err != nil {
		t.Fatal(err)
	}
	delete(short, "p")
	delete(short, "q")
	noPrimes, err := json.Marshal(short)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ text, part string }{
		"words":           {"my private key", "neither a PEM nor a JWK"},
		"a path":          {"/etc/okta/key.pem", "neither a PEM nor a JWK"},
		"blank":           {" \n", "neither a PEM nor a JWK"},
		"half a PEM":      {whole[:len(whole)/2], "neither a PEM nor a JWK"},
		"PEM cut inside":  {pemOf("PRIVATE KEY", []byte("abc"), nil), "cannot be parsed"},
		"wrong label":     {strings.ReplaceAll(whole, "PRIVATE KEY", "RSA PRIVATE KEY"), "cannot be parsed"},
		"public PEM":      {pemOf("PUBLIC KEY", public, nil), "public half"},
		"certificate":     {pemOf("CERTIFICATE", []byte("x"), nil), "public half"},
		"other PEM":       {pemOf("X509 CRL", []byte("x"), nil), "other than a private key"},
		"OpenSSH":         {pemOf("OPENSSH PRIVATE KEY", []byte("x"), nil), "ssh-keygen"},
		"UTF-16":          {"\xff\xfe-\x00-\x00", "UTF-8"},
		"cut certificate": {pemOf("CERTIFICATE", []byte("x"), nil) + whole[:40], "public half"},
		"another curve":   {strange, "curve that Okta does not accept"},
		"locked PKCS 8":   {pemOf("ENCRYPTED PRIVATE KEY", []byte("x"), nil), "passphrase"},
		"locked PKCS 1": {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n" +
			"AAAA\n-----END RSA PRIVATE KEY-----\n", "passphrase"},
		"curve only":       {"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n", "neither a PEM nor a JWK"},
		"Ed25519":          {pkcs8(ed), "type that Okta does not accept"},
		"X25519":           {pkcs8(x25519), "type that Okta does not accept"},
		"P-224":            {pkcs8(ecKey(elliptic.P224())), "type that Okta does not accept"},
		"small RSA":        {pkcs8(rsaKeyOf(1024)), "less than 2048 bits"},
		"half a JWK":       {jwkOf(p256, "k", "")[:60], "not JSON"},
		"empty JWK":        {"{}", "cannot be parsed"},
		"list":             {"[]", "neither a PEM nor a JWK"},
		"JWK set":          {`{"keys":[` + jwkOf(p256, "k", "") + `]}`, "set of JWKs"},
		"public JWK":       {jwkOf(p256.Public(), "k", ""), "public half"},
		"JWK of RSA less":  {string(noPrimes), "cannot be parsed"},
		"symmetric JWK":    {`{"kty":"oct","k":"c2VjcmV0"}`, "type that Okta does not accept"},
		"Ed25519 JWK":      {jwkOf(ed, "k", ""), "type that Okta does not accept"},
		"JWK, PS256":       {jwkOf(rsaKeyOf(2048), "k", "PS256"), "alg does not fit"},
		"JWK, other curve": {jwkOf(p256, "k", "ES384"), "alg does not fit"},
		"JWK of two keys":  {jwkOf(chimera, "k", ""), "do not belong together"},
	} {
		_, err := auth.ServiceApp{ClientID: "0oa1", PrivateKey: sdk.NewSecret(test.text)}.SigningKey()
		e := wantCode(t, err, sdk.InvalidInput)
		if len(e.Violations) != 1 || e.Violations[0].Pointer != "/private_key" || !strings.Contains(e.Violations[0].Message, test.part) {
			t.Errorf("%s: %v lacks %q", name, e, test.part)
		}
	}
}

func FuzzReadKey(f *testing.F) {
	p256 := ecKey(elliptic.P256())
	der, err := x509.MarshalECPrivateKey(p256)
	for _, seed := range []string{"", "{", `{"kty":"EC"}`, `{"kty":"RSA","d":"AA"}`,
		pkcs8(p256), pemOf("EC PRIVATE KEY", der, err), jwkOf(p256, "k", "ES256"), `{"keys":[]}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		key, err := auth.ServiceApp{PrivateKey: sdk.NewSecret(text)}.SigningKey()
		if err != nil {
			if e := sdk.AsError(err); e.Code != sdk.InvalidInput || len(e.Violations) != 1 {
				t.Errorf("got %v", err)
			}
			if len(text) > 12 && strings.Contains(err.Error(), text) {
				t.Errorf("the error repeats the key: %v", err)
			}
			return
		}
		if key.Algorithm == "" || key.Key == nil {
			t.Errorf("neither an error nor a key: %+v", key.Algorithm)
		}
	})
}
