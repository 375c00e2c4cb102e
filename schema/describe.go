package schema

import (
	"reflect"
	"strings"
	"sync"
	"unicode"
)

var (
	descriptionsMu sync.RWMutex
	descriptions   = map[string]string{} // by import path + "." + type + "." + field
)

// Describe registers the comments of a package's struct fields, by "Type.Field", as
// the descriptions of these fields in schemas. The command schema/describe writes
// the call; nobody else makes it.
func Describe(importPath string, comments map[string]string) {
	descriptionsMu.Lock()
	defer descriptionsMu.Unlock()
	for field, text := range comments {
		descriptions[importPath+"."+field] = text
	}
}

// description returns the registered comment of a field. All instances of a generic
// type share the comments of its declaration.
func description(t reflect.Type, field string) string {
	name, _, _ := strings.Cut(t.Name(), "[")
	descriptionsMu.RLock()
	defer descriptionsMu.RUnlock()
	return descriptions[t.PkgPath()+"."+name+"."+field]
}

// initialisms are the words that titles write in their own way.
var initialisms = map[string]string{
	"id": "ID", "ids": "IDs", "ip": "IP", "ips": "IPs", "url": "URL", "uri": "URI", "api": "API", "mfa": "MFA", "sms": "SMS",
	"okta": "Okta", "oauth": "OAuth", "dpop": "DPoP", "uuid": "UUID", "json": "JSON", "ecs": "ECS", "emm": "EMM", "idp": "IdP",
}

// title returns the title of a member that declares none: its name in words, of
// snake_case and of camelCase.
func title(member string) string {
	var spaced strings.Builder
	for i, r := range member {
		if i > 0 && unicode.IsUpper(r) {
			spaced.WriteByte('_')
		}
		spaced.WriteRune(unicode.ToLower(r))
	}
	words := strings.Split(spaced.String(), "_")
	for i, word := range words {
		if known, ok := initialisms[word]; ok {
			words[i] = known
		} else if i == 0 && word != "" {
			words[i] = strings.ToUpper(word[:1]) + word[1:]
		}
	}
	return strings.Join(words, " ")
}
