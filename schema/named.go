package schema

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strings"
)

// MaskNamed returns doc with what is secret by its name or its form masked, whatever
// schema it follows: the passwords, keys, tokens, answers and one-time codes that may
// stand in a document of which a schema says no more than that it is JSON. A member
// is judged by its own name and by those around it, so that the value of a password
// is masked and the value of an address is not. A document that is not JSON is masked
// whole.
func MaskNamed(doc json.RawMessage) json.RawMessage {
	hidden := json.RawMessage(`"` + Masked + `"`)
	if !json.Valid(doc) {
		return hidden
	}
	value, err := decode(doc)
	if err != nil {
		return hidden
	}
	return asItCame(doc, maskNamed(value, false, false))
}

// asItCame returns masked as JSON, and doc itself, with its members in their order,
// if nothing in it had to be masked.
func asItCame(doc json.RawMessage, masked any) json.RawMessage {
	raw, err := json.Marshal(masked)
	if err != nil {
		return json.RawMessage(`"` + Masked + `"`)
	}
	if !bytes.Contains(raw, []byte(Masked)) {
		return doc
	}
	return raw
}

// NamesSecret reports whether a member or parameter of that name holds a secret.
func NamesSecret(name string) bool { return secretName.MatchString(squeeze(name)) }

// squeeze makes client_secret, clientSecret and Client-Secret one name.
func squeeze(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "").Replace(strings.ToLower(name))
}

var (
	secretName = regexp.MustCompile(`(password|passphrase|passcode|secret|token|privatekey|apikey|assertion|answer|authorization|cookie|(password|activation|recovery|activate|reset)(url|link))$|^(otp|totp|tac|statehandle|interactionhandle)$`)
	// Inside of a member of such a name, value and salt are secret.
	secretHolder = regexp.MustCompile(`(password|secret|token|privatekey|apikey)$|^(hash|authscheme|headers)$`)
	// The members of a JSON Web Key that its public half does not have (RFC 7518, 6).
	privateHalf = regexp.MustCompile(`^(d|p|q|dp|dq|qi|oth|k)$`)
	// What is secret wherever it stands: signed tokens, logins in a header's value,
	// private keys, and tokens in the query of a link.
	secretText = regexp.MustCompile(`eyJ[\w-]{8,}\.[\w.-]+|\b(?:SSWS|Bearer|DPoP|Basic) [^\s"]{8,}|-----BEGIN [A-Z ]*PRIVATE KEY-----[^"]*|[?&][\w-]*(?i:token|secret|password|code)=[^&#\s"]+`)
)

// maskNamed masks a text or a number that is secret by its name, and those of a list of
// that name. held says that a member around it is one that holds secrets.
func maskNamed(value any, secret, held bool) any {
	switch value := value.(type) {
	case map[string]any:
		_, isKey := value["kty"].(string)
		for name, v := range value {
			plain := squeeze(name)
			if isKey && v != nil && privateHalf.MatchString(plain) {
				value[name] = Masked
				continue
			}
			named := secretName.MatchString(plain) || held && (plain == "value" || plain == "salt")
			value[name] = maskNamed(v, named, held || secretHolder.MatchString(plain))
		}
	case []any:
		for i, v := range value {
			value[i] = maskNamed(v, secret, held)
		}
	case string:
		if secret {
			return Masked
		}
		return MaskText(value)
	case json.Number:
		if secret {
			return Masked
		}
	}
	return value
}

// MaskText returns text with what is secret by its form masked.
func MaskText(text string) string { return secretText.ReplaceAllString(text, Masked) }
