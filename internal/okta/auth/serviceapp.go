package auth

import (
	"regexp"

	"soar.example/okta/sdk"
)

// ServiceApp are the credentials of an OAuth 2.0 service app. The app signs assertions
// with its private key and exchanges them for access tokens that last an hour
// (https://developer.okta.com/docs/guides/implement-oauth-for-okta-serviceapp/main/).
type ServiceApp struct {
	// Client ID of an API Services app integration, to be used in place of an API token, together with its private
	// key.
	ClientID string `json:"client_id,omitempty" jsonschema:"minLength=1,maxLength=100,pattern=^[!-~]+$,example=0oa1hqjd2cSPm0rTa697"`
	// The service app's private key, as PEM (PKCS #1, PKCS #8 or SEC 1, without a passphrase) or as a JWK.
	PrivateKey sdk.Secret `json:"private_key,omitzero" jsonschema:"minLength=1,maxLength=20000"`
	// Id (kid) under which Okta keeps the public key. A JWK says it itself; an app with several keys needs it.
	KeyID string `json:"key_id,omitempty" jsonschema:"minLength=1,maxLength=200,example=kLzX0TnfVdG3m9QeB1aR" jsonschema_extras:"x-group=advanced"`
	// How the login is signed. By default what the key is made for.
	Algorithm string `json:"algorithm,omitempty" jsonschema:"title=Signature algorithm,enum=auto,enum=RS256,enum=RS384,enum=RS512,enum=ES256,enum=ES384,enum=ES512,default=auto" jsonschema_extras:"x-group=advanced"`
	// OAuth scopes to ask for. By default those that the actions and triggers of this connection need.
	Scopes []string `json:"scopes,omitempty" jsonschema:"uniqueItems=true,minLength=1,maxLength=100,pattern=^[!-~]+$,example=okta.users.read" jsonschema_extras:"x-group=advanced"`
	// Whether access tokens are bound to a key of this process. auto: if the app demands it, as new ones do.
	// required: never use a token that is not bound. off: never.
	DPoP string `json:"dpop,omitempty" jsonschema:"title=Proof of possession (DPoP),enum=auto,enum=required,enum=off,default=auto" jsonschema_extras:"x-group=advanced"`
}

const (
	auto         = "auto"
	dpopRequired = "required"
	dpopOff      = "off"
)

// bearerToken is the form of tokens (RFC 6750, section 2.1). Okta's are of this form.
var bearerToken = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// Validate accepts either an API token, or the client ID and private key of a service
// app.
func Validate(token sdk.Secret, app ServiceApp) error {
	hasApp := app.ClientID != "" || !app.PrivateKey.IsZero()
	switch {
	case token.IsZero() && !hasApp:
		return sdk.InvalidField("/token", "is missing: give an API token, or the client_id and private_key of a service app")
	case !token.IsZero() && hasApp:
		return sdk.InvalidField("/token", "cannot be given along with a service app's client_id or private_key: which login is meant?")
	case hasApp && app.ClientID == "":
		return sdk.InvalidField("/client_id", "is missing: the private key must be that of a service app")
	case hasApp && app.PrivateKey.IsZero():
		return sdk.InvalidField("/private_key", "is missing: a service app logs in with its private key")
	case hasApp:
		_, err := app.SigningKey()
		return err
	}
	if !bearerToken.MatchString(token.Reveal()) {
		return sdk.InvalidField("/token", "has a character that no token has. Copy the token whole and without quotes; "+
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
			return sdk.InvalidField(stray.pointer, "belongs to a service app's login; this connection has an API token")
		}
	}
	return nil
}
