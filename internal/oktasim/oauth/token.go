package oauth

import (
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"soar.example/okta/internal/oktasim/wire"
)

// Error is an error response in the format of OAuth 2.0.
type Error struct {
	status            int
	code, description string
	nonce             string
}

// Error returns the OAuth error code and its description.
func (e *Error) Error() string { return e.code + ": " + e.description }

// Reply returns the response of the error.
func (e *Error) Reply() *wire.Reply {
	r := wire.JSON(e.status, wire.Doc{"error": e.code, "error_description": e.description})
	if e.nonce != "" {
		r.Header.Set("DPoP-Nonce", e.nonce)
	}
	return r
}

func badRequest(code, description string) *Error {
	return &Error{status: http.StatusBadRequest, code: code, description: description}
}

func badClient(description string) *Error {
	return &Error{status: http.StatusUnauthorized, code: "invalid_client", description: description}
}

func badProof(description string) *Error { return badRequest("invalid_dpop_proof", description) }

// check is a possible fault of a request.
type check struct {
	holds bool
	fault *Error
}

// firstFault returns the first fault whose condition is true, or nil.
func firstFault(checks ...check) *Error {
	for _, c := range checks {
		if c.holds {
			return c.fault
		}
	}
	return nil
}

// Issue is the token endpoint. It supports the client credentials grant with a signed assertion. After a rejection,
// the assertion and the proof can be used again.
func (s *Store) Issue(c *wire.Call) (*Client, *wire.Reply, error) {
	form, fault := readForm(c)
	if fault != nil {
		return nil, nil, fault
	}
	client, assertion, fault := s.authenticate(c, form)
	if fault != nil {
		return nil, nil, fault
	}
	scopes := strings.Fields(form.Get("scope"))
	if form.Get("grant_type") != "client_credentials" {
		return nil, nil, badRequest("unsupported_grant_type", "The grant type in the request isn't supported.")
	}
	var held *proof
	if client.DPoP || c.Header.Get("DPoP") != "" {
		if held, fault = s.proofForToken(c); fault != nil {
			return nil, nil, fault
		}
	}
	if len(scopes) == 0 {
		return nil, nil, badRequest("invalid_scope", "No scopes were requested.")
	}
	if slices.ContainsFunc(scopes, func(s string) bool { return !slices.Contains(client.Scopes, s) }) {
		return nil, nil, badRequest("invalid_scope", "One or more scopes are not configured for the authorization server resource.")
	}
	if id := assertion.Claims.ID; id != "" && !s.spend("assertion\x00"+client.ID+"\x00"+id, c.Now, assertion.Claims.Expiry.Time()) {
		return nil, nil, badClient("The client_assertion token has been used already.")
	}
	if held != nil && !s.spendProof(c, held) {
		return nil, nil, badProof("The DPoP proof JWT has been used already.")
	}
	t, err := s.issue(c, client, slices.Compact(scopes), held)
	if err != nil {
		return nil, nil, err
	}
	r := wire.JSON(http.StatusOK, wire.Doc{
		"token_type": t.scheme(), "expires_in": int(client.Life / time.Second), "access_token": t.text, "scope": strings.Join(t.scopes, " "),
	})
	r.Header.Set("Cache-Control", "no-cache, no-store")
	r.Header.Set("Pragma", "no-cache")
	return client, r, nil
}

// readForm parses the body of a token request. It ignores the query, because proxies log it.
func readForm(c *wire.Call) (url.Values, *Error) {
	media, _, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, badRequest("invalid_request", "The content type must be application/x-www-form-urlencoded.")
	}
	form, err := url.ParseQuery(string(c.Body))
	if err != nil {
		return nil, badRequest("invalid_request", "The request body was not well-formed.")
	}
	for name, values := range form {
		if len(values) > 1 {
			return nil, badRequest("invalid_request", "The parameter "+name+" is there more than once.")
		}
	}
	return form, nil
}

// authenticate returns the client of a token request's assertion.
func (s *Store) authenticate(c *wire.Call, form url.Values) (*Client, *Token, *Error) {
	assertion, err := Parse(form.Get("client_assertion"))
	claims := &assertion.Claims
	client := s.Client(claims.Issuer)
	if fault := firstFault(
		check{c.Header.Get("Authorization") != "" && form.Has("client_assertion"),
			badRequest("invalid_request", "Can't supply multiple client credentials.")},
		check{!form.Has("client_assertion"), badClient("No client credentials found")},
		check{form.Get("client_assertion_type") != assertionType, badRequest("invalid_request", "The client_assertion_type is invalid.")},
		check{err != nil, badClient("The client_assertion token is malformed.")},
		check{client == nil || !client.Active() || form.Has("client_id") && form.Get("client_id") != client.ID,
			badClient("Invalid value for the client_id parameter")},
	); fault != nil {
		return nil, nil, fault
	}
	key := client.key(assertion.Header.KeyID)
	expires, hasExpiry := clock(claims.Expiry)
	issued, hasIssued := clock(claims.IssuedAt)
	return client, assertion, firstFault(
		check{key == nil, badClient("The client_assertion JWT kid is invalid.")},
		check{key != nil && key.Algorithm != "" && key.Algorithm != assertion.Header.Algorithm,
			badClient("The client_assertion signing algorithm does not match the key.")},
		check{assertion.Verify(key) != nil, badClient("The client_assertion signature is invalid.")},
		check{claims.Subject != client.ID, badClient("The subject claim for client_assertion must be the client_id.")},
		check{len(claims.Audience) != 1 || claims.Audience[0] != c.URL(TokenPath),
			badClient("The audience claim for client_assertion must be the endpoint invoked for the request.")},
		check{!hasExpiry, badClient("The client_assertion token must contain an expiration.")},
		check{!c.Now.Before(expires), badClient("The client_assertion token is expired.")},
		check{expires.After(c.Now.Add(maxAssertionLife)), badClient("The client_assertion token has an expiration too far into the future.")},
		check{claims.IssuedAt != nil && (!hasIssued || issued.After(c.Now.Add(clockLeeway))),
			badClient("The client_assertion token was issued in the future.")},
	)
}

// proof is a verified proof that the sender of a request has a key (RFC 9449).
type proof struct {
	thumbprint, id, nonce string
	issued                time.Time
}

// readProof verifies the proof of a request without marking it as used. The access token of the request is empty at
// the token endpoint.
func readProof(c *wire.Call, token string) (*proof, *Error) {
	t, err := Parse(c.Header.Get("DPoP"))
	key, claims, number := t.Header.JSONWebKey, &t.Claims, len(c.Header.Values("DPoP"))
	issued, ok := clock(claims.IssuedAt)
	sum := sha256.Sum256([]byte(token))
	hash := base64.RawURLEncoding.EncodeToString(sum[:])
	if fault := firstFault(
		check{number == 0, badProof("The DPoP proof JWT header is missing.")},
		check{number > 1, badProof("There must be only one DPoP proof JWT.")},
		check{err != nil || t.Header.ExtraHeaders["typ"] != "dpop+jwt", badProof("The DPoP proof JWT is malformed.")},
		check{checkKey(key) != nil, badProof("The jwk of the DPoP proof JWT is invalid.")},
		check{t.Verify(key) != nil, badProof("The DPoP proof JWT signature is invalid.")},
		check{claims.Method != c.Method, badProof("The htm claim in the DPoP proof JWT is invalid.")},
		check{claims.URL != c.URL(c.Path), badProof("The htu claim in the DPoP proof JWT is invalid.")},
		check{claims.ID == "", badProof("The jti claim in the DPoP proof JWT is missing.")},
		check{!ok || c.Now.Sub(issued).Abs() > clockLeeway, badProof("The iat claim in the DPoP proof JWT is invalid.")},
		check{token != "" && claims.TokenHash != hash, badProof("The ath claim in the DPoP proof JWT is invalid.")},
	); fault != nil {
		return nil, fault
	}
	return &proof{Thumbprint(key), claims.ID, claims.Nonce, issued}, nil
}

// proofForToken also requires a nonce of the org. It issues a nonce if the nonce is missing or has expired.
func (s *Store) proofForToken(c *wire.Call) (*proof, *Error) {
	held, err := readProof(c, "")
	if err != nil {
		return nil, err
	}
	if until, ok := s.nonces[held.nonce]; ok && c.Now.Before(until) {
		return held, nil
	}
	maps.DeleteFunc(s.nonces, func(_ string, until time.Time) bool { return !c.Now.Before(until) })
	e := badRequest("use_dpop_nonce", "Authorization server requires nonce in DPoP proof.")
	e.nonce = s.ids.Text("nonce", 32)
	s.nonces[e.nonce] = c.Now.Add(nonceLife)
	return nil, e
}

// spendProof marks the proof as used. It reports whether the proof is new.
func (s *Store) spendProof(c *wire.Call, p *proof) bool {
	return s.spend("proof\x00"+p.thumbprint+"\x00"+p.id, c.Now, p.issued.Add(2*clockLeeway))
}
