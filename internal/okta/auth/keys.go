package auth

import (
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"soar.example/okta/sdk"
)

// minRSABits is the size of the smallest RSA key that Okta accepts
// (https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationSSOPublicKeys/).
const minRSABits = 2048

// SigningKey parses the private key and chooses the algorithm. Its errors are *sdk.Error, name the setting, and
// contain no part of the key.
func (a ServiceApp) SigningKey() (jose.SigningKey, error) {
	key, err := readKey(a.PrivateKey.Reveal())
	var fits []jose.SignatureAlgorithm
	if err == nil {
		fits, err = algorithmsOf(key.Key)
	}
	if err != nil {
		return jose.SigningKey{}, sdk.InvalidField("/private_key", "%s", err)
	}
	algorithm, setting, problem := string(fits[0]), "/algorithm", "does not fit the private key, which is for %s"
	if a.Algorithm != "" && a.Algorithm != auto {
		algorithm = string(a.Algorithm)
	} else if key.Algorithm != "" {
		algorithm, setting, problem = key.Algorithm, "/private_key", "is a JWK whose alg does not fit; the key is for %s"
	}
	if !slices.Contains(fits, jose.SignatureAlgorithm(algorithm)) {
		return jose.SigningKey{}, sdk.InvalidField(setting, problem, strings.ReplaceAll(strings.Trim(fmt.Sprint(fits), "[]"), " ", ", "))
	}
	private := jose.JSONWebKey{Key: key.Key, KeyID: cmp.Or(a.KeyID, key.KeyID)}
	signing := jose.SigningKey{Algorithm: jose.SignatureAlgorithm(algorithm), Key: private}
	if !signs(signing, key.Public()) {
		return jose.SigningKey{}, sdk.InvalidField("/private_key", "does not sign: its private and public halves do not belong together")
	}
	return signing, nil
}

// readKey parses a PEM or a JWK. The text of an error follows the name of the setting.
func readKey(text string) (jose.JSONWebKey, error) {
	if text = strings.TrimSpace(strings.TrimPrefix(text, byteOrderMark)); strings.HasPrefix(text, "{") {
		return readJWK([]byte(text))
	}
	if strings.Contains(text, "\x00") {
		return jose.JSONWebKey{}, errors.New("is not UTF-8. Save the file as UTF-8, not as UTF-16")
	}
	none := errors.New("is neither a PEM nor a JWK. Copy the whole key")
	// An environment variable often contains a PEM on one line.
	rest := []byte(strings.ReplaceAll(text, `\n`, "\n"))
	for {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return jose.JSONWebKey{}, none
		}
		switch block.Type {
		case "EC PARAMETERS": // openssl writes the curve's name before the key
		case "PUBLIC KEY", "RSA PUBLIC KEY", "CERTIFICATE": // may precede the private key
			none = errors.New("is the public half; the private key is needed")
		default:
			key, err := readBlock(block)
			return jose.JSONWebKey{Key: key}, err
		}
	}
}

// byteOrderMark is the character that some editors write at the start of a file.
const byteOrderMark = "\ufeff"

func readBlock(block *pem.Block) (key any, err error) {
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, errors.New("is encrypted with a passphrase. Remove the passphrase with openssl pkey")
	case block.Type == "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case block.Type == "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	case block.Type == "OPENSSH PRIVATE KEY":
		return nil, errors.New("is in OpenSSH's format. Convert a copy to PEM with ssh-keygen -p -m PKCS8")
	default:
		return nil, errors.New("is a PEM of something other than a private key")
	}
	if err != nil {
		return nil, errors.New("is a PEM that cannot be parsed: it is incomplete, or on a curve that Okta does not accept. Copy the whole key")
	}
	return key, nil
}

func readJWK(text []byte) (jose.JSONWebKey, error) {
	none := jose.JSONWebKey{}
	var shape struct {
		Type string          `json:"kty"`
		D    json.RawMessage `json:"d"`
		Keys json.RawMessage `json:"keys"`
	}
	var key jose.JSONWebKey
	switch err := json.Unmarshal(text, &shape); {
	case err != nil:
		return none, errors.New("begins like a JWK, but is not JSON. Copy the whole key")
	case shape.Keys != nil:
		return none, errors.New("is a set of JWKs; give the one key that signs the assertions")
	case (shape.Type == "RSA" || shape.Type == "EC") && shape.D == nil:
		return none, errors.New("is the public half of a JWK; the private key is needed")
	}
	if err := json.Unmarshal(text, &key); err != nil {
		return none, errors.New("is a JWK that cannot be parsed; an RSA key needs n, e, d, p and q, an EC key crv, x, y and d")
	}
	return key, nil
}

// byCurve maps each curve that Okta accepts to its algorithm.
var byCurve = map[elliptic.Curve]jose.SignatureAlgorithm{elliptic.P256(): jose.ES256, elliptic.P384(): jose.ES384, elliptic.P521(): jose.ES512}

// algorithmsOf lists the algorithms of a key, the preferred one first.
func algorithmsOf(key any) ([]jose.SignatureAlgorithm, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSABits {
			return nil, errors.New("is an RSA key of less than 2048 bits, which Okta does not accept")
		}
		return []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512}, nil
	case *ecdsa.PrivateKey:
		if algorithm, ok := byCurve[k.Curve]; ok {
			return []jose.SignatureAlgorithm{algorithm}, nil
		}
	}
	return nil, errors.New("is of a type that Okta does not accept. Okta accepts RSA, and EC on P-256, P-384 or P-521")
}

// signs reports whether the key makes valid signatures. It does not if its private and public parts belong to
// different keys.
func signs(key jose.SigningKey, public jose.JSONWebKey) bool {
	signer, err := jose.NewSigner(key, nil)
	if err != nil {
		return false
	}
	signed, err := signer.Sign([]byte("check"))
	if err == nil {
		_, err = signed.Verify(public)
	}
	return err == nil
}

// A dpopSigner signs DPoP proofs (https://www.rfc-editor.org/rfc/rfc9449). A proof shows that this process has the
// key to which an access token is bound. The key exists as long as the client.
type dpopSigner struct{ signer jose.Signer }

func newDPoPSigner() (*dpopSigner, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		return nil, err
	}
	return &dpopSigner{signer}, nil
}

// proof returns a proof for one request. It contains the hash of the access token, except in a request for a
// token.
func (p *dpopSigner) proof(method string, target *url.URL, at time.Time, nonce, token string) (string, error) {
	claims := struct {
		ID        string `json:"jti"`
		Method    string `json:"htm"`
		Target    string `json:"htu"`
		IssuedAt  int64  `json:"iat"`
		TokenHash string `json:"ath,omitempty"`
		Nonce     string `json:"nonce,omitempty"`
	}{ID: rand.Text(), Method: method, Target: proofTarget(target), IssuedAt: at.Unix(), Nonce: nonce}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims.TokenHash = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return sign(p.signer, claims)
}

// proofTarget returns a URL without query and fragment (RFC 9449), and without a default port. Okta compares it
// with its own form of the URL.
func proofTarget(u *url.URL) string {
	host := u.Host
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		host = host[:len(host)-len(port)-1]
	}
	return u.Scheme + "://" + host + u.EscapedPath()
}

// sign returns a compact JWT.
func sign(signer jose.Signer, claims any) (string, error) {
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		return "", err
	}
	return signed.CompactSerialize()
}
