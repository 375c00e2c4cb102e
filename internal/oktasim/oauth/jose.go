// Package oauth contains the OAuth 2.0 part of the simulated org: signed assertions, DPoP proofs and access
// tokens.
package oauth

import (
	"cmp"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// minRSABits is the size of the smallest RSA key that Okta accepts.
const minRSABits = 2048

var algorithms = []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.ES256, jose.ES384, jose.ES512}

// PublicJWK encodes a public key as a JSON Web Key. The key is an *rsa.PublicKey, or an *ecdsa.PublicKey on P-256,
// P-384 or P-521. The ID may be empty. It panics for any other key.
func PublicJWK(key crypto.PublicKey, id string) json.RawMessage {
	k := &jose.JSONWebKey{Key: key, KeyID: id, Use: "sig"}
	raw, err := k.MarshalJSON()
	if err = cmp.Or(err, checkKey(k)); err != nil {
		panic(fmt.Sprintf("oktasim: no JSON Web Key for a %T: %v", key, err))
	}
	return raw
}

// ParseJWK parses a public key that Okta accepts.
func ParseJWK(raw []byte) (*jose.JSONWebKey, error) {
	k := &jose.JSONWebKey{}
	return k, cmp.Or(k.UnmarshalJSON(raw), checkKey(k))
}

// checkKey accepts public EC keys, and public RSA keys of a sufficient size.
func checkKey(k *jose.JSONWebKey) error {
	if k != nil {
		switch key := k.Key.(type) {
		case *rsa.PublicKey:
			if key.N.BitLen() >= minRSABits {
				return nil
			}
		case *ecdsa.PublicKey:
			return nil
		}
	}
	return fmt.Errorf("the key is neither a public EC key nor a public RSA key of at least %d bits", minRSABits)
}

// Thumbprint returns the hash of a key (RFC 7638).
func Thumbprint(k *jose.JSONWebKey) string {
	sum, err := k.Thumbprint(crypto.SHA256)
	if err != nil {
		panic("oktasim: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}

// Token is a parsed but unverified JSON Web Token.
type Token struct {
	Header jose.Header
	Claims struct {
		jwt.Claims
		Method    string `json:"htm"`
		URL       string `json:"htu"`
		Nonce     string `json:"nonce"`
		TokenHash string `json:"ath"`
	}
	signed *jwt.JSONWebToken
}

// Parse parses a token in its compact form. If it returns an error, the token is empty.
func Parse(compact string) (*Token, error) {
	signed, err := jwt.ParseSigned(compact, algorithms)
	if err != nil {
		return &Token{}, err
	}
	t := &Token{Header: signed.Headers[0], signed: signed}
	return t, signed.UnsafeClaimsWithoutVerification(&t.Claims)
}

// Verify verifies the signature with a key of the type that the algorithm needs.
func (t *Token) Verify(k *jose.JSONWebKey) error {
	if t.signed == nil || k == nil {
		return errors.New("there is no token, or no key")
	}
	return t.signed.Claims(k.Key)
}

// clock returns a time claim, and whether the claim exists.
func clock(d *jwt.NumericDate) (time.Time, bool) {
	if d == nil || *d < 0 || *d > 1<<40 {
		return time.Time{}, false
	}
	return d.Time(), true
}
