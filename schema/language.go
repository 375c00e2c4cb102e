package schema

import "slices"

// languageKeyword marks a text that is an expression of a language, or a path. A host
// that puts a value from elsewhere into such a text writes the value as one literal
// of the language, so that it cannot change the structure.
const languageKeyword = "x-language"

// The languages of texts (keyword x-language).
const (
	SCIMFilter = "scim_filter" // a filter of RFC 7644, whose literals are JSON strings, numbers and booleans
	URLPath    = "url_path"    // a literal is one segment, or a part of it
)

var languages = []string{SCIMFilter, URLPath}

// HasLanguage reports whether n or a schema inside it is marked with x-language.
func (n *Node) HasLanguage() bool {
	return n != nil && (n.Language != "" || n.Items.HasLanguage() || n.Additional != nil && n.Additional.Node.HasLanguage() ||
		slices.ContainsFunc(n.Properties, func(p Property) bool { return p.Node.HasLanguage() }))
}
