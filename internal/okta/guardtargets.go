package okta

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// A write is a request that may change something.
type write struct {
	method string
	path   string // escaped
	body   []byte
}

// targets are whom a write is to, as far as the request itself tells: whatever made
// it, it cannot reach Okta by another.
type targets struct {
	users    []string // ids, logins or "me", as Okta will read them
	groups   []string // ids
	devices  []string // ids
	sessions []string // ids
	apps     []string // ids
	names    []string // texts in the body that may be the login or address of a user
	// unclear says why it cannot be told whom else the write is to; empty if it can.
	unclear string
}

// targetsOf reads a request as a server might that minds neither the case of a path
// nor slashes that are doubled. What could be read in yet another way is unclear.
func targetsOf(w write) targets {
	var t targets
	segments, ok := segmentsOf(w.path)
	if !ok {
		t.unclear = "the path can be read in more than one way"
	}
	for _, s := range segments {
		t.mention(s)
	}
	if !t.readBody(w.body) {
		t.unclear = "the body cannot be read"
	}
	at := func(i int) string {
		if i < len(segments) {
			return segments[i]
		}
		return ""
	}
	word := func(i int) string { return strings.ToLower(at(i)) }
	switch word(0) + "/" + word(1) {
	case "api/v1":
		if area, known := areas[word(2)]; known {
			area(&t, w, segments[3:])
		} else {
			t.unclear = "no rule knows /api/v1/" + word(2)
		}
	case "oauth2/v1":
		t.oauth(w, word(2), segments)
	default:
		t.unclear = "no rule knows this part of the org"
	}
	return t
}

// segmentsOf takes a path apart. It is not ok if a segment is escaped twice, or holds
// what one server takes for the end of it and another does not.
func segmentsOf(path string) (segments []string, ok bool) {
	ok = true
	for s := range strings.SplitSeq(path, "/") {
		if s == "" {
			continue
		}
		plain, err := url.PathUnescape(s)
		if err != nil {
			plain, ok = s, false
		}
		if strings.ContainsAny(plain, "%/\\;?#\x00") || strings.Trim(plain, ". \t") == "" {
			ok = false
		}
		segments = append(segments, plain)
	}
	return segments, ok
}

// mention adds what in a text has the form of an id of Okta's.
func (t *targets) mention(text string) {
	isBreak := func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}
	for token := range strings.FieldsFuncSeq(text, isBreak) {
		switch {
		case userID.MatchString(token):
			t.users = add(t.users, token)
		case groupID.MatchString(token):
			t.groups = add(t.groups, token)
		}
	}
}

// readBody adds the ids that stand anywhere in a body, but in a profile: an attribute
// that names a manager is no write to the manager. A member that is there twice
// counts twice.
func (t *targets) readBody(body []byte) bool {
	if len(bytes.TrimSpace(body)) == 0 {
		return true
	}
	return eachString(body, func(member []string, text string) {
		if slices.Contains(member, "profile") {
			return
		}
		t.mention(text)
		if len(text) <= 500 {
			t.names = add(t.names, text)
		}
	})
}

// eachString hands out every string of a JSON document with the names of the members
// that it stands in, outermost first, in small letters. It reports whether the
// document is JSON.
func eachString(doc []byte, each func(members []string, text string)) bool {
	if !json.Valid(doc) {
		return false
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var walk func(members []string)
	walk = func(members []string) {
		token, err := d.Token()
		if err != nil {
			return
		}
		switch token := token.(type) {
		case json.Delim:
			for d.More() {
				inner := members
				if token == '{' {
					name, _ := d.Token()
					text, _ := name.(string)
					inner = append(slices.Clip(members), strings.ToLower(text))
				}
				walk(inner)
			}
			_, _ = d.Token() // the end of it
		case string:
			each(members, token)
		}
	}
	walk(nil)
	return true
}

func add(all []string, one string) []string {
	if one == "" || slices.Contains(all, one) {
		return all
	}
	return append(all, one)
}
