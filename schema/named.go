package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
)

// MaskNamed returns doc with values masked that are secret by their name or form. It needs no
// schema. It masks passwords, keys, tokens, recovery secrets and one-time codes, also
// in JSON within a text, in URLs and in headers (see [MaskText]). A member is secret by its own
// name or by the names around it, so that the value of a password is masked and the value of an
// address is not. A document that is not JSON is masked as a whole.
func MaskNamed(doc json.RawMessage) json.RawMessage {
	return masked(doc, func(value any) (any, bool) {
		n := namedMasker{}
		value = n.mask(value, false, false)
		return value, n.changed
	})
}

// masked returns doc as mask changes it, or the same bytes if mask reports no change. A document
// that is not JSON is masked as a whole.
func masked(doc json.RawMessage, mask func(value any) (any, bool)) json.RawMessage {
	if json.Valid(doc) {
		if value, err := decode(doc); err == nil {
			value, changed := mask(value)
			if !changed {
				return doc
			}
			if raw, err := encode(value); err == nil {
				return raw
			}
		}
	}
	return json.RawMessage(`"` + Masked + `"`)
}

// MaskAll returns doc with every value masked that the schema, its name or its form marks as
// secret. The result can be logged, shown and stored.
func (s *Schema) MaskAll(doc json.RawMessage) json.RawMessage { return MaskNamed(s.Mask(doc)) }

// Hidden returns the texts and numbers of doc that are masked in masked, the masked copy of doc.
func Hidden(doc, masked json.RawMessage) []string {
	before, err := decode(doc)
	after, err2 := decode(masked)
	if bytes.Equal(doc, masked) || err != nil || err2 != nil {
		return nil
	}
	return hidden(before, after, false)
}

func hidden(before, after any, all bool) (secrets []string) {
	all = all || after == any(Masked)
	switch before := before.(type) {
	case map[string]any:
		members, _ := after.(map[string]any)
		for name, v := range before {
			secrets = append(secrets, hidden(v, members[name], all)...)
		}
	case []any:
		elements, ok := after.([]any)
		for i, v := range before {
			var element any
			if ok && len(elements) == len(before) {
				element = elements[i]
			}
			secrets = append(secrets, hidden(v, element, all)...)
		}
	case string, json.Number:
		if all {
			secrets = append(secrets, fmt.Sprint(before))
		}
	}
	return secrets
}

// encode does not escape the & of a URL.
func encode(value any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// NamesSecret reports whether a member or parameter with that name is secret.
func NamesSecret(name string) bool { return isSecretName(normalizeName(name)) }

// normalizeName returns the same name for client_secret, clientSecret and Client-Secret.
func normalizeName(name string) string {
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '_' || c == '-' || c == ' ' || c == '.':
		case 'A' <= c && c <= 'Z':
			b = append(b, c|0x20)
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// secretEnds are the endings of the names of secrets.
var secretEnds = []string{
	"password", "passwd", "passphrase", "passcode", "secret", "token", "jwt", "assertion", "answer", "authorization", "cookie",
	"privatekey", "apikey", "secretkey", "accesskey", "signingkey", "sharedkey", "encryptionkey",
	"passwordurl", "activationurl", "recoveryurl", "activateurl", "reseturl",
	"passwordlink", "activationlink", "recoverylink", "activatelink", "resetlink",
	"verificationcode", "activationcode", "recoverycode", "backupcode", "authorizationcode", "authcode", "usercode", "devicecode", "oobcode",
	"bindingcode", "smscode", "resetcode", "onetimecode", "codeverifier",
}

// secretNames are secret only as whole names.
var secretNames = map[string]bool{
	"otp": true, "totp": true, "tac": true, "pin": true, "pwd": true, "statehandle": true, "interactionhandle": true, "samlresponse": true,
}

func isSecretName(plain string) bool {
	if secretNames[plain] {
		return true
	}
	plain = strings.TrimSuffix(plain, "value")
	if strings.HasSuffix(plain, "codes") {
		plain = plain[:len(plain)-1]
	}
	for _, end := range secretEnds {
		if strings.HasSuffix(plain, end) {
			return true
		}
	}
	return false
}

// isSecretParameter reports whether a query parameter is secret although a member of the same name
// may not be.
func isSecretParameter(plain string) bool {
	return plain == "code" || plain == "oktakey" || plain == "ticket"
}

var (
	// The members value and salt of a member with such a name are secret.
	secretHolder = regexp.MustCompile(`(password|secret|token|privatekey|apikey)$|^(hash|authscheme|headers)$`)
	// These members of a JSON Web Key are not in its public half (RFC 7518, section 6).
	privateHalf = regexp.MustCompile(`^(d|p|q|dp|dq|qi|oth|k)$`)
)

// A namedMasker masks a decoded document in place.
type namedMasker struct {
	changed bool
	texts   int // number of texts around the value
}

// maxTexts limits the nesting of JSON within texts. Deeper JSON is masked as plain text.
const maxTexts = 8

// mask masks a value that is secret by its name. For a list, it masks the texts and numbers in it.
// held reports whether a member around the value holds secrets.
func (n *namedMasker) mask(value any, secret, held bool) any {
	switch value := value.(type) {
	case map[string]any:
		_, isKey := value["kty"].(string)
		for name, v := range value {
			plain := normalizeName(name)
			if isKey && v != nil && privateHalf.MatchString(plain) {
				value[name] = n.masked(v)
				continue
			}
			named := isSecretName(plain) || held && (plain == "value" || plain == "salt")
			value[name] = n.mask(v, named, held || secretHolder.MatchString(plain))
		}
	case []any:
		for i, v := range value {
			value[i] = n.mask(v, secret, held)
		}
	case string:
		if secret && value != "" {
			return n.masked(value)
		}
		return n.maskText(value, held)
	case json.Number:
		if secret {
			return n.masked(value)
		}
	}
	return value
}

func (n *namedMasker) masked(value any) any {
	n.changed = n.changed || value != any(Masked)
	return Masked
}

// maskText masks a text. It treats the text as JSON if it is an object, a list or a quoted text.
func (n *namedMasker) maskText(text string, held bool) any {
	if trimmed := strings.TrimSpace(text); n.texts < maxTexts && len(trimmed) > 1 && (trimmed[0] == '{' || trimmed[0] == '[' || trimmed[0] == '"') &&
		json.Valid([]byte(trimmed)) {
		if inner, err := decode(json.RawMessage(trimmed)); err == nil {
			within := namedMasker{texts: n.texts + 1}
			inner = within.mask(inner, false, held)
			if !within.changed {
				return text
			}
			if raw, err := encode(inner); err == nil {
				n.changed = true
				return string(raw)
			}
		}
	}
	masked := MaskText(text)
	n.changed = n.changed || masked != text
	return masked
}
