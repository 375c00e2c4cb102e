package oktasim

import (
	"errors"

	"soar.example/okta/internal/oktasim/oauth"
)

// HasEndpoint reports whether the org has an endpoint.
func HasEndpoint(method, path string) bool {
	r, _, _ := findRoute(method, path)
	return r != nil
}

// Endpoints lists the org's endpoints as "METHOD pattern".
func Endpoints() []string {
	var all []string
	for _, r := range routes {
		all = append(all, r.endpoint)
	}
	return all
}

// GatewayCause returns the reason why a zone rejects an address.
func GatewayCause(kind, value string) string { return zoneAddress{kind, value}.cause("gateways") }

// ParseToken parses a signed token and returns the thumbprint of its key, if any.
func ParseToken(compact string) (thumbprint string, err error) {
	t, err := oauth.Parse(compact)
	if err != nil {
		return "", err
	}
	k := t.Header.JSONWebKey
	if k == nil {
		return "", errors.New("the token contains no key")
	}
	return oauth.Thumbprint(k), t.Verify(k)
}

// Thumbprint returns the thumbprint of a public key.
func Thumbprint(raw []byte) (string, error) {
	k, err := oauth.ParseJWK(raw)
	if err != nil {
		return "", err
	}
	return oauth.Thumbprint(k), nil
}

// VerifyToken verifies a token with a key.
func VerifyToken(compact string, raw []byte) error {
	t, err := oauth.Parse(compact)
	if err != nil {
		return err
	}
	k, err := oauth.ParseJWK(raw)
	if err != nil {
		return err
	}
	return t.Verify(k)
}
