package oktatest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// jwk is a public key as a JSON Web Key (RFC 7517).
type jwk struct {
	Type      string `json:"kty"`
	ID        string `json:"kid,omitempty"`
	Algorithm string `json:"alg,omitempty"`
	Use       string `json:"use,omitempty"`
	N         string `json:"n,omitempty"`
	E         string `json:"e,omitempty"`
	Curve     string `json:"crv,omitempty"`
	X         string `json:"x,omitempty"`
	Y         string `json:"y,omitempty"`
	// D is read only to refuse a key that is private.
	D string `json:"d,omitempty"`
}

var curves = map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}

// minRSABits is the smallest RSA key that Okta takes.
const minRSABits = 2048

var (
	errPrivateKey = errors.New("the key is private")
	errNoKey      = errors.New("the key is malformed")
)

// PublicJWK writes a public key, an *rsa.PublicKey or an *ecdsa.PublicKey on P-256, P-384 or P-521, as a JSON Web Key
// for NewServiceApp. It panics for any other key. The id may be empty.
func PublicJWK(key crypto.PublicKey, id string) json.RawMessage {
	k := jwk{ID: id, Use: "sig"}
	switch key := key.(type) {
	case *rsa.PublicKey:
		k.Type, k.N, k.E = "RSA", encode64(key.N.Bytes()), encode64(big.NewInt(int64(key.E)).Bytes())
	case *ecdsa.PublicKey:
		point := must(key.Bytes())
		half := (len(point) - 1) / 2
		k.Type, k.Curve = "EC", key.Params().Name
		k.X, k.Y = encode64(point[1:1+half]), encode64(point[1+half:])
	default:
		panic(fmt.Sprintf("oktatest: no JSON Web Key for a %T", key))
	}
	return encode(k)
}

func encode64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decode64(s string) ([]byte, error) { return base64.RawURLEncoding.Strict().DecodeString(s) }

func parseJWK(raw []byte) (*jwk, crypto.PublicKey, error) {
	var k jwk
	if err := json.Unmarshal(raw, &k); err != nil {
		return nil, nil, errNoKey
	}
	if k.D != "" {
		return nil, nil, errPrivateKey
	}
	key, err := k.public()
	return &k, key, err
}

func (k *jwk) public() (crypto.PublicKey, error) {
	switch k.Type {
	case "RSA":
		n, errN := decode64(k.N)
		e, errE := decode64(k.E)
		if errN != nil || errE != nil || len(e) == 0 || len(e) > 4 {
			return nil, errNoKey
		}
		key := &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(e).Int64())}
		if key.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("an RSA key needs at least %d bits", minRSABits)
		}
		return key, nil
	case "EC":
		curve, ok := curves[k.Curve]
		x, errX := decode64(k.X)
		y, errY := decode64(k.Y)
		if !ok || errX != nil || errY != nil || len(x) != len(y) {
			return nil, errNoKey
		}
		key, err := ecdsa.ParseUncompressedPublicKey(curve, append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil, errNoKey
		}
		return key, nil
	}
	return nil, errNoKey
}

// thumbprint names a key by its content (RFC 7638).
func (k *jwk) thumbprint() string {
	var canonical []byte
	if k.Type == "RSA" {
		canonical = encode(struct {
			E string `json:"e"`
			T string `json:"kty"`
			N string `json:"n"`
		}{k.E, k.Type, k.N})
	} else {
		canonical = encode(struct {
			C string `json:"crv"`
			T string `json:"kty"`
			X string `json:"x"`
			Y string `json:"y"`
		}{k.Curve, k.Type, k.X, k.Y})
	}
	sum := sha256.Sum256(canonical)
	return encode64(sum[:])
}
