package ecs

import (
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// A prefilter says of each of a list of expressions which texts a header must have
// one of, in small letters, for the expression to match; nil if nothing is known.
//
// ua-parser tries some fifteen hundred expressions in turn, a few milliseconds for
// every header that was not seen before, and whoever tries to sign in chooses the
// header. Looking for a text is a hundred times cheaper than trying an expression.
type prefilter [][]string

func (f *prefilter) add(re *regexp.Regexp) {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		*f = append(*f, nil)
		return
	}
	*f = append(*f, needs(tree))
}

// rulesOut reports whether expression i cannot match the header that small is, in
// small letters.
func (f prefilter) rulesOut(i int, small string) bool {
	for _, text := range f[i] {
		if strings.Contains(small, text) {
			return false
		}
	}
	return f[i] != nil
}

// smallLetters is s with the letters A to Z small, and the others as they are.
func smallLetters(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// needs returns texts of which each match of re has one in it, nil for none.
func needs(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		if text := plainest(re); len(text) > 1 {
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

// plainest is the longest part of a literal that has one form in small letters:
// ASCII, and without k and s where any case will do, since U+212A and U+017F are
// those letters too.
func plainest(literal *syntax.Regexp) string {
	folded := literal.Flags&syntax.FoldCase != 0
	best := ""
	var part strings.Builder
	for _, r := range append(slices.Clone(literal.Rune), -1) {
		small := smallLetters(string(r))
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

func shortest(texts []string) (n int) {
	for i, t := range texts {
		if i == 0 || len(t) < n {
			n = len(t)
		}
	}
	return n
}
