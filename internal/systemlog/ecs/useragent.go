package ecs

import (
	"cmp"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"github.com/ua-parser/uap-go/uaparser"
	"gopkg.in/yaml.v3"
)

const (
	// maxAgentLength limits the number of bytes of a User-Agent header that are parsed. Each
	// expression of ua-parser can read all of them, and the client chooses the length of the
	// header.
	maxAgentLength = 1024
	// cachedAgents is the minimum number of parsed headers in the cache. Parsing a header takes
	// longer than converting the rest of the event.
	cachedAgents = 2048
)

// agents parses User-Agent headers with ua-parser's rules and caches the results in two
// generations. When the young generation is full, the old one is discarded. It is safe for
// concurrent use.
type agents struct {
	programs, oses, devices prefilter

	rulesMu sync.Mutex // guards rules, since their expressions are compiled at first use
	rules   uaparser.RegexDefinitions

	mu         sync.RWMutex
	young, old map[string]string // members of user_agent as JSON, by header
}

// browsers returns the rules, which the process loads once. An expression is compiled when the
// prefilter first accepts it. All expressions together would take 80 ms and 12 MB, which the
// garbage collector would scan repeatedly.
var browsers = sync.OnceValues(func() (*agents, error) {
	a := &agents{young: map[string]string{}}
	if err := yaml.Unmarshal(uaparser.DefinitionYaml, &a.rules); err != nil {
		return nil, fmt.Errorf("read the rules of ua-parser: %w", err)
	}
	for _, rule := range a.rules.UA {
		rule.Expr = withFlags(rule.Flags, rule.Expr)
		rule.FamilyReplacement = cmp.Or(rule.FamilyReplacement, "$1")
		rule.V1Replacement, rule.V2Replacement = cmp.Or(rule.V1Replacement, "$2"), cmp.Or(rule.V2Replacement, "$3")
		rule.V3Replacement = cmp.Or(rule.V3Replacement, "$4")
		a.programs.add(rule.Expr)
	}
	for _, rule := range a.rules.OS {
		rule.Expr = withFlags(rule.Flags, rule.Expr)
		rule.OSReplacement = cmp.Or(rule.OSReplacement, "$1")
		rule.V1Replacement, rule.V2Replacement = cmp.Or(rule.V1Replacement, "$2"), cmp.Or(rule.V2Replacement, "$3")
		rule.V3Replacement, rule.V4Replacement = cmp.Or(rule.V3Replacement, "$4"), cmp.Or(rule.V4Replacement, "$5")
		a.oses.add(rule.Expr)
	}
	for _, rule := range a.rules.Device {
		rule.Expr = withFlags(rule.Flags, rule.Expr)
		rule.DeviceReplacement, rule.ModelReplacement = cmp.Or(rule.DeviceReplacement, "$1"), cmp.Or(rule.ModelReplacement, "$1")
		a.devices.add(rule.Expr)
	}
	return a, nil
})

func withFlags(flags, expr string) string {
	if flags == "" {
		return expr
	}
	return "(?" + flags + ")" + expr
}

// ready compiles an expression at its first use, and reports whether it is valid. The tests
// compile every expression.
func ready(re **regexp.Regexp, expr string) bool {
	if *re == nil {
		*re, _ = regexp.Compile(expr)
	}
	return *re != nil
}

// parse returns the members of user_agent as JSON, without original. It returns "" if there is no
// header: Okta then sends nothing, or a word such as "UNKNOWN-DOWNLOAD".
func (a *agents) parse(header string) string {
	if header == "" {
		return ""
	}
	if len(header) > maxAgentLength {
		header = strings.ToValidUTF8(header[:maxAgentLength], "")
	}
	a.mu.RLock()
	found, ok := a.young[header]
	if ok {
		a.mu.RUnlock()
		return found
	}
	found, ok = a.old[header]
	a.mu.RUnlock()
	if !ok && !saysUnknown(header) {
		found = a.match(header).json()
	}
	a.keep(strings.Clone(header), found)
	return found
}

func (a *agents) keep(header, found string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.young) >= cachedAgents {
		a.old, a.young = a.young, make(map[string]string, cachedAgents)
	}
	a.young[header] = found
}

// match tries ua-parser's rules in the order of ua-parser, except for those that cannot match.
func (a *agents) match(header string) UserAgent {
	small := lowerASCII(header)
	a.rulesMu.Lock()
	defer a.rulesMu.Unlock()
	var program uaparser.UserAgent
	a.programs.each(small, func(i int) bool {
		if r := a.rules.UA[i]; ready(&r.Reg, r.Expr) {
			r.Match(header, &program)
		}
		return program.Family != ""
	})
	var os uaparser.Os
	a.oses.each(small, func(i int) bool {
		if r := a.rules.OS[i]; ready(&r.Reg, r.Expr) {
			r.Match(header, &os)
		}
		return os.Family != ""
	})
	var device uaparser.Device
	a.devices.each(small, func(i int) bool {
		if r := a.rules.Device[i]; ready(&r.Reg, r.Expr) {
			r.Match(header, &device)
		}
		return device.Family != ""
	})
	return UserAgent{
		Name:    cmp.Or(program.Family, noName),
		Version: dotted(program.Major, program.Minor, program.Patch),
		Device:  Device{Name: cmp.Or(device.Family, noName)},
		OS:      OS{Name: cmp.Or(os.Family, noName), Version: dotted(os.Major, os.Minor, os.Patch, os.PatchMinor)},
	}
}

// json returns the members except original.
func (u UserAgent) json() string {
	w := writer{[]byte{'{'}}
	w.text(`"name":`, u.Name)
	w.text(`"version":`, u.Version)
	at := w.open(`"device":`)
	w.text(`"name":`, u.Device.Name)
	w.close(at)
	at = w.open(`"os":`)
	w.text(`"name":`, u.OS.Name)
	w.text(`"version":`, u.OS.Version)
	w.close(at)
	return string(w.b[1:])
}

// noName is ua-parser's name for an unknown value.
const noName = "Other"

// dotted joins the parts of a version, up to the first missing part.
func dotted(parts ...string) string {
	for i, part := range parts {
		if part == "" {
			parts = parts[:i]
			break
		}
	}
	return strings.Join(parts, ".")
}

// A prefilter has a list of texts for each expression. The expression can match a header only if
// the lower-case header contains one of the texts. A nil list means that it can always match.
//
// ua-parser tries some fifteen hundred expressions in turn. That takes a few milliseconds for each
// new header, and anyone who tries to sign in chooses the header. Searching for a text is a
// hundred times cheaper than an expression.
type prefilter [][]string

func (f *prefilter) add(expr string) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		*f = append(*f, nil)
		return
	}
	*f = append(*f, needs(tree))
}

// each calls try with the index of each expression that can match a header, until try returns
// true. small is the header in lower case.
func (f prefilter) each(small string, try func(i int) bool) {
	for i, texts := range f {
		contained := func(text string) bool { return strings.Contains(small, text) }
		if (texts == nil || slices.ContainsFunc(texts, contained)) && try(i) {
			return
		}
	}
}

// lowerASCII returns s with the letters A to Z in lower case, and other letters unchanged.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// needs returns texts such that each match of re contains at least one of them. It returns nil if
// there are no such texts.
func needs(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if text := longestPlain(re); len(text) > 1 {
			return []string{text}
		}
	case syntax.OpCapture, syntax.OpPlus:
		return needs(re.Sub[0])
	case syntax.OpRepeat:
		if re.Min > 0 {
			return needs(re.Sub[0])
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if texts := needs(sub); shortest(texts) > shortest(best) {
				best = texts
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			texts := needs(sub)
			if texts == nil {
				return nil
			}
			all = append(all, texts...)
		}
		return all
	}
	return nil
}

// longestPlain returns the longest part of a literal with a single lower-case form, which must be
// ASCII. If case is ignored, the part has no k or s, because U+212A and U+017F are further forms
// of these letters.
func longestPlain(literal *syntax.Regexp) string {
	folded := literal.Flags&syntax.FoldCase != 0
	best := ""
	var part strings.Builder
	for _, r := range append(slices.Clone(literal.Rune), -1) {
		small := lowerASCII(string(r))
		if r >= 0 && r < 0x80 && !(folded && (small == "k" || small == "s")) {
			part.WriteString(small)
			continue
		}
		if part.Len() > len(best) {
			best = part.String()
		}
		part.Reset()
	}
	return best
}

func shortest(texts []string) int {
	if len(texts) == 0 {
		return 0
	}
	return len(slices.MinFunc(texts, func(a, b string) int { return len(a) - len(b) }))
}
