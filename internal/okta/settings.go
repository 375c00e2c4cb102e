package okta

import (
	"net"
	"net/url"
	"strings"

	"soar.example/okta/internal/okta/auth"
	"soar.example/okta/internal/okta/guard"
	"soar.example/okta/internal/origin"
	"soar.example/okta/sdk"
)

// Settings are a connection to one Okta org.
type Settings struct {
	// Address of the Okta org, without -admin and without a path.
	OrgURL string `json:"org_url" jsonschema:"minLength=1,maxLength=300,example=https://acme.okta.com"`
	// API token (SSWS) of an admin with the permissions that your playbooks need. Create it in the Admin Console under
	// Security, API, Tokens. Omit it for a service app, which has client_id and private_key.
	Token sdk.Secret `json:"token,omitzero" jsonschema:"title=API token,minLength=1,maxLength=4096"`
	auth.ServiceApp
	// Maximum duration of one request. Okta itself cancels a log query after 30 s.
	Timeout sdk.Duration `json:"timeout,omitempty" jsonschema:"title=Request timeout,default=60s,example=30s" jsonschema_extras:"x-group=advanced"`
	// Percentage of each rate limit that is reserved for writes. Reads stop when only this share is left.
	RateReserve int `json:"rate_reserve,omitempty" jsonschema:"default=30,minimum=0,maximum=90,example=50" jsonschema_extras:"x-group=advanced"`
	guard.Rules
}

// Validate rejects an org address that could send a request and its credentials to another host. It accepts one
// complete set of credentials: an API token, or the client ID and private key of a service app.
func (s Settings) Validate() error {
	if _, err := s.origin(); err != nil {
		return err
	}
	return auth.Validate(s.Token, s.ServiceApp)
}

// origin returns the org's scheme, host and port in the canonical form.
func (s Settings) origin() (*url.URL, error) {
	bad := func(format string, args ...any) (*url.URL, error) {
		return nil, sdk.InvalidField("/org_url", format, args...)
	}
	u, err := url.Parse(s.OrgURL)
	if err != nil {
		return bad("is not an address such as https://acme.okta.com")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == "" || u.Opaque != "":
		return bad("must begin with https://, as in https://acme.okta.com")
	case u.User != nil:
		return bad("must not contain a user name or a password")
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return bad("must end after the host, as in https://acme.okta.com; paths are added by the connector")
	case strings.ContainsAny(u.Host, "{}"):
		return bad("is a placeholder; write your own org's address")
	}
	org, err := origin.Of(u)
	if err != nil || oktaDomain(org.Hostname()) != "" && org.Hostname() != ascii(u.Hostname()) {
		return bad("has a character or a port that is invalid for an Okta org")
	}
	switch host := org.Hostname(); {
	case org.Scheme == "http" && !isLoopback(host):
		return bad("must begin with https://: http would send the token unencrypted. Only a test org on this machine may use http")
	case isAdminConsole(host):
		return bad("is the Admin Console; the org itself is https://%s", strings.Replace(host, "-admin.", ".", 1))
	case host == "subdomain.okta.com":
		return bad("is a placeholder; write your own org's address")
	}
	return org, nil
}

// ascii returns an ASCII host in the form of [origin.Of].
func ascii(host string) string { return strings.TrimSuffix(strings.ToLower(host), ".") }

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func isAdminConsole(host string) bool {
	domain := oktaDomain(host)
	return domain != "" && strings.HasSuffix(host, "-admin"+domain)
}

// oktaDomain returns the Okta domain of the host, or "" for other hosts.
func oktaDomain(host string) string {
	for _, domain := range []string{".okta.com", ".oktapreview.com", ".okta-emea.com", ".okta-gov.com", ".okta.mil"} {
		if strings.HasSuffix(host, domain) {
			return domain
		}
	}
	return ""
}
