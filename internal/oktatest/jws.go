package oktatest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	// The hashes that the algorithms below name.
	_ "crypto/sha256"
	_ "crypto/sha512"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"time"
)

// jws is a signed JSON Web Token (RFC 7515, RFC 7519) in its compact form, read but not yet verified.
type jws struct {
	header struct {
		Algorithm string          `json:"alg"`
		KeyID     string          `json:"kid"`
		Type      string          `json:"typ"`
		Key       json.RawMessage `json:"jwk"`
		Critical  []string        `json:"crit"`
	}
	claims    claims
	signed    string
	signature []byte
}

// claims are those that the org looks at.
type claims struct {
	Issuer   string       `json:"iss"`
	Subject  string       `json:"sub"`
	Audience audience     `json:"aud"`
	Expires  *json.Number `json:"exp"`
	Issued   *json.Number `json:"iat"`
	ID       string       `json:"jti"`
	Method   string       `json:"htm"`
	URL      string       `json:"htu"`
	Nonce    string       `json:"nonce"`
	Hash     string       `json:"ath"`
}

// audience is one name or a list of them.
type audience []string

// UnmarshalJSON reads a string or a list of strings.
func (a *audience) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(a))
}

// seconds reads a time claim.
func seconds(n *json.Number) (time.Time, bool) {
	if n == nil {
		return time.Time{}, false
	}
	f, err := n.Float64()
	if err != nil || f < 0 || f > 1<<40 {
		return time.Time{}, false
	}
	return time.UnixMilli(int64(f * 1000)), true
}

// signing is an algorithm: RSA with PKCS #1 v1.5, or ECDSA over a curve.
type signing struct {
	hash  crypto.Hash
	curve string // empty for RSA
}

var signings = map[string]signing{
	"RS256": {crypto.SHA256, ""}, "RS384": {crypto.SHA384, ""}, "RS512": {crypto.SHA512, ""},
	"ES256": {crypto.SHA256, "P-256"}, "ES384": {crypto.SHA384, "P-384"}, "ES512": {crypto.SHA512, "P-521"},
}

var (
	errMalformed = errors.New("the token is malformed")
	errAlgorithm = errors.New("the algorithm is not supported")
	errSignature = errors.New("the signature is invalid")
)

func parseJWS(compact string) (*jws, error) {
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return nil, errMalformed
	}
	header, errH := decode64(parts[0])
	payload, errP := decode64(parts[1])
	signature, errS := decode64(parts[2])
	if errH != nil || errP != nil || errS != nil {
		return nil, errMalformed
	}
	j := &jws{signed: parts[0] + "." + parts[1], signature: signature}
	if decodeObject(header, &j.header) != nil || decodeObject(payload, &j.claims) != nil || len(j.header.Critical) > 0 {
		return nil, errMalformed
	}
	return j, nil
}

// verify checks the signature with a key that has to be of the kind that the algorithm needs.
func (j *jws) verify(key crypto.PublicKey) error {
	s, ok := signings[j.header.Algorithm]
	if !ok {
		return errAlgorithm
	}
	h := s.hash.New()
	h.Write([]byte(j.signed))
	digest := h.Sum(nil)
	switch key := key.(type) {
	case *rsa.PublicKey:
		if s.curve == "" && rsa.VerifyPKCS1v15(key, s.hash, digest, j.signature) == nil {
			return nil
		}
	case *ecdsa.PublicKey:
		size := (key.Params().BitSize + 7) / 8
		if s.curve != key.Params().Name || len(j.signature) != 2*size {
			return errSignature
		}
		r, v := new(big.Int).SetBytes(j.signature[:size]), new(big.Int).SetBytes(j.signature[size:])
		if ecdsa.Verify(key, digest, r, v) {
			return nil
		}
	}
	return errSignature
}
