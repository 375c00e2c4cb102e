package auth

import (
	"regexp"

	"github.com/invopop/jsonschema"

	"soar.example/okta/sdk"
)

// ServiceApp contains the credentials of an OAuth 2.0 service app. The app signs assertions with its private key and
// exchanges them for access tokens that last an hour
// (https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/).
type ServiceApp struct {
	// Client ID of an API Services app integration. Use it with its private key instead of an API token.
	ClientID string `json:"client_id,omitempty" jsonschema:"minLength=1,maxLength=100,pattern=^[!-~]+$,example=0oa1hqjd2cSPm0rTa697"`
	// The service app's private key, as PEM (PKCS #1, PKCS #8 or SEC 1, without a passphrase) or as a JWK.
	PrivateKey sdk.Secret `json:"private_key,omitzero" jsonschema:"minLength=1,maxLength=20000"`
	// ID (kid) of the public key in Okta. Required for an app with several keys, unless the private key is a JWK with a
	// kid.
	KeyID string `json:"key_id,omitempty" jsonschema:"minLength=1,maxLength=200,example=kLzX0TnfVdG3m9QeB1aR" jsonschema_extras:"x-group=advanced"`
	// Algorithm that signs the app's assertions. By default the algorithm of the key.
	Algorithm Algorithm `json:"algorithm,omitempty" jsonschema:"title=Signature algorithm,default=auto" jsonschema_extras:"x-group=advanced"`
	// OAuth scopes to request. By default the scopes that the actions and triggers of this connection need.
	Scopes []string `json:"scopes,omitempty" jsonschema:"uniqueItems=true,pattern=^[!-~]+$,example=okta.users.read" jsonschema_extras:"x-group=advanced"`
	// Binding of access tokens to a key of this process (DPoP). auto: if the app requires it, as new apps do. required:
	// use bound tokens only. off: never.
	DPoP string `json:"dpop,omitempty" jsonschema:"title=DPoP,enum=auto,enum=required,enum=off,default=auto" jsonschema_extras:"x-group=advanced"`
}

// Algorithm is a JWS algorithm for assertions, or auto.
type Algorithm string

// JSONSchemaExtend adds the algorithms that Okta accepts.
func (Algorithm) JSONSchemaExtend(s *jsonschema.Schema) {
	s.Enum = []any{auto, "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"}
}

const (
	auto         = "auto"
	dpopRequired = "required"
	dpopOff      = "off"
)

// bearerToken matches a token (RFC 6750, section 2.1).
var bearerToken = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// Validate accepts either an API token, or the client ID and private key of a service app.
func Validate(token sdk.Secret, app ServiceApp) error {
	hasApp := app.ClientID != "" || !app.PrivateKey.IsZero()
	switch {
	case token.IsZero() && !hasApp:
		return sdk.InvalidField("/token", "is missing: give an API token, or the client_id and private_key of a service app")
	case !token.IsZero() && hasApp:
		return sdk.InvalidField("/token", "cannot be combined with a service app's client_id or private_key. Remove one of them")
	case hasApp && app.ClientID == "":
		return sdk.InvalidField("/client_id", "is missing: the private key must be that of a service app")
	case hasApp && app.PrivateKey.IsZero():
		return sdk.InvalidField("/private_key", "is missing: a service app authenticates with its private key")
	case hasApp:
		_, err := app.SigningKey()
		return err
	}
	if !bearerToken.MatchString(token.Reveal()) {
		return sdk.InvalidField("/token", "has an invalid character. Copy the token whole and without quotes; "+
			"references to variables and vaults are not resolved")
	}
	for _, stray := range []struct {
		pointer string
		given   bool
	}{
		{"/key_id", app.KeyID != ""},
		{"/algorithm", app.Algorithm != "" && app.Algorithm != auto},
		{"/scopes", len(app.Scopes) > 0},
		{"/dpop", app.DPoP != "" && app.DPoP != auto && app.DPoP != dpopOff},
	} {
		if stray.given {
			return sdk.InvalidField(stray.pointer, "is for service apps only; this connection has an API token")
		}
	}
	return nil
}
