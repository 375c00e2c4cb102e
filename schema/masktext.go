package schema

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// MaskText returns text with its secrets masked. Secrets are the values of parameters and members
// with secret names, HTTP credentials, signed tokens, private keys, and tokens of Okta. MaskText
// finds them in URLs, in incomplete JSON and in other texts, also if they are percent-encoded or
// escaped. The other bytes of the text do not change.
func MaskText(text string) string {
	if !mightHaveSecret(text) {
		return text
	}
	v := viewOf(text)
	spans := v.spans()
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var b strings.Builder
	at := 0 // position in the text
	for _, s := range spans {
		if from := v.from[s.from]; from >= at {
			b.WriteString(text[at:from])
			b.WriteString(Masked)
		}
		at = max(at, v.from[s.to])
	}
	b.WriteString(text[at:])
	return b.String()
}

// mightHaveSecret is a cheap test that rejects most texts, such as IDs, names and user agents.
func mightHaveSecret(text string) bool {
	return len(text) >= 4 && (strings.ContainsAny(text, "=:%\\") || mightHaveToken(text) || mightHaveLink(text) || mightHaveScheme(text))
}

// The following tests skip regular expressions that cannot match a text.

func mightHaveToken(text string) bool {
	return strings.Contains(text, "eyJ") || len(text) >= 42 && strings.Contains(text, "00") || strings.Contains(text, ".id.") ||
		strings.Contains(text, "-----BEGIN")
}

func mightHaveLink(text string) bool {
	return slices.ContainsFunc([]string{"/welcome/", "/reset", "/recovery/", "/activat", "/verify-email/"},
		func(part string) bool { return strings.Contains(text, part) })
}

func mightHaveUserInfo(text string) bool { return strings.Contains(text, "://") }

// mightHaveScheme searches for the second and third letter of a scheme, in either case.
func mightHaveScheme(text string) bool {
	for i := 1; i+2 < len(text); i++ {
		switch text[i-1] | 0x20 {
		case 's':
			if text[i]|0x20 == 's' && text[i+1]|0x20 == 'w' {
				return true
			}
		case 'b':
			if text[i]|0x20 == 'e' && text[i+1]|0x20 == 'a' || text[i]|0x20 == 'a' && text[i+1]|0x20 == 's' {
				return true
			}
		case 'd':
			if text[i]|0x20 == 'p' && text[i+1]|0x20 == 'o' {
				return true
			}
		}
	}
	return false
}

// A view is a decoded text. All levels of percent-encoding and JSON escapes are removed.
type view struct {
	text  []byte
	from  []int   // offset of each byte in the original text, and of its end
	level []uint8 // number of encodings of each byte
}

// A span is a part of a view.
type span struct{ from, to int }

// maxLevels limits how often a text is decoded.
const maxLevels = 8

func viewOf(text string) *view {
	v := &view{text: []byte(text), from: make([]int, len(text)+1), level: make([]uint8, len(text))}
	for i := range v.from {
		v.from[i] = i
	}
	for range maxLevels {
		if !v.decode() {
			break
		}
	}
	return v
}

// decode removes one level of encoding in place, and reports whether there was any.
func (v *view) decode() (changed bool) {
	if !slices.Contains(v.text, '%') && !slices.Contains(v.text, '\\') {
		return false
	}
	n := 0
	for i := 0; i < len(v.text); n++ {
		b, size := unescape(v.text[i:])
		level := v.level[i]
		if size > 1 {
			level = slices.Max(v.level[i:i+size]) + 1
			changed = true
		}
		v.text[n], v.from[n], v.level[n] = b, v.from[i], level
		i += size
	}
	v.from[n] = v.from[len(v.text)]
	v.text, v.from, v.level = v.text[:n], v.from[:n+1], v.level[:n]
	return changed
}

// unescape returns the first byte of text, decoded, and the size of its encoding.
func unescape(text []byte) (b byte, size int) {
	var decoded [1]byte
	switch {
	case text[0] == '%' && len(text) > 2:
		if _, err := hex.Decode(decoded[:], text[1:3]); err == nil {
			return decoded[0], 3
		}
	case text[0] != '\\' || len(text) < 2:
	case strings.IndexByte(`"'\/`, text[1]) >= 0:
		return text[1], 2
	case text[1] == 'n' || text[1] == 'r':
		return '\n', 2
	case len(text) > 5 && string(text[1:4]) == "u00":
		if _, err := hex.Decode(decoded[:], text[4:6]); err == nil && decoded[0] < 0x80 {
			return decoded[0], 6
		}
	}
	return text[0], 1
}

var (
	schemes = regexp.MustCompile(`(?i)\b(ssws|bearer|dpop|basic)[\s+:]+([\w.~+/=-]+)`)
	// Tokens that have a recognizable form: signed and encrypted tokens (RFC 7515, 7516),
	// tokens of Okta's API and authentication (00 and 40 letters), and the state of Okta's
	// sign-in (02.id.…).
	issued = regexp.MustCompile(`\beyJ[\w-]{8,}(?:\.[\w-]*)+|\b00[\w-]{40}(?:\b|$)|\b0\d\.id\.[\w~.-]{8,}|-----BEGIN[ +][A-Z +]*PRIVATE[ +]KEY-----[^"]*`)
	// Links with a credential as the last segment, and passwords before a host name.
	linked   = regexp.MustCompile(`/(?:welcome|reset[_-]?password|recovery|activate|activation|verify-email)/([\w-]{12,})`)
	userInfo = regexp.MustCompile(`://[^\s/?#:@"']*:([^\s/?#@"']+)@`)
)

// detectors find secrets by their form. The secret is a group of the form. The form is tried only
// if precheck accepts the text. A match counts only if accepts, unless nil, returns true for it.
var detectors = []struct {
	form     *regexp.Regexp
	group    int
	precheck func(text string) bool
	accepts  func(v *view, match []int) bool
}{
	{issued, 0, mightHaveToken, nil},
	{schemes, 2, mightHaveScheme, (*view).isCredential},
	{linked, 1, mightHaveLink, func(v *view, m []int) bool { return looksGenerated(v.text[m[2]:m[3]]) }},
	{userInfo, 1, mightHaveUserInfo, nil},
}

// spans returns the secrets. Spans may overlap.
func (v *view) spans() []span {
	var all []span
	text := string(v.text)
	for _, d := range detectors {
		if !d.precheck(text) {
			continue
		}
		for _, m := range d.form.FindAllStringSubmatchIndex(text, -1) {
			if d.accepts == nil || d.accepts(v, m) {
				all = append(all, span{m[2*d.group], m[2*d.group+1]})
			}
		}
	}
	for i := 0; i < len(v.text); i++ {
		if v.text[i] != '=' && v.text[i] != ':' {
			continue
		}
		if s, ok := v.value(i); ok {
			all = append(all, s)
			i = s.to - 1 // otherwise a text full of separators would take quadratic time
		}
	}
	return all
}

// prose lists the words that follow the name of a scheme in plain text.
var prose = map[string]bool{
	"auth": true, "authentication": true, "authorization": true, "token": true, "tokens": true, "challenge": true, "credential": true,
	"credentials": true, "scheme": true, "header": true, "headers": true, "format": true, "error": true, "proof": true, "realm": true,
	"access": true, "assertion": true, "token_type": true,
}

// isCredential reports whether a match of schemes is an HTTP scheme with a credential, and not
// with a plain word.
func (v *view) isCredential(m []int) bool {
	scheme, token := string(v.text[m[2]:m[3]]), string(v.text[m[4]:m[5]])
	plain := strings.ToLower(strings.TrimRight(token, ".:="))
	header := strings.ToLower(string(v.text[max(0, m[0]-20):m[0]]))
	if strings.EqualFold(scheme, "SSWS") || strings.Contains(header, "authorization") {
		return !prose[plain]
	}
	if strings.EqualFold(scheme, "Basic") {
		pair, err := base64.StdEncoding.DecodeString(token)
		return looksGenerated([]byte(token)) || err == nil && strings.Contains(string(pair), ":")
	}
	return len(plain) >= 6 && !prose[plain]
}

// maxPrefix limits the part of a value that is searched to identify the value.
const maxPrefix = 128

// Each list has the bytes that end a value, unless they are encoded deeper than the separator.
const (
	endsWord  = " \t\r\n\"'<>{}()[],;&|\\"
	endsParam = " \t\r\n\"'<>&#"
	endsLine  = "\r\n\"'"
)

// value returns the value that belongs to the separator at i, if the name before it is the name of
// a secret.
func (v *view) value(i int) (s span, secret bool) {
	name, quoted, before := v.nameBefore(i)
	if name == "" || i+1 < len(v.text) && v.text[i] == '=' && v.text[i+1] == '=' {
		return s, false
	}
	plain := normalizeName(name)
	colon := v.text[i] == ':'
	inURL := !colon && (before == '?' || before == '&' || before == 0)
	if !isSecretName(plain) && !(inURL && isSecretParameter(plain)) {
		return s, false
	}
	from := i + 1
	for (colon || isBlank(v.text[i-1]) || v.text[i-1] == '=') && from < len(v.text) && isBlank(v.text[from]) {
		from++
	}
	if from == len(v.text) {
		return s, false
	}
	first := v.text[from]
	isCookie := strings.HasSuffix(plain, "cookie")
	switch {
	case first == '"' || first == '\'':
		s = v.until(from+1, from, string(first), len(v.text))
	case quoted && colon && (first == '{' || first == '['):
		s = v.bracketed(from)
	case isCookie:
		// In prose, "cookie:" can precede any words.
		if s = v.until(from, i, endsLine, from+maxPrefix); !bytes.ContainsRune(v.text[s.from:s.to], '=') {
			return s, false
		}
		s = v.until(from, i, endsLine, len(v.text))
	case inURL:
		s = v.until(from, i, endsParam, len(v.text))
	case colon && !quoted:
		// In prose, "password:" can precede any word.
		s = v.until(from, i, endsWord, from+maxPrefix)
		value := v.text[s.from:s.to]
		if len(value) < 4 || plainWordNames[plain] && !looksGenerated(value) || schemeNames[strings.ToLower(string(value))] {
			return s, false
		}
		return v.until(from, i, endsWord, len(v.text)), true
	default:
		s = v.until(from, i, endsWord, len(v.text))
	}
	value := string(v.text[s.from:s.to])
	return s, value != "" && !isLiteral(value)
}

// until returns the span from from to the first byte of ends that is encoded no deeper than the
// separator at i, or to the limit.
func (v *view) until(from, i int, ends string, limit int) span {
	to := from
	for to < min(limit, len(v.text)) && (v.level[to] > v.level[i] || strings.IndexByte(ends, v.text[to]) < 0) {
		to++
	}
	return span{from, to}
}

// bracketed returns the span from a bracket to the matching closing bracket.
func (v *view) bracketed(from int) span {
	depth := 0
	for to := from; to < len(v.text); to++ {
		switch v.text[to] {
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return span{from, to + 1}
			}
		}
	}
	return span{from, len(v.text)}
}

// isLiteral reports whether value is one of the literals of JSON.
func isLiteral(value string) bool { return value == "null" || value == "true" || value == "false" }

// schemeNames are the words before the credential itself.
var schemeNames = map[string]bool{"ssws": true, "bearer": true, "dpop": true, "basic": true}

// plainWordNames are secret names that are also plain English words.
var plainWordNames = map[string]bool{
	"password": true, "passphrase": true, "passcode": true, "secret": true, "token": true, "assertion": true, "answer": true,
	"authorization": true, "cookie": true, "pin": true, "otp": true,
}

// maxNameLength limits the length of a name before its separator.
const maxNameLength = 64

// nameBefore returns the name before the separator at i, whether it is quoted, and the byte before
// the name, 0 at the start of the text.
func (v *view) nameBefore(i int) (name string, quoted bool, before byte) {
	end := i
	for end > 0 && (isBlank(v.text[end-1]) || strings.IndexByte("\"'\\]=", v.text[end-1]) >= 0) && i-end < 8 {
		end--
		quoted = quoted || v.text[end] == '"' || v.text[end] == '\''
	}
	from := end
	for from > 0 && end-from < maxNameLength && isNameByte(v.text[from-1]) {
		from--
	}
	if from > 0 {
		before = v.text[from-1]
	}
	return string(v.text[from:end]), quoted, before
}

// isBlank reports whether b is a space. Form encoding writes a space as +.
func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '+' }

func isNameByte(b byte) bool {
	return 'a' <= b && b <= 'z' || 'A' <= b && b <= 'Z' || '0' <= b && b <= '9' || b == '_' || b == '-'
}

// looksGenerated reports whether a word looks generated: it has a digit, or capitals after the first
// letter.
func looksGenerated(word []byte) bool {
	var digit, lower, upper int
	for i, b := range word {
		switch {
		case '0' <= b && b <= '9':
			digit++
		case 'a' <= b && b <= 'z':
			lower++
		case 'A' <= b && b <= 'Z' && i > 0:
			upper++
		}
	}
	return len(word) >= 6 && (digit > 0 || lower > 0 && upper > 1)
}
