package oktatest

// HasEndpoint lets the tests from outside ask which requests the org can answer.
func HasEndpoint(method, path string) bool {
	r, _, _ := findRoute(method, path)
	return r != nil
}

// Endpoints are "METHOD pattern" of all that the org has.
func Endpoints() []string {
	var all []string
	for _, r := range routes {
		all = append(all, r.method+" "+r.pattern)
	}
	return all
}

// GatewayCause is why a zone would refuse an address.
func GatewayCause(kind, value string) string { return zoneAddress{kind, value}.cause("gateways") }

// ParseToken reads a signed token and returns its key's thumbprint, where it carries a key.
func ParseToken(compact string) (thumbprint string, err error) {
	j, err := parseJWS(compact)
	if err != nil {
		return "", err
	}
	k, public, err := parseJWK(j.header.Key)
	if err != nil {
		return "", err
	}
	return k.thumbprint(), j.verify(public)
}

// Thumbprint is that of a public key.
func Thumbprint(raw []byte) (string, error) {
	k, _, err := parseJWK(raw)
	if err != nil {
		return "", err
	}
	return k.thumbprint(), nil
}

// VerifyToken checks a token with a key.
func VerifyToken(compact string, raw []byte) error {
	j, err := parseJWS(compact)
	if err != nil {
		return err
	}
	_, public, err := parseJWK(raw)
	if err != nil {
		return err
	}
	return j.verify(public)
}
