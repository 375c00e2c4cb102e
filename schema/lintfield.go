package schema

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// keywords are those that invopop/jsonschema acts on, by the type of schema the
// field has. It drops any other without a word, which is why lint exists. An
// array passes what is not its own on to its items.
var keywords = map[string][]string{
	"string":  {"title", "minLength", "maxLength", "pattern", "format", "writeOnly", "default", "example", "enum"},
	"number":  {"title", "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "default", "example", "enum"},
	"boolean": {"title", "default"},
	"array":   {"title", "minItems", "maxItems", "uniqueItems", "default"},
	"object":  {"title"},
	"any":     {"title"},
}

// repeatable are the keywords of which a field may have several.
var repeatable = []string{"enum", "example"}

func lintField(t reflect.Type, f reflect.StructField, open bool) []string {
	var problems []string
	add := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	options := strings.Split(f.Tag.Get("json"), ",")
	optional := false
	if options[0] == "" {
		add("has no json name")
	}
	for _, option := range options[1:] {
		if option != "omitempty" && option != "omitzero" {
			add("json option %q would not be in the schema", option)
		}
		optional = true
	}
	tag, comment := f.Tag.Get("jsonschema_description"), description(t, f.Name)
	switch {
	case tag == "" && comment == "":
		add("has no description: give it a comment and run go generate, or a jsonschema_description tag")
	case tag != "" && comment != "":
		add("has a jsonschema_description and a comment that describes it: keep the comment")
	}
	of, items := shape(f.Type)
	seen := map[string]bool{}
	for _, tag := range splitTag(f.Tag.Get("jsonschema")) {
		keyword, value, ok := strings.Cut(tag, "=")
		if !ok {
			add("keyword %q has no value and would be dropped", tag)
			continue
		}
		if problem := lintKeyword(of, items, keyword, value); problem != "" {
			add("%s", problem)
		} else if seen[keyword] && !slices.Contains(repeatable, keyword) && (of != "array" || keyword != "default") {
			add("keyword %q is given twice", keyword)
		}
		if keyword == "default" && !optional {
			add("has a default, but must be given: it has no omitempty or omitzero")
		}
		seen[keyword] = true
	}
	problems = append(problems, lintExtras(f, open)...)
	if strings.Contains(f.Tag.Get("jsonschema_extras"), truncateKeyword) {
		problems = append(problems, lintInformational(of, seen)...)
	}
	return problems
}

// lintInformational refuses a rule beside x-truncate that could reject the text.
func lintInformational(of string, seen map[string]bool) []string {
	if of != "string" {
		return []string{truncateKeyword + " applies only to a text"}
	}
	var problems []string
	for _, keyword := range []string{"minLength", "maxLength", "pattern", "format", "enum", "writeOnly"} {
		if seen[keyword] {
			problems = append(problems, fmt.Sprintf("keyword %q must not stand beside %s: an informational text is never rejected", keyword, truncateKeyword))
		}
	}
	return problems
}

func lintExtras(f reflect.StructField, open bool) []string {
	var problems []string
	seen := map[string]bool{}
	for _, extra := range splitTag(f.Tag.Get("jsonschema_extras")) {
		keyword, value, _ := strings.Cut(extra, "=")
		switch {
		case seen[keyword]:
			problems = append(problems, "has more than one "+keyword)
		case keyword == "x-group" && (value == "advanced" || value == "basic"):
		case keyword == truncateKeyword && !open:
			if truncation(value) == 0 {
				problems = append(problems, fmt.Sprintf("%s %q is not a number of at least %d", truncateKeyword, value, leastTruncation))
			}
		case keyword == languageKeyword && !open:
			if !slices.Contains(languages, value) || typeOf(indirect(f.Type)) != "string" {
				problems = append(problems, fmt.Sprintf("%s %q is not one of %s on a text", languageKeyword, value, strings.Join(languages, ", ")))
			}
		case keyword == optionsKeyword && !open:
			if _, err := parseOptions(value); err != nil {
				problems = append(problems, err.Error())
			}
		default:
			problems = append(problems, fmt.Sprintf("unknown extra %q", extra))
		}
		seen[keyword] = true
	}
	return problems
}

// lintKeyword says why a keyword would be dropped, or would not be what was
// meant; "" if all is well.
func lintKeyword(of, items, keyword, value string) string {
	target := of
	if of == "array" && !slices.Contains(keywords["array"], keyword) && items != "array" && items != "object" {
		target = items
	}
	if !slices.Contains(keywords[target], keyword) || target != of && keyword == "default" {
		if of == "array" {
			of = "an array of " + items
		}
		return fmt.Sprintf("keyword %q does not apply to %s and would be dropped", keyword, of)
	}
	dropped := fmt.Sprintf("%s %q", keyword, value)
	if of != "string" && keyword != "title" && strings.Contains(value, "=") {
		return dropped + " has an equals sign and would be dropped"
	}
	switch keyword {
	case "minLength", "maxLength", "minItems", "maxItems":
		if _, err := strconv.ParseUint(value, 10, 64); err != nil {
			return dropped + " is not a whole number and would be dropped"
		}
	case "multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum":
		if !numeric(value) {
			return dropped + " is not a number and would be dropped"
		}
	case "writeOnly", "uniqueItems":
		if value != "true" {
			return dropped + " is not true and would not mean what it says"
		}
	case "default", "example", "enum":
		if target == "number" && !numeric(value) {
			return dropped + " is not a number and would be dropped"
		}
		if target == "boolean" && value != "true" && value != "false" {
			return dropped + " is not a boolean and would be dropped"
		}
	}
	return ""
}

func numeric(s string) bool {
	return json.Valid([]byte(s)) && bounded(json.Number(s))
}

// splitTag splits a tag's value at the commas that no backslash precedes, as
// invopop/jsonschema does.
func splitTag(s string) []string {
	if s == "" {
		return nil
	}
	var parts []string
	var part strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == ',':
			part.WriteByte(',')
			i++
		case s[i] == ',':
			parts = append(parts, part.String())
			part.Reset()
		default:
			part.WriteByte(s[i])
		}
	}
	return append(parts, part.String())
}
