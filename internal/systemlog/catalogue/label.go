package catalogue

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Label makes a short label from the name of an event type or a family, known or
// not: what it is about, a colon, and what happened, as in "User session: start".
// It is made of the name's own words by rule, abbreviations written out or upright.
func Label(name string) string {
	segments := strings.Split(name, ".")
	var about, what []string
	for i, segment := range segments {
		words := wordsOf(segment)
		if i == 0 && len(segments) > 1 {
			if full, ok := subjects[segment]; ok {
				words = []string{full}
			}
		}
		// "lifecycle" says nothing that the verb after it does not, except that Okta
		// revokes certificates in two ways.
		if segment == "lifecycle" && i > 0 && i < len(segments)-1 && segments[0] != "pki" {
			continue
		}
		if i > 0 && i == len(segments)-1 {
			what = words
		} else {
			about = append(about, words...)
		}
	}
	label := upper(strings.Join(about, " "))
	if len(what) > 0 {
		label += ": " + strings.Join(what, " ")
	}
	return label
}

// subjects are first segments that need more words than their own to be understood.
var subjects = map[string]string{
	"mim":  "mobile management",
	"pam":  "privileged access",
	"iam":  "admin",
	"core": "platform",
	"zone": "network zone",
}

// spelt are the words of names that a reader wants written in another way.
var spelt = map[string]string{
	"ad": "AD", "admin": "admin", "ai": "AI", "a2a": "agent-to-agent", "api": "API", "apikey": "API key", "app": "app",
	"appgroup": "app group", "appuser": "app user", "as": "authorization server", "auth": "authentication",
	"authn": "authentication", "ca": "CA", "captcha": "CAPTCHA", "cert": "certificate", "config": "configuration",
	"creds": "credentials", "crl": "CRL", "csr": "CSR", "csv": "CSV", "dco": "DCO", "del": "delegated", "delauth": "delegated authentication",
	"devorg": "developer org", "dir": "directory", "dirsync": "directory synchronization", "dr": "disaster recovery",
	"dsso": "desktop SSO", "ea": "early access", "el": "expression", "enduser": "end user", "fed": "federation",
	"grouppush": "group push", "http": "HTTP", "id": "ID", "idp": "IdP", "ios": "iOS", "ip": "IP", "iwa": "IWA",
	"jag": "JAG", "jit": "just-in-time", "kerberos": "Kerberos", "ldap": "LDAP", "ldapi": "LDAP interface", "mcp": "MCP",
	"mfa": "MFA", "msgraph": "Microsoft Graph", "oauth": "OAuth", "oauth2": "OAuth 2.0", "office365": "Office 365", "okta": "Okta",
	"org": "org", "os": "operating system", "osx": "macOS", "ou": "organizational unit", "pin": "PIN", "pki": "PKI", "radius": "RADIUS",
	"realtimesync": "real-time synchronization", "resourceset": "resource set", "richclient": "rich client", "rum": "RUM", "saml": "SAML",
	"slo": "single logout", "sms": "SMS", "ssh": "SSH", "sso": "SSO", "sts": "STS", "sync": "synchronization",
	"systemmailbox": "system mailbox", "truststore": "trust store", "unauth": "unauthorized", "upsert": "create or update",
	"uri": "URI", "url": "URL", "android": "Android", "windows": "Windows", "x509": "X.509", "notnow": "not now",
	"delegatedflow": "delegated flow", "formaterror": "format error", "blacklist": "block list", "tobecreated": "to be created",
	"signin": "sign-in", "signon": "sign-on", "signout": "sign-out", "whitelisted": "allow-listed", "blacklisting": "block-listing",
	"autoupdate": "automatic update", "jwks": "JWKS", "clientplatform": "client platform", "powershell": "PowerShell",
}

// wordsOf splits a segment at underscores, hyphens and capital letters.
func wordsOf(segment string) []string {
	var words []string
	for _, part := range strings.FieldsFunc(segment, func(r rune) bool { return r == '_' || r == '-' }) {
		for _, word := range humps(part) {
			lower := strings.ToLower(word)
			if full, ok := spelt[lower]; ok {
				lower = full
			}
			words = append(words, lower)
		}
	}
	return words
}

// humps splits "createEnrollment" before a capital that follows a small letter.
func humps(s string) []string {
	var parts []string
	from, small := 0, false
	for i, r := range s {
		if small && unicode.IsUpper(r) {
			parts = append(parts, s[from:i])
			from = i
		}
		small = unicode.IsLower(r)
	}
	return append(parts, s[from:])
}

func upper(s string) string {
	if s == "" {
		return ""
	}
	r, n := utf8.DecodeRuneInString(s)
	// A word with a capital inside, such as iOS, keeps its own spelling.
	if first, _, _ := strings.Cut(s, " "); first != strings.ToLower(first) {
		return s
	}
	return string(unicode.ToUpper(r)) + s[n:]
}
