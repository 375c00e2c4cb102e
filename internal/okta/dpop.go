package okta

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// A prover proves, request by request, that this process holds the key to which an
// access token is bound: DPoP (https://www.rfc-editor.org/rfc/rfc9449). The key
// lives as long as the client.
type prover struct{ signer jose.Signer }

func newProver() (*prover, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: key},
		(&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		return nil, err
	}
	return &prover{signer}, nil
}

// proof is good for one request. A token is named by its hash; a request for a
// token has none yet.
func (p *prover) proof(method string, target *url.URL, at time.Time, nonce, token string) (string, error) {
	claims := struct {
		ID        string `json:"jti"`
		Method    string `json:"htm"`
		Target    string `json:"htu"`
		IssuedAt  int64  `json:"iat"`
		TokenHash string `json:"ath,omitempty"`
		Nonce     string `json:"nonce,omitempty"`
	}{ID: rand.Text(), Method: method, Target: bare(target), IssuedAt: at.Unix(), Nonce: nonce}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		claims.TokenHash = base64.RawURLEncoding.EncodeToString(sum[:])
	}
	return sign(p.signer, claims)
}

// bare is the address without what RFC 9449 leaves out (query, fragment), and
// without a port that goes without saying: Okta compares it with its own.
func bare(u *url.URL) string {
	host := u.Host
	if port := u.Port(); u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		host = host[:len(host)-len(port)-1]
	}
	return u.Scheme + "://" + host + u.EscapedPath()
}

// sign makes a compact JWT.
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
