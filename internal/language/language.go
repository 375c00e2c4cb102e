// Package language checks that text is plain English: sentence length, forbidden phrases and standard terms. Tests
// use it for documentation, help, schemas, errors, comments and test names.
package language

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	mostWords = 35 // maximum for every sentence
	longWords = 30 // at most 2 % of the sentences may be longer
)

// rules are the forbidden phrases, with advice for each.
var rules = []struct {
	phrase *regexp.Regexp
	advice string
}{
	{word(`whom|whosoever|whoever|whatever|thereupon|thereby|hereby|lest|anew|besides|be it|save for|upon|amongst|whilst|hence|thus`), "use modern English"},
	{word(`hitherto|thereof|therein|wherein|whereupon|albeit|forthwith|heed|rubbish`), "use modern English"},
	{regexp.MustCompile(`^(What|Whoever|Whatever|That of|Of|That which|Those that|Those who)\b[^?]*$`), "begin with a noun"},
	{word(`of which|that which|what came of|what is asked for|is asked for|as asked|what it is|what there is`), "name the noun"},
	{word(`what stands|stands open|stood there|read back`), "say what the state is, or write verified"},
	{word(`takes? back|taken back|took back`), "write undo or revert"},
	{word(`by hand`), "write manually, or by a person"},
	{word(`rehears\w*|verdict|lookout|judged?|judges|told|thief|meddl\w*|struck`), "use no metaphor"},
	{word(`rooms?|floors?|org's doors?|doors? of`), "write client, entry point, package or layer"},
	{word(`stands? (still|as|beside|between|below|above|there|under|at|on|behind|before)|lies? (in|before|beyond|ahead|between|behind|below)`), "write is"},
	{word(`stands? for|may stand|stands in`), "write replaces, represents or is in"},
	{word(`is refused with|are refused with|refused`), "write rejected, and name the rule"},
	{word(`(the|a|its) login's|logins? (that|lacks)`), "write credentials (what is configured) or principal (who it is)"},
	{word(`the place from which|its place|the place after|a place in the log`), "write checkpoint or cursor"},
	{word(`fate|memo|lookouts?|floods?|bars|gates|halts?|books|prover|in doubt`), "use the standard term"},
	{word(`answers?|answered`), "write response (of a service), or output (of an action)"},
	{word(`cannot be told|is had|made of it|lets? pass|mends?|is there twice|be content|makes no sense of|at all events|stands? open`), "say it plainly"},
	{word(`otherwise stands|to many at once|goes on|went on|trustworthy hand|broke down`), "say it plainly"},
	{word(`make-believe|half-way|had by|at most so many|so many|it is so|all the same`), "say it plainly"},
}

func word(alternatives string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)\b(` + alternatives + `)\b`)
}

var (
	code     = regexp.MustCompile("`[^`]*`|<[^>]*>|connection was refused|https?://\\S+|connection refused") // also an error of the operating system
	link     = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
	sentence = regexp.MustCompile(`[.!:](\s+|$)|\s*[|]\s*|\n\s*[-*#]\s*|\n\n+`)
)

// A Checker collects the problems of many texts.
type Checker struct {
	Problems        []string
	sentences, long int
}

// Markdown checks a page without its code blocks.
func (c *Checker) Markdown(name, page string) {
	var prose strings.Builder
	inCode := false
	for line := range strings.Lines(page) {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inCode = !inCode
			prose.WriteString("\n\n")
		} else if !inCode {
			prose.WriteString(line)
		}
	}
	c.Text(name, prose.String())
}

// Text checks a text.
func (c *Checker) Text(name, text string) {
	text = code.ReplaceAllString(link.ReplaceAllString(text, "$1"), "X")
	text = strings.ReplaceAll(text, "?", "?.") // keeps the question mark at the end of a question
	for _, s := range sentence.Split(text, -1) {
		s = strings.Join(strings.Fields(s), " ")
		words := len(strings.Fields(s))
		if words == 0 {
			continue
		}
		c.sentences++
		if words > longWords {
			c.long++
		}
		if words > mostWords {
			c.add(name, s, fmt.Sprintf("%d words, at most %d", words, mostWords))
		}
		for _, r := range rules {
			if found := r.phrase.FindString(s); found != "" {
				c.add(name, s, fmt.Sprintf("%q: %s", found, r.advice))
			}
		}
	}
}

func (c *Checker) add(name, s, problem string) {
	c.Problems = append(c.Problems, fmt.Sprintf("%s: %s\n\t%s", name, problem, s))
}

// Finish adds a problem if too many sentences are long, and returns all problems.
func (c *Checker) Finish() []string {
	if c.long*50 > c.sentences {
		c.Problems = append(c.Problems, fmt.Sprintf("%d of %d sentences have more than %d words, at most 2 %% may", c.long, c.sentences, longWords))
	}
	return c.Problems
}
