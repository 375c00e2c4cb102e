package oktatest

import (
	"crypto/sha256"
	"crypto/subtle"
	"time"
)

// dpopProof is a proof that the sender of a request holds a key (RFC 9449), verified.
type dpopProof struct {
	thumbprint string
	id         string
	nonce      string
	issued     time.Time
}

func badProof(description string) *oauthError { return badRequest("invalid_dpop_proof", description) }

// readProof verifies the proof of a request. token is the access token that comes with it, empty at the token
// endpoint. It does not yet spend the proof.
func (o *Org) readProof(c *call, token string) (*dpopProof, error) {
	headers := c.header.Values("DPoP")
	switch len(headers) {
	case 0:
		return nil, badProof("The DPoP proof JWT header is missing.")
	case 1:
	default:
		return nil, badProof("There must be only one DPoP proof JWT.")
	}
	j, err := parseJWS(headers[0])
	if err != nil || j.header.Type != "dpop+jwt" {
		return nil, badProof("The DPoP proof JWT is malformed.")
	}
	key, public, err := parseJWK(j.header.Key)
	if err != nil {
		return nil, badProof("The jwk of the DPoP proof JWT is invalid.")
	}
	if j.verify(public) != nil {
		return nil, badProof("The DPoP proof JWT signature is invalid.")
	}
	said := j.claims
	issued, ok := seconds(said.Issued)
	switch {
	case said.Method != c.method:
		return nil, badProof("The htm claim in the DPoP proof JWT is invalid.")
	case said.URL != c.url(c.path):
		return nil, badProof("The htu claim in the DPoP proof JWT is invalid.")
	case said.ID == "":
		return nil, badProof("The jti claim in the DPoP proof JWT is missing.")
	case !ok || issued.Before(c.now.Add(-clockLeeway)) || issued.After(c.now.Add(clockLeeway)):
		return nil, badProof("The iat claim in the DPoP proof JWT is invalid.")
	}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		if subtle.ConstantTimeCompare([]byte(said.Hash), []byte(encode64(sum[:]))) != 1 {
			return nil, badProof("The ath claim in the DPoP proof JWT is invalid.")
		}
	}
	return &dpopProof{key.thumbprint(), said.ID, said.Nonce, issued}, nil
}

// proofForToken also asks for a nonce of the org's own, and hands one out where it is missing or has run out.
func (o *Org) proofForToken(c *call) (*dpopProof, error) {
	proof, err := o.readProof(c, "")
	if err != nil {
		return nil, err
	}
	if until, ok := o.oauth.nonces[proof.nonce]; ok && c.now.Before(until) {
		return proof, nil
	}
	for n, until := range o.oauth.nonces {
		if !c.now.Before(until) {
			delete(o.oauth.nonces, n)
		}
	}
	nonce := o.fresh.nonce()
	o.oauth.nonces[nonce] = c.now.Add(nonceLife)
	e := badRequest("use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
	e.nonce = nonce
	return nil, e
}

// spendProof reports whether the proof is new.
func (o *Org) spendProof(c *call, p *dpopProof) bool {
	return o.oauth.spend("proof\x00"+p.thumbprint+"\x00"+p.id, c.now, p.issued.Add(2*clockLeeway))
}

// ExpireNonces makes every DPoP nonce that was handed out useless, so that the next token request is told a new one.
func (o *Org) ExpireNonces() {
	o.mu.Lock()
	defer o.mu.Unlock()
	clear(o.oauth.nonces)
}
