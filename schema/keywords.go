package schema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/invopop/jsonschema"
)

// Options names the action that lists the possible values of a parameter (keyword x-options).
// Playbook builders show these values in a menu, and shells complete them.
//
// A tag has the keyword in one line: the name of the action, then its inputs.
// "x-options=list_network_zones usage=BLOCKLIST" sets a fixed input. "x-options=get_user_factors
// user=$user" takes the input from the parameter user of the same struct.
type Options struct {
	Action string            `json:"action"`
	Input  map[string]string `json:"input,omitempty"` // inputs of the action with fixed values
	From   map[string]string `json:"from,omitempty"`  // inputs of the action, with the names of the parameters that supply them
}

const optionsKeyword = "x-options"

var optionsWord = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// parseOptions parses the keyword as a tag has it.
func parseOptions(tag string) (*Options, error) {
	words := strings.Fields(tag)
	if len(words) == 0 || !optionsWord.MatchString(words[0]) {
		return nil, fmt.Errorf("%s %q does not begin with the name of an action", optionsKeyword, tag)
	}
	o := &Options{Action: words[0]}
	for _, word := range words[1:] {
		input, value, ok := strings.Cut(word, "=")
		if !ok || !optionsWord.MatchString(input) || value == "" {
			return nil, fmt.Errorf("%s: %q does not have the form input=value or input=$parameter", optionsKeyword, word)
		}
		into := &o.Input
		if param, ok := strings.CutPrefix(value, "$"); ok {
			into, value = &o.From, param
		}
		if *into == nil {
			*into = map[string]string{}
		}
		(*into)[input] = value
	}
	return o, nil
}

// expandOptions replaces the tag form of x-options, x-truncate and x-known in s and its members by the
// published form.
func expandOptions(s *jsonschema.Schema) {
	if s == nil {
		return
	}
	if tag, ok := s.Extras[optionsKeyword].(string); ok {
		// lint has rejected a keyword that cannot be parsed.
		s.Extras[optionsKeyword], _ = parseOptions(tag)
	}
	expandTruncation(s)
	if tag, ok := s.Extras[knownKeyword].(string); ok {
		s.Extras[knownKeyword] = strings.Split(tag, "|")
	}
	expandOptions(s.Items)
	expandOptions(s.AdditionalProperties)
	for p := s.Properties.Oldest(); p != nil; p = p.Next() {
		expandOptions(p.Value)
	}
}

// languageKeyword marks a text that is an expression of a language, or a path. A host that inserts
// an outside value into such a text writes the value as one literal, so that the value cannot
// change the structure.
const languageKeyword = "x-language"

// The languages of texts (keyword x-language).
const (
	SCIMFilter = "scim_filter" // a filter of RFC 7644; its literals are JSON strings, numbers and booleans
	URLPath    = "url_path"    // a literal is one segment, or a part of it
)

var languages = []string{SCIMFilter, URLPath}

// HasLanguage reports whether n or a schema inside it is marked with x-language.
func (n *Node) HasLanguage() bool {
	return n.contains(func(n *Node) bool { return n.Language != "" })
}

// contains reports whether the condition holds for n or for a schema inside it.
func (n *Node) contains(is func(*Node) bool) bool {
	return n != nil && (is(n) || n.Items.contains(is) || n.Additional != nil && n.Additional.Node.contains(is) ||
		slices.ContainsFunc(n.Properties, func(p Property) bool { return p.Node.contains(is) }))
}

// knownKeyword lists the known values of a text, separated by "|" in a tag. The service can add values,
// so they are not an enum.
const knownKeyword = "x-known"

// truncateKeyword marks an informational text, such as the reason of a change. Its value is the
// maximum number of characters. Attackers can write such texts, so a text never makes a call fail:
// see [Schema.Truncate].
const truncateKeyword = "x-truncate"

// Truncate returns doc with each informational text (keyword x-truncate) in a form that
// [Schema.Check] accepts. A text that is too long is cut and ends with its length: "… (1,001
// characters)". Invalid UTF-8 becomes U+FFFD, null becomes an empty text, and any other value
// becomes its JSON text. The other bytes of doc do not change. A document that is not JSON does
// not change at all.
func (s *Schema) Truncate(doc json.RawMessage) json.RawMessage {
	if !s.doc().truncates() {
		return doc
	}
	var out bytes.Buffer
	if err := truncate(&out, s.doc(), doc); err != nil {
		return doc // Check reports it
	}
	return out.Bytes()
}

// truncates reports whether n or a schema inside it has the keyword x-truncate.
func (n *Node) truncates() bool {
	return n.contains(func(n *Node) bool { return n.Truncate > 0 })
}

// truncate writes raw to out, with the text of each marked value in place of the value.
func truncate(out *bytes.Buffer, n *Node, raw []byte) error {
	if n != nil && n.Truncate > 0 {
		return writeText(out, raw, n.Truncate)
	}
	start := bytes.TrimLeft(raw, " \t\r\n")
	if !n.truncates() || len(start) == 0 || start[0] != '{' && start[0] != '[' {
		out.Write(raw)
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return err
	}
	done := int64(0)
	for dec.More() {
		inner := n.Items
		if start[0] == '{' {
			key, err := dec.Token()
			if err != nil {
				return err
			}
			name, _ := key.(string)
			inner = n.Member(name)
		}
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return err
		}
		end := dec.InputOffset()
		out.Write(raw[done : end-int64(len(value))])
		if err := truncate(out, inner, value); err != nil {
			return err
		}
		done = end
	}
	out.Write(raw[done:])
	return nil
}

// writeText writes a value as a text of at most that many characters.
func writeText(out *bytes.Buffer, raw []byte, most int) error {
	var text string
	switch {
	case string(raw) == "null":
	case raw[0] == '"':
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		if utf8.Valid(raw) && utf8.RuneCountInString(text) <= most {
			out.Write(raw)
			return nil
		}
	default:
		var compact bytes.Buffer
		if err := json.Compact(&compact, raw); err != nil {
			return err
		}
		text = string(bytes.ToValidUTF8(compact.Bytes(), []byte("\ufffd")))
	}
	var encoded bytes.Buffer
	enc := json.NewEncoder(&encoded)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(cutText(text, most)); err != nil {
		return err
	}
	out.Write(bytes.TrimSuffix(encoded.Bytes(), []byte("\n")))
	return nil
}

// cutText returns at most that many characters of text. A text that was cut ends with its length.
func cutText(text string, most int) string {
	length := utf8.RuneCountInString(text)
	if length <= most {
		return text
	}
	end := english.Sprintf("… (%d characters)", length)
	keep := max(0, most-utf8.RuneCountInString(end))
	for i := range text {
		if keep == 0 {
			return text[:i] + end
		}
		keep--
	}
	return text
}

// leastTruncation leaves space for the length at the end of a text that was cut.
const leastTruncation = 30

// truncation parses the value of the keyword in a tag. It returns 0 if the value is not a number
// of at least leastTruncation.
func truncation(tag string) int {
	most, err := strconv.Atoi(tag)
	if err != nil || most < leastTruncation {
		return 0
	}
	return most
}

// expandTruncation replaces the tag value of the keyword by a number.
func expandTruncation(s *jsonschema.Schema) {
	if tag, ok := s.Extras[truncateKeyword].(string); ok {
		s.Extras[truncateKeyword] = truncation(tag)
	}
}
